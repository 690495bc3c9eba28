"""Making the store, once, and recognising it ever after."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, inspect, select, update
from sqlalchemy.exc import SQLAlchemyError

from flask_twofactor.core.errors import StoreError

from . import remedies, schema
from .engine import DEFAULT_REACH, Reach, make_engine, reader
from .keys import new_key, parse_keys, read_key_file, write_key_file
from .patience import Patience, of
from .sealing import KeyRing
from .servers import making_alone

NO_KEYS = "the store has no keys. Set TWOFACTOR_KEYS to those it was made with."
DEFAULT_FILE = "twofactor.sqlite"
Signature = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the store is: how to reach it, its keys or their file, and who may make it."""

    connect: Callable[[], Engine]
    keys: dict[str, bytes] | None = field(default=None, repr=False)
    database_file: Path | None = None
    key_file: Path | None = None
    expected_id: str | None = None
    makes_itself: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """A store that was recognised: its engine, ring and id, and which key file it has read.

    `made` says where it was made, if it was made just now.
    """

    engine: Engine
    reader: Engine
    ring: KeyRing
    store_id: str
    key_file: Path | None = None
    signature: Signature | None = None
    made: tuple[str, ...] = ()
    patience: Patience | None = None


def file_place(
    folder: Path, *, expected_id: str | None, makes_itself: bool, reach: Reach = DEFAULT_REACH
) -> Place:
    """Describe the default store: SQLite and its key file, side by side in one folder."""
    database = folder / DEFAULT_FILE
    return Place(
        connect=lambda: make_engine(f"sqlite:///{database}", reach),
        database_file=database,
        key_file=folder / "twofactor.key",
        expected_id=expected_id,
        makes_itself=makes_itself,
    )


def memory_place() -> Place:
    """Describe a store that lives as long as the app, for tests."""
    return Place(
        connect=lambda: make_engine("sqlite://"), keys=parse_keys([new_key()]), makes_itself=True
    )


def open_store(place: Place, now: float, *, make: bool = False) -> Opened:
    """Recognise the store, or make it if asked to or allowed to; StoreError otherwise.

    A missing database, table or key, half of a pair, another store id or another schema
    version is a failure: an empty store must never be taken for "nobody is set up". A place
    whose store has a known id is never given another one.
    """
    may_make = make or place.makes_itself
    where: list[str] = []
    if place.database_file is not None and not place.database_file.exists():
        _refuse_to_replace(place)
    if not may_make and place.database_file is not None and not place.database_file.exists():
        raise remedies.no_database(place.database_file, place.key_file)
    with remedies.explained(where):
        if may_make and place.database_file is not None and not place.database_file.exists():
            _make_room(place.database_file)
        engine = place.connect()
        where.append(remedies.place_of(engine.url))
        try:
            return _open_or_meet(place, engine, now, may_make=may_make)
        except BaseException:
            engine.dispose()
            raise


def signature_of(path: Path | None) -> Signature | None:
    """Give what changes with each new version of a file; None if there is none."""
    try:
        status = os.stat(path) if path is not None else None  # noqa: PTH116 (on every write)
    except OSError:
        return None
    return None if status is None else (status.st_mtime_ns, status.st_ino, status.st_size)


def _make_room(database: Path) -> None:
    database.parent.mkdir(parents=True, exist_ok=True)
    # SQLite would make it for everybody's eyes; its other files take this one's mode.
    os.close(os.open(database, os.O_CREAT | os.O_WRONLY, 0o600))


def _open_or_meet(place: Place, engine: Engine, now: float, *, may_make: bool) -> Opened:
    try:
        return _open(place, engine, now, may_make=may_make)
    except SQLAlchemyError:
        if not may_make:
            raise
        # Another process may have made it at this moment: then it is there by now.
        return _open(place, engine, now, may_make=may_make)


