"""Competitors as threads of one process, or spread over four processes."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.synchronize import Barrier
from typing import Any

from .contests import ALL
from .naive import Gate, NaiveStore
from .places import Where, dispose

PROCESSES = 4
PATIENCE_SECONDS = 60
_everyone: list[Barrier] = []


class Threads:
    """All competitors in this process."""

    def race(self, name: str, where: Where, user: str, given: list[Any], *, naive: bool) -> int:
        """Give the number of attempts that counted."""
        gate = threading.Barrier(len(given), timeout=PATIENCE_SECONDS)
        return run(name, where, user, given, gate.wait, naive=naive)


class Processes:
    """The competitors dealt to four processes, a few threads in each."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def race(self, name: str, where: Where, user: str, given: list[Any], *, naive: bool) -> int:
        """Give the number of attempts that counted."""
        hands = [given[at::PROCESSES] for at in range(PROCESSES)]
        runs = [
            self._pool.submit(run_apart, name, where, user, hand, naive=naive) for hand in hands
        ]
        return sum(each.result(timeout=2 * PATIENCE_SECONDS) for each in runs)

    def together(self, function: Callable[..., Any], *arguments: Any) -> list[Any]:
        """Call a function in all four at the same moment, and give what each returned."""
        runs = [self._pool.submit(meet_and_call, function, *arguments) for _ in range(PROCESSES)]
        return [each.result(timeout=2 * PATIENCE_SECONDS) for each in runs]


@contextmanager
def processes() -> Iterator[Processes]:
    """Start four processes, which live for many races."""
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(PROCESSES, timeout=PATIENCE_SECONDS)
    with ProcessPoolExecutor(
        PROCESSES, mp_context=spawn, initializer=meet_at, initargs=(barrier,)
    ) as pool:
        yield Processes(pool)


def meet_at(barrier: Barrier) -> None:
    """Note, in a new process, where it waits for the other three."""
    _everyone.append(barrier)


def meet_and_call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Wait for the other three processes, then call."""
    _everyone[0].wait()
    return function(*arguments)


def run_apart(name: str, where: Where, user: str, given: list[Any], *, naive: bool) -> int:
    """Run one process's share; its threads wait for those of the other processes too."""
    gate = threading.Barrier(len(given), action=_everyone[0].wait, timeout=PATIENCE_SECONDS)
    return run(name, where, user, given, gate.wait, naive=naive)


def run(name: str, where: Where, user: str, given: list[Any], gate: Gate, *, naive: bool) -> int:
    """Let one thread for each competitor try at the same moment, and count successes."""
    contest = ALL[name]
    store = where.store(free=contest.free)
    if naive:
        store = NaiveStore(where, gate, contest.free, contest.write)
    store.open()

    def attempt(mine: Any) -> bool:
        gate()
        return contest.attempt(store, user, mine)

    with ThreadPoolExecutor(len(given)) as threads:
        counted = sum(threads.map(attempt, given))
    dispose(store)
    return counted
