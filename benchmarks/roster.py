"""`python -m benchmarks.roster [SIZE …]`: what a tenant's page reads, by the number of its people.

On SQLite, or with `--uri` on any database that is empty. Wall time of what the store reads for a
page of 100 people: the first page and the last, as ratios to the smallest size of the same run.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert

from flask_twofactor.core.members import Place, Wanted
from flask_twofactor.core.throttle import Throttle
from flask_twofactor.stores import schema
from flask_twofactor.stores.bootstrap import Place as Where
from flask_twofactor.stores.engine import make_engine
from flask_twofactor.stores.keys import new_key, parse_keys
from flask_twofactor.stores.sqlalchemy import SQLStore
from flask_twofactor.web.witness import RequestWitness

NAME = "person {:09}"
PAGE, BATCH, ROUNDS = 100, 10_000, 60


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
            first, last = _middle(store, None), _middle(store, _near_the_end(size))
            base = base or (first, last)
            print(
                f"{size:>10,} people: first page {first * 1e3:.2f} ms (x {first / base[0]:.2f}), "
                f"last page {last * 1e3:.2f} ms (x {last / base[1]:.2f}), "
                f"last / first {last / first:.2f}"
            )
        store.opened().engine.dispose()


def _store(uri: str) -> SQLStore:
    keys = parse_keys([new_key()])
    where = Where(connect=lambda: make_engine(uri), keys=keys, makes_itself=True)
    return SQLStore(lambda: where, time.time, Throttle(), RequestWitness())


def _fill(store: SQLStore, size: int) -> None:
    with store.opened().engine.begin() as connection:
        connection.execute(delete(schema.member))
        for start in range(0, size, BATCH):
            rows = [_row(number) for number in range(start, min(start + BATCH, size))]
            connection.execute(insert(schema.member), rows)


def _row(number: int) -> dict[str, Any]:
    name = NAME.format(number)
    return {
        "tenant": "one",
        "user_key": f"user:{number:09}",
        "label": name,
        "sort": name,
        "roles": "[]",
        "admin": number % 100 == 0,
        "ready": number % 3 == 0,
        "first_seen": 0,
    }


def _near_the_end(size: int) -> Place:
    number = size - PAGE - 1
    return Place(NAME.format(number), f"user:{number:09}")


def _middle(store: SQLStore, after: Place | None) -> float:
    wanted = Wanted(after=after, limit=PAGE)

    def page() -> None:
        store.rule("one")
        found = store.list_members(store.members("one", wanted, 0))
        store.groups("one", 1001)
        store.adoption("one", 90)
        assert len(found) == PAGE

    page()
    return statistics.median(_timed(page) for _ in range(ROUNDS))


def _timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
