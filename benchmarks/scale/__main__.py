"""`python -m benchmarks.scale [--quick] [SIZE …]`: the same work among few users and many.

On SQLite and on a PostgreSQL server of its own (which does not wait for the disk). Wall time, for
what grows would grow in the database: logins of users taken at random, no user twice, in turns
over the sizes; ratios are taken turn by turn to the smallest size. `prune` and `rotate-keys` run
once, and their time is divided by the rows they moved.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from benchmarks import report
from benchmarks.measure import ratio
from benchmarks.scale import crowd
from benchmarks.scale.places import Place, on_postgresql, on_sqlite
from flask_twofactor.core.throttle import Throttle
from flask_twofactor.stores.bootstrap import Place as Where
from flask_twofactor.stores.engine import make_engine
from flask_twofactor.stores.keys import new_key, parse_keys
from flask_twofactor.stores.sqlalchemy import SQLStore
from flask_twofactor.web.state import app_state
from flask_twofactor.web.witness import RequestWitness

SIZES = [1_000, 100_000, 1_000_000]
MOST_MOVED = 5_000
DATABASES = {"SQLite": on_sqlite, "PostgreSQL": on_postgresql}
HEAD: tuple[str, ...] = (
    "users",
    "bare login, ms",
    "x smallest",
    "our login, ms",
    "x smallest",
    "page, ms",
)
HEAD += ("x smallest", "`prune`, us a row", "x smallest", "`rotate-keys`, us a row", "x smallest")


class EnoughMovedError(Exception):
    """So many rows tell the time of one."""


def main() -> None:
    """Fill, measure, print, and put the tables into the docs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES)
    parser.add_argument("--quick", action="store_true", help="rough figures, which are not kept")
    options = parser.parse_args()
    sizes = [1_000, 10_000] if options.quick else sorted(options.sizes)
    parts = []
    for name, on in DATABASES.items():
        with (
            tempfile.TemporaryDirectory(prefix="twofactor-scale-") as folder,
            on(Path(folder), sizes) as places,
        ):
            rows = _measure(places, 20 if options.quick else 150)
        parts.append(f"{name}:\n\n{report.markdown(rows)}")
        print(parts[-1], end="\n\n", flush=True)
    if sizes == SIZES:
        report.keep("scale", "\n\n".join(parts))


def _measure(places: list[Place], rounds: int) -> list[tuple[str, ...]]:
    visits = {place.size: _Visits(place, rounds + 3) for place in places}
    for one in visits.values():
        one.warm_up(3)
    for _ in range(rounds):
        for one in random.sample(list(visits.values()), len(visits)):
            one.take_turn()
    least = visits[places[0].size]
    pruned = {place.size: _prune(place) for place in places}
    moved = {place.size: _rotate(place) for place in places}
    rows: list[tuple[str, ...]] = [HEAD]
    for size, one in visits.items():
        cells = [
            cell
            for kind, taken in one.taken.items()
            for cell in (
                f"{statistics.median(taken) * 1e3:.2f}",
                str(ratio(taken, least.taken[kind])),
            )
        ]
        once = [
            cell
            for found in (pruned, moved)
            for cell in (f"{found[size] * 1e6:.0f}", f"{found[size] / found[places[0].size]:.2f}")
        ]
        rows.append((f"{size:,}", *cells, *once))
    return rows


class _Visits:
    """What visitors of one size do, and the seconds they took."""

    def __init__(self, place: Place, logins: int) -> None:
        self.place = place
        self.left = random.sample(range(3, place.size + 1), 2 * logins + 1)
        self.taken: dict[str, list[float]] = {"bare": [], "ours": [], "page": []}
        self.member = place.ours.log_in(crowd.email(self.left.pop()))

    def warm_up(self, times: int) -> None:
        for _ in range(times):
            self.take_turn()
        for taken in self.taken.values():
            taken.clear()

    def take_turn(self) -> None:
        for kind, site in (("bare", self.place.bare), ("ours", self.place.ours)):
            user = crowd.email(self.left.pop())
            self.taken[kind].append(_timed(lambda site=site, user=user: site.log_in(user)))  # type: ignore[misc]
        self.taken["page"].append(_timed(lambda: self.member.get("/account")))


def _prune(place: Place) -> float:
    limits = app_state(place.ours.app).ports.limits
    upkeep = place.ours.store.upkeep()
    deleted: dict[str, int] = {}
    taken = _timed(lambda: deleted.update(upkeep.prune(limits, lambda _: None)))
    expected = place.size // crowd.OLD
    assert deleted["proofs"] == deleted["holds"] == expected, deleted
    return taken / sum(deleted.values())


def _rotate(place: Place) -> float:
    where = Where(
        connect=lambda: make_engine(place.uri),
        keys=parse_keys([new_key(), *place.keys]),
        makes_itself=False,
    )
    store = SQLStore(lambda: where, time.time, Throttle(), RequestWitness())
    moved = 0

    def seen(rows: int) -> None:
        nonlocal moved
        moved += rows
        if moved >= MOST_MOVED:
            raise EnoughMovedError

    def rotate() -> None:
        with suppress(EnoughMovedError):
            store.upkeep().rotate(seen)

    taken = _timed(rotate)
    store.opened().engine.dispose()
    return taken / moved


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
