"""CPU time in interleaved rounds, function calls and statements."""

from __future__ import annotations

import gc
import random
import statistics
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Engine, event

from benchmarks.timing import Work, nothing, timed

__all__ = [
    "Spread",
    "Statements",
    "Work",
    "calls",
    "counting",
    "interleave",
    "nothing",
    "ratio",
    "spread",
]


@dataclass(frozen=True)
class Spread:
    """A median between its quartiles."""

    low: float
    middle: float
    high: float

    def __str__(self) -> str:
        return f"{self.middle:.2f} ({self.low:.2f}-{self.high:.2f})"


@dataclass
class Statements:
    """The statements that some engines ran; those that begin a write are counted apart."""

    seen: list[str] = field(default_factory=list)
    begun: int = 0

    def note(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        """Hear of one statement."""
        if statement.startswith("BEGIN"):
            self.begun += 1
        else:
            self.seen.append(statement)


def interleave(works: dict[str, Work], rounds: int, batch: int) -> dict[str, list[float]]:
    """Give the CPU seconds of each piece of work, one mean a round, in random order."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        timed(work, 3)
    gc.freeze()
    gc.disable()
    for _ in range(rounds):
        gc.collect()
        for name in random.sample(list(works), len(works)):
            taken[name].append(timed(works[name], batch))
    gc.enable()
    gc.unfreeze()
    return taken


def spread(values: Iterable[float]) -> Spread:
    """Give the median and the quartiles of some values."""
    return Spread(*statistics.quantiles(values, n=4))


def ratio(one: list[float], other: list[float]) -> Spread:
    """Give the median and quartiles of the ratio, taken round by round."""
    return spread(a / b for a, b in zip(one, other, strict=True))


def calls(work: Work) -> int:
    """Count the function calls, Python's and C's, of one run after warming up."""
    for _ in range(3):
        timed(work, 1)
    work.prepare()
    count = 0

    def note(_frame: object, kind: str, _argument: object) -> None:
        nonlocal count
        count += kind in {"call", "c_call"}

    # What the collector finds in between belongs to others.
    gc.disable()
    sys.setprofile(note)
    try:
        work.run()
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


@contextmanager
def counting(*engines: Engine) -> Iterator[Statements]:
    """Count the statements of some engines inside the block.

    An engine that was listened to once stays slower: count on hosts that are not timed.
    """
    found = Statements()
    for engine in engines:
        event.listen(engine, "before_cursor_execute", found.note)
    try:
        yield found
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", found.note)
