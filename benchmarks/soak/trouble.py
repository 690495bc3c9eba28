"""When something was stopped on purpose; only then may an answer be missing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Trouble:
    """The times of trouble, each with the seconds after it in which all must be well again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spans: list[list[float]] = []

    @contextmanager
    def of(self, recovery: float) -> Iterator[None]:
        """Trouble inside the block, and for so many seconds after it."""
        span = [time.monotonic(), float("inf")]
        with self._lock:
            self._spans.append(span)
        try:
            yield
        finally:
            span[1] = time.monotonic() + recovery

    def since(self, start: float) -> bool:
        """Say whether there was trouble between then and now."""
        now = time.monotonic()
        with self._lock:
            return any(first <= now and start <= last for first, last in self._spans)
