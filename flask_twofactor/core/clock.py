"""The one UTC clock of an app, read at call time, so that tests can move it."""

from __future__ import annotations

import time
from collections.abc import Callable


class SystemClock:
    """Gives UTC epoch seconds from `source`, Python's own clock unless a test put another in."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self.source = source

    def __call__(self) -> float:
        """Give the time now."""
        return self.source()
