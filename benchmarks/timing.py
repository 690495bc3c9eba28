"""A piece of work and its CPU time. Only the standard library: every peer's process loads it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


def nothing() -> None:
    """Prepare nothing."""


@dataclass(frozen=True)
class Work:
    """What is measured, and what must be put back before each time, unmeasured."""

    run: Callable[[], object]
    prepare: Callable[[], object] = nothing


def timed(work: Work, times: int) -> float:
    """Give the mean CPU seconds of one run."""
    taken = 0.0
    for _ in range(times):
        work.prepare()
        start = time.process_time()
        work.run()
        taken += time.process_time() - start
    return taken / times
