"""CPU time in interleaved rounds, function calls and statements."""

from __future__ import annotations

import gc
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

Work = Callable[[], object]


@dataclass(frozen=True)
class Times:
    """CPU seconds of one piece of work, one value a round."""

    rounds: list[float]

    @property
    def median(self) -> float:
        """The middle round, in microseconds."""
        return statistics.median(self.rounds) * 1e6


def interleave(works: dict[str, Work], rounds: int, batch: int) -> dict[str, Times]:
    """Time every piece of work in each round, in random order, a short batch each."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work()
    for _ in range(rounds):
        for name in random.sample(list(works), len(works)):
            gc.collect()
            start = time.process_time()
            for _ in range(batch):
                works[name]()
            taken[name].append((time.process_time() - start) / batch)
    return {name: Times(values) for name, values in taken.items()}


def ratio(one: Times, other: Times) -> tuple[float, float, float]:
    """Give the median and quartiles of the ratio, taken round by round."""
    ratios = sorted(a / b for a, b in zip(one.rounds, other.rounds, strict=True))
    low, middle, high = statistics.quantiles(ratios, n=4)
    return middle, low, high


def calls(work: Work) -> int:
    """Count the function calls, Python's and C's, of one run after warming up."""
    for _ in range(3):
        work()
    count = 0

    def note(_frame: object, kind: str, _argument: object) -> None:
        nonlocal count
        count += kind in {"call", "c_call"}

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count
