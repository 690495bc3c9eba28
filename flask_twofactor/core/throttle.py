"""What a guess costs: one budget per account over all methods, and one per known browser."""

from __future__ import annotations

from dataclasses import dataclass

DAY = 86400


@dataclass(frozen=True, slots=True)
class Throttle:
    """The settings of the budgets.

    `free` tries, then waits that double up to a maximum; a known browser has `known_free` of
    its own. `per_day` is for unknown browsers together, in any 24 hours, and no right answer
    clears it. After `disable_after` wrong answers in a row a method is shut to them.
    """

    free: int = 5
    wait_seconds: int = 30
    max_wait_seconds: int = 3600
    known_free: int = 5
    per_day: int = 20
    disable_after: int = 100


def waits(throttle: Throttle) -> list[tuple[int, int]]:
    """Give (failures, wait in seconds) pairs, rising, the last one standing for all beyond.

    The wait starts when the last free try is reserved, so that parallel guesses beyond it
    find the door shut (NIST SP 800-63B-4 3.2.2: rising waits from 30 s to 1 h).
    """
    table = []
    failures, wait = throttle.free, throttle.wait_seconds
    while wait < throttle.max_wait_seconds:
        table.append((failures, wait))
        failures, wait = failures + 1, wait * 2
    table.append((failures, throttle.max_wait_seconds))
    return table


def retry_after(blocked_until: float, now: float) -> int:
    """Give the whole seconds to wait, at least one."""
    return max(1, int(-(-(blocked_until - now) // 1)))
