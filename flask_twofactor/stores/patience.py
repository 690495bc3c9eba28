"""How long we wait for a database server, and how a silent one is left alone.

Each wait is limited twice: by the server, which says so and goes on, and a second later by
this side of the connection, for a server that does not answer at all. After such a silence
callers are refused at once, but for one that asks again from time to time: a hung server costs
each process one worker now and then, never all of them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from flask_twofactor.core.errors import StoreError

WAIT_SECONDS = 5
OPTION, LIMITED = "twofactor_patience", "twofactor_limited"


class SilenceError(StoreError):
    """A server did not answer in time, nor said why."""


class Patience:
    """What one process waits for one server at most, and until when it leaves it alone.

    `seconds` limits each wait; 0 is no limit, for an operator's long statements.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._rest = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._silent = False
        self._ask_at = 0.0

    def check(self) -> None:
        """Let pass; after a silence only one caller from time to time. StoreError for others."""
        if not self._silent:
            return
        with self._lock:
            now = self._clock()
            if now < self._ask_at:
                message = "the store did not answer a moment ago and is left alone for a while."
                raise StoreError(message)
            self._ask_at = now + 2 * self._rest

    def note_silence(self) -> None:
        """Leave the server alone from now on, as long again as it let us wait."""
        with self._lock:
            self._silent = True
            self._ask_at = self._clock() + self._rest

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note how the making of a first connection ends."""
        try:
            yield
        except SilenceError:
            self.note_silence()
            raise
        self.note_answer()

    def note_answer(self) -> None:
        """Note that the server answers."""
        self._silent = False

    def at_checkout(self, _connection: object, record: ConnectionPoolEntry, _: object) -> None:
        """See that a connection was made under this limit; the server just answered on it."""
        if record.info.setdefault(LIMITED, self.seconds) != self.seconds:
            raise DisconnectionError
        self._silent = False

    def take_time(self) -> None:
        """Limit no wait from the next connection on: an operator's statements may take long."""
        self.seconds = 0

    def note_error(self, context: ExceptionContext) -> None:
        """Hear of an error; at a silence nothing is tried a second time."""
        if is_silence(context.original_exception):
            self.note_silence()
            message = "the store did not answer in time."
            raise SilenceError(message)


def give(engine: Engine, patience: Patience) -> None:
    """Let an engine, and those made from it, know its patience."""
    engine.update_execution_options(**{OPTION: patience})


def of(engine: Engine) -> Patience | None:
    """Give an engine's patience; None where there is no server to wait for."""
    found: Patience | None = engine.get_execution_options().get(OPTION)
    return found


def is_silence(error: BaseException | None) -> bool:
    """Say whether a wait for the network ran out."""
    while error is not None:
        # By name: the drivers are optional, and none is imported here.
        if isinstance(error, TimeoutError) or type(error).__name__ == "ConnectionTimeout":
            return True
        error = error.__cause__ or error.__context__
    return False
