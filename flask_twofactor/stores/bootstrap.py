"""Making the store, once, and recognising it ever after."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, inspect, select, update
from sqlalchemy.exc import SQLAlchemyError

from flask_twofactor.core.errors import StoreError

from . import schema
from .engine import make_engine, reader
from .keys import new_key, parse_keys, read_key_file, write_key_file
from .sealing import KeyRing

REMEDY = "Run `flask twofactor init` once, or put the lost database and its key back together."
REPAIR = "See that its database runs and is the right one, or restore it from a backup."


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
    """A store that was recognised: its engine, ring and id."""

    engine: Engine
    reader: Engine
    ring: KeyRing
    store_id: str


def file_place(folder: Path, *, expected_id: str | None, makes_itself: bool) -> Place:
    """Describe the default store: SQLite and its key file, side by side in one folder."""
    database = folder / "twofactor.sqlite"
    return Place(
        connect=lambda: make_engine(f"sqlite:///{database}"),
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
    if place.database_file is not None and not place.database_file.exists():
        _refuse_to_replace(place)
    if not may_make and place.database_file is not None and not place.database_file.exists():
        message = f"the store's database {place.database_file} is missing. {REMEDY}"
        raise StoreError(message)
    with _explained():
        if may_make and place.database_file is not None:
            place.database_file.parent.mkdir(parents=True, exist_ok=True)
        engine = place.connect()
        try:
            return _open_or_meet(place, engine, now, may_make=may_make)
        except BaseException:
            engine.dispose()
            raise


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        message = f"the store cannot be read ({type(error).__name__}). {REPAIR}"
        raise StoreError(message) from error
    except OSError as error:
        message = f"the store's files cannot be used ({error.strerror}). {REPAIR}"
        raise StoreError(message) from error


def _open_or_meet(place: Place, engine: Engine, now: float, *, may_make: bool) -> Opened:
    try:
        return _open(place, engine, now, may_make=may_make)
    except SQLAlchemyError:
        if not may_make:
            raise
        # Another process may have made it at this moment: then it is there by now.
        return _open(place, engine, now, may_make=may_make)


def _open(place: Place, engine: Engine, now: float, *, may_make: bool) -> Opened:
    with engine.begin() as connection:
        if not inspect(connection).has_table(schema.store.name):
            _refuse_to_replace(place)
            if not may_make:
                message = f"the store has no tables. {REMEDY}"
                raise StoreError(message)
            return _make(place, connection, now)
        found = connection.execute(select(schema.version.c.version_num)).scalar()
        row = connection.execute(select(schema.store)).one_or_none()
        if row is None:
            message = f"the store is incomplete. {REMEDY}"
            raise StoreError(message)
        _check_version(_migrated(place, connection, found))
        _check_id(place, row.store_id)
        ring = KeyRing(_keys(place))
        _check_keys(connection, ring, row.store_id, json.loads(row.key_checks))
        return Opened(engine, reader(engine), ring, row.store_id)


def _make(place: Place, connection: Connection, now: float) -> Opened:
    if place.keys is not None:
        return _fill(place.keys, connection, now)
    if place.key_file is None or place.key_file.exists():
        message = (
            f"there is a key, {place.key_file}, but no database for it. Put the lost database "
            "back beside it, or move the key away and run `flask twofactor init`."
        )
        raise StoreError(message)
    keys = write_key_file(place.key_file)
    try:
        opened = _fill(keys, connection, now)
        connection.commit()
    except BaseException:
        place.key_file.unlink()
        raise
    return opened


def _fill(keys: dict[str, bytes], connection: Connection, now: float) -> Opened:
    ring, store_id = KeyRing(keys), secrets.token_hex(8)
    schema.metadata.create_all(connection)
    connection.execute(insert(schema.version).values(version_num=schema.VERSION))
    checks = {key_id: ring.check(key_id, store_id) for key_id in ring.ids}
    connection.execute(
        insert(schema.store).values(
            id=1, store_id=store_id, key_checks=json.dumps(checks), created_at=now
        )
    )
    connection.execute(insert(schema.audit_number).values(tenant="", number=0))
    return Opened(connection.engine, reader(connection.engine), ring, store_id)


def _keys(place: Place) -> dict[str, bytes]:
    if place.keys is not None:
        return place.keys
    if place.key_file is None:
        message = "the store has no keys. Set TWOFACTOR_KEYS to those it was made with."
        raise StoreError(message)
    try:
        return read_key_file(place.key_file)
    except (OSError, ValueError) as error:
        message = f"the store's key file {place.key_file} is missing or unreadable. {REMEDY}"
        raise StoreError(message) from error


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
        message = (
            f"there is no store here, TWOFACTOR_STORE_ID names {place.expected_id}. Bring that "
            "store's database back. To start over with a new store, in which nobody is set up, "
            "remove TWOFACTOR_STORE_ID first and run `flask twofactor init`."
        )
        raise StoreError(message)


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


def _check_keys(
    connection: Connection, ring: KeyRing, store_id: str, checks: dict[str, str]
) -> None:
    known = [key_id for key_id in ring.ids if key_id in checks]
    if not known or any(ring.check(key_id, store_id) != checks[key_id] for key_id in known):
        message = f"the keys are not those of this store. {REMEDY}"
        raise StoreError(message)
    added = {key_id: ring.check(key_id, store_id) for key_id in ring.ids if key_id not in checks}
    if added:
        connection.execute(update(schema.store).values(key_checks=json.dumps({**checks, **added})))
