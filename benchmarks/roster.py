"""`python -m benchmarks.roster [SIZE …]`: what a tenant's page reads, by the number of its people.

On SQLite, or with `--uri` on any database that is empty. Wall time of what the store reads for a
page of 100 people, the fastest of 300: the first page and the last, as ratios to the smallest size of the same run,
their statements, and how each finds its rows; on PostgreSQL also how many blocks of the store all of
them touch, which no busy machine blurs. What a preview counts is timed beside it.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import delete, event, insert, text

from flask_twofactor.core.members import Place, Wanted
from flask_twofactor.core.throttle import Throttle
from flask_twofactor.stores import schema
from flask_twofactor.stores.bootstrap import Place as Where
from flask_twofactor.stores.engine import make_engine
from flask_twofactor.stores.keys import new_key, parse_keys
from flask_twofactor.stores.sqlalchemy import SQLStore
from flask_twofactor.web.witness import RequestWitness

NAME = "person {:09}"
PAGE, BATCH, ROUNDS = 100, 10_000, 300
READS = re.compile(r"Scan|Sort|SCAN|SEARCH|TEMP B-TREE")


def main() -> None:
    """Fill, measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.roster", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[1_000, 100_000])
    parser.add_argument("--uri", help="an empty database; default: SQLite in a folder of its own")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        uri = options.uri or f"sqlite:///{Path(folder) / 'store.sqlite'}"
        store = _store(uri)
        base: tuple[float, float] | None = None
        for size in options.sizes:
            _fill(store, size)
            first, last = _fastest(store, (None, _near_the_end(size)))
            base = base or (first, last)
            plans, blocks = _plans(store, _near_the_end(size))
            touched = (_plans(store, None)[1], blocks)
            everyone = _timed(lambda: store.groups("one"))
            print(
                f"{size:>10,} people: first page {first * 1e3:.2f} ms (x {first / base[0]:.2f}), "
                f"last page {last * 1e3:.2f} ms (x {last / base[1]:.2f}), "
                f"last / first {last / first:.2f}; {len(plans)} statements; "
                f"counting all {everyone * 1e3:.0f} ms; blocks touched {touched[0]}, {touched[1]}"
            )
            for plan in plans:
                print(f"            {plan}")
        store.opened().engine.dispose()


def _store(uri: str) -> SQLStore:
    keys = parse_keys([new_key()])
    where = Where(connect=lambda: make_engine(uri), keys=keys, makes_itself=True)
    return SQLStore(lambda: where, time.time, Throttle(), RequestWitness())


def _fill(store: SQLStore, size: int) -> None:
    with store.opened().engine.begin() as connection:
        for table in (schema.member, schema.account, schema.authenticator):
            connection.execute(delete(table))
        for start in range(0, size, BATCH):
            numbers = range(start, min(start + BATCH, size))
            ready = [number for number in numbers if number % 3 == 0]
            connection.execute(insert(schema.member), [_row(number) for number in numbers])
            connection.execute(insert(schema.account), [{"user_key": _key(at)} for at in numbers])
            connection.execute(insert(schema.authenticator), [_phone(at) for at in ready])
    with store.opened().engine.connect() as connection:
        lasting = connection.execution_options(isolation_level="AUTOCOMMIT")
        lasting.execute(text("ANALYZE"))


def _key(number: int) -> str:
    return f"user:{number:09}"


def _phone(number: int) -> dict[str, Any]:
    return {
        "id": f"{number:032}",
        "user_key": _key(number),
        "method": "totp",
        "name": "Phone",
        "created_at": 0,
        "protects": True,
        "data": "",
    }


def _row(number: int) -> dict[str, Any]:
    name = NAME.format(number)
    return {
        "tenant": "one",
        "user_key": _key(number),
        "label": name,
        "sort": name,
        "roles": "[]",
        "admin": number % 100 == 0,
        "ready": number % 3 == 0,
        "first_seen": 0,
    }


def _near_the_end(size: int) -> Place:
    number = size - PAGE - 1
    return Place(NAME.format(number), _key(number))


def _page(store: SQLStore, after: Place | None) -> None:
    store.rule("one")
    found = store.list_members(store.members("one", Wanted(after=after, limit=PAGE), 0))
    store.groups("one", 1001)
    store.adoption("one", 90)
    assert len(found) == PAGE


def _fastest(store: SQLStore, places: tuple[Place | None, ...]) -> list[float]:
    # Turn by turn, and the fastest of many: on a busy machine the middle says how busy it was.
    turns = [[_timed(partial(_page, store, at)) for at in places] for _ in range(ROUNDS)]
    return [min(times) for times in zip(*turns, strict=True)]


def _plans(store: SQLStore, after: Place | None) -> tuple[list[str], int]:
    opened, found, blocks = store.opened(), [], []
    sqlite = opened.engine.dialect.name == "sqlite"

    def explain(connection: Any, _cursor: object, statement: str, values: Any, *_: object) -> None:
        cursor = connection.connection.cursor()
        how = "QUERY PLAN" if sqlite else "(ANALYZE, BUFFERS)"
        cursor.execute(f"EXPLAIN {how} {statement}", values)
        lines = [str(row[-1]).strip(" ->") for row in cursor.fetchall()]
        reads = [line.partition("  (")[0] for line in lines if READS.search(line)]
        found.append("; ".join(reads))
        # The first such line is of the whole statement.
        first = next((line for line in lines if line.startswith("Buffers: shared")), "")
        blocks.append(sum(int(number) for number in re.findall(r"(?:hit|read)=(\d+)", first)))
        cursor.close()

    # Elsewhere than on SQLite the reader hears what its engine hears.
    engines = (opened.engine, opened.reader) if sqlite else (opened.engine,)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", explain)
    _page(store, after)
    for engine in engines:
        event.remove(engine, "before_cursor_execute", explain)
    return found, sum(blocks)


def _timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
