"""Many users, written past SQLAlchemy: each with what a person leaves behind in the store."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Engine, Table

from benchmarks.host import PASSWORD, User, digest
from benchmarks.site import Site
from flask_twofactor.stores import schema
from flask_twofactor.stores.sealing import KeyRing
from flask_twofactor.stores.writing import AUTHENTICATOR

DAY, BATCH, CODES = 86400, 20_000, 3
OLD = 10
"""One of so many has a session and a hold that `prune` may delete."""

Row = dict[str, Any]
_chance = random.Random(7)


def email(number: int) -> str:
    """Give the address of a user of the crowd."""
    return f"user{number}"


def gather(site: Site, size: int, first: int = 3) -> None:
    """Give the host so many users; ann and bob are the first two, and were there before."""
    people = range(first, size + 1)
    password = digest(PASSWORD)
    member: Any = User.__table__
    rows: Iterable[Row] = ({"id": one, "email": email(one), "password": password} for one in people)
    _write(site.host_engine, member, rows)
    if site.secret is None:
        return
    opened = site.store.opened()
    for table, make in _Person(opened.ring, site.secret, time.time()).tables().items():
        _write(opened.engine, table, (row for one in people for row in make(one)))


@dataclass(frozen=True)
class _Person:
    """What a user leaves behind in each table."""

    ring: KeyRing
    secret: str
    now: float

    def tables(self) -> dict[Table, Callable[[int], Iterator[Row]]]:
        """Give for each table what makes a user's rows."""
        return {
            schema.account: self._account,
            schema.authenticator: self._authenticator,
            schema.single_use_code: self._codes,
            schema.proof: self._proof,
            schema.hold: self._hold,
            schema.known_browser: self._browser,
            schema.person: self._pseudonym,
        }

    def _account(self, number: int) -> Iterator[Row]:
        yield {"user_key": f"member:{number}"}

    def _authenticator(self, number: int) -> Iterator[Row]:
        row, key = _id(32), f"member:{number}"
        data = self.ring.seal({"secret": self.secret}, AUTHENTICATOR, row, key)
        shown = {"method": "totp", "name": "Phone", "created_at": self.now, "protects": True}
        yield {"id": row, "user_key": key, **shown, "data": data}

    def _codes(self, number: int) -> Iterator[Row]:
        own = {"user_key": f"member:{number}", "authenticator_id": _id(32), "created_at": self.now}
        for _ in range(CODES):
            yield {"digest": f"{self.ring.writing}.{_id(64)}", **own}

    def _proof(self, number: int) -> Iterator[Row]:
        at = self.now - (90 * DAY if number % OLD == 0 else 0)
        own = {"user_key": f"member:{number}", "epoch": 0, "method": "totp"}
        times = ("created_at", "last_used_at", "password_at", "verified_at")
        yield {"id": _id(64), **own, **dict.fromkeys(times, at)}

    def _hold(self, number: int) -> Iterator[Row]:
        if number % OLD == 0:
            own = {"user_key": f"member:{number}", "epoch": 0, "purpose": "challenge"}
            at = self.now - 90 * DAY
            yield {"id": _id(64), **own, "created_at": at, "expires_at": at, "kept": ""}

    def _browser(self, number: int) -> Iterator[Row]:
        times = {"created_at": self.now, "last_used_at": self.now}
        yield {"id": _id(64), "user_key": f"member:{number}", **times}

    def _pseudonym(self, number: int) -> Iterator[Row]:
        yield {"pseudonym": _id(32), "user_key": f"member:{number}", "label": email(number)}


def _id(length: int) -> str:
    return f"{_chance.getrandbits(length * 4):0{length}x}"


def _write(engine: Engine, table: Table, rows: Iterable[Row]) -> None:
    remaining, insert = iter(rows), _INSERT.get(engine.dialect.name, _insert)
    connection = engine.raw_connection()
    while batch := list(islice(remaining, BATCH)):
        cursor = connection.cursor()
        insert(cursor, table.name, list(batch[0]), [tuple(row.values()) for row in batch])
        cursor.close()
        connection.commit()
    if engine.dialect.name == "postgresql":
        connection.cursor().execute(f"ANALYZE {table.name}")
        connection.commit()
    connection.detach()
    connection.close()


def _insert(cursor: Any, table: str, names: list[str], rows: list[tuple[Any, ...]]) -> None:
    marks = ", ".join(["%s"] * len(names))
    cursor.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)


def _insert_sqlite(cursor: Any, table: str, names: list[str], rows: list[tuple[Any, ...]]) -> None:
    cursor.execute("PRAGMA synchronous = OFF")
    cursor.execute("BEGIN")
    marks = ", ".join("?" * len(names))
    cursor.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)


def _copy(cursor: Any, table: str, names: list[str], rows: list[tuple[Any, ...]]) -> None:
    with cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


_INSERT = {"sqlite": _insert_sqlite, "postgresql": _copy}