def _open(place: Place, engine: Engine, now: float, *, may_make: bool) -> Opened:
    with engine.begin() as connection, making_alone(connection):
        if not inspect(connection).has_table(schema.store.name):
            _refuse_to_replace(place)
            if not may_make:
                raise remedies.no_tables(place.key_file)
            return _make(place, connection, now)
        found = connection.execute(select(schema.version.c.version_num)).scalar()
        row = connection.execute(select(schema.store)).one_or_none()
        if row is None:
            raise remedies.incomplete()
        _check_version(_migrated(place, connection, found))
        _check_id(place, row.store_id)
        key_file = place.key_file if place.keys is None else None
        signature = signature_of(key_file)
        ring = KeyRing(_keys(place))
        check_keys(connection, ring, row.store_id, json.loads(row.key_checks), key_file)
        return Opened(
            engine, reader(engine), ring, row.store_id, key_file, signature, (), of(engine)
        )


def _make(place: Place, connection: Connection, now: float) -> Opened:
    if place.keys is not None:
        return _fill(place.keys, connection, now)
    if place.key_file is None:
        raise StoreError(NO_KEYS)
    if place.key_file.exists():
        raise remedies.key_alone(place.key_file)
    keys = write_key_file(place.key_file)
    try:
        opened = _fill(keys, connection, now)
        connection.commit()
    except BaseException:
        place.key_file.unlink()
        raise
    return replace(
        opened,
        key_file=place.key_file,
        signature=signature_of(place.key_file),
        made=(str(place.database_file), str(place.key_file)),
    )


def _fill(keys: dict[str, bytes], connection: Connection, now: float) -> Opened:
    ring, store_id = KeyRing(keys), secrets.token_hex(8)
    schema.create(connection)
    connection.execute(insert(schema.version).values(version_num=schema.VERSION))
    checks = {key_id: ring.check(key_id, store_id) for key_id in ring.ids}
    connection.execute(
        insert(schema.store).values(
            id=1, store_id=store_id, key_checks=json.dumps(checks), created_at=now
        )
    )
    connection.execute(insert(schema.audit_number).values(tenant="", number=0))
    made = (remedies.place_of(connection.engine.url),)
    engine = connection.engine
    return Opened(engine, reader(engine), ring, store_id, made=made, patience=of(engine))


def _keys(place: Place) -> dict[str, bytes]:
    if place.keys is not None:
        return place.keys
    if place.key_file is None:
        raise StoreError(NO_KEYS)
    try:
        return read_key_file(place.key_file)
    except (OSError, ValueError) as error:
        raise remedies.no_key_file(place.key_file) from error


def _migrated(place: Place, connection: Connection, found: str | None) -> str | None:
    # Nobody upgrades the default store by hand: it is a file beside the app.
    if place.database_file is None or found is None or found >= schema.VERSION:
        return found
    from .migrating import migrate  # noqa: PLC0415 (slow, and needed once per release)

    migrate(connection)
    return schema.VERSION


def _refuse_to_replace(place: Place) -> None:
    # Who set an id had a store: an empty one in its place would ask nobody for a code.
    if place.expected_id is not None:
        raise remedies.another_expected(place.expected_id)


def _check_version(found: str | None) -> None:
    if found != schema.VERSION:
        message = (
            f"the store has schema version {found}, this release needs {schema.VERSION}. "
            "Run `flask twofactor db upgrade`, or install the release that made the store."
        )
        raise StoreError(message)


def _check_id(place: Place, found: str) -> None:
    if place.expected_id is not None and found != place.expected_id:
        message = (
            f"this is store {found}, TWOFACTOR_STORE_ID names {place.expected_id}. Bring that "
            "store's database back, or set TWOFACTOR_STORE_ID to this one's id."
        )
        raise StoreError(message)


def check_keys(
    connection: Connection,
    ring: KeyRing,
    store_id: str,
    checks: dict[str, str],
    key_file: Path | None,
) -> None:
    """Recognise the keys, and note those that are new to the store."""
    recognise_keys(ring, store_id, checks, key_file)
    added = {key_id: ring.check(key_id, store_id) for key_id in ring.ids if key_id not in checks}
    if added:
        connection.execute(update(schema.store).values(key_checks=json.dumps({**checks, **added})))


def recognise_keys(
    ring: KeyRing, store_id: str, checks: dict[str, str], key_file: Path | None
) -> None:
    """See that one key at least is the store's, and none is another under an id of the store's."""
    known = [key_id for key_id in ring.ids if key_id in checks]
    if not known or any(ring.check(key_id, store_id) != checks[key_id] for key_id in known):
        raise remedies.wrong_keys(key_file, checks)
