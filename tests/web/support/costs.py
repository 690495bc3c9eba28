"""The benchmark's host as the tests count it: statements and calls."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.measure import Statements, Work, calls, counting
from benchmarks.site import Site

CODES = "twofactor_single_use_code"
PAGE = "/account"


def statements(site: Site, deed: Callable[[], object]) -> Statements:
    """Count what a deed asks of the store; nothing is warmed up."""
    with counting(*site.store_engines()) as found:
        deed()
    return found


def more_calls(one: Callable[[], object], other: Callable[[], object]) -> int:
    """Say how many more function calls one takes than the other."""
    return calls(Work(one)) - calls(Work(other))
