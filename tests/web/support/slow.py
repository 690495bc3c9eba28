"""Requests that arrive slowly, so that something else happens while they do."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextvars import Context
from typing import Any


class SlowBody(io.BytesIO):
    """A body during whose arrival something else happens."""

    def __init__(self, body: bytes, meanwhile: Callable[[], None]) -> None:
        super().__init__(body)
        self._meanwhile: Callable[[], None] | None = meanwhile

    def read(self, size: int | None = -1, /) -> bytes:
        """Let the other thing happen, once, then give the body."""
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            Context().run(meanwhile)
        return super().read(size)

    def readinto(self, buffer: Any, /) -> int:
        """Give the body as `read` does."""
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)
