"""A store whose n-th step fails.

Each call and each statement fails before it is made; what commits also fails afterwards, as
when the answer is lost. After a read, or a write of an open transaction, is before the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from flask_twofactor.core.errors import StoreError
from flask_twofactor.stores.sqlalchemy import SQLStore
from flask_twofactor.web.state import app_state

READS = (
    "standing",
    "hold",
    "authenticators",
    "pending_setup",
    "codes_left",
    "knows_browser",
)
COMMITTED = ("ensure_account",)


class Trouble:
    """Counts the steps of one app's store while armed; `hit` names the one that failed."""

    def __init__(self, fault: Callable[[], Exception]) -> None:
        self._fault = fault
        self._left = 0
        self.hit = ""

    @contextmanager
    def at(self, number: int) -> Iterator[None]:
        """Let one step fail inside the block."""
        self._left, self.hit = number, ""
        try:
            yield
        finally:
            self._left = 0

    def step(self, name: str) -> None:
        """Fail if it is this step's turn."""
        if self._left:
            self._left -= 1
            if not self._left:
                self.hit = name
                raise self._fault()


def among_calls(app: Flask, fault: Callable[[], Exception]) -> Trouble:
    """Let calls of the store fail, before they did anything or when all was done."""
    trouble, store = Trouble(fault), app_state(app).ports.store
    for name in (*READS, *COMMITTED):
        real_call = _shaky(trouble, name, getattr(store, name), after=name in COMMITTED)
        setattr(store, name, real_call)
    real = store.transaction

    @contextmanager
    def transaction() -> Iterator[Any]:
        trouble.step("before begin")
        with real() as found:
            yield Shaky(trouble, found)
            trouble.step("before commit")
        trouble.step("after commit")

    store.transaction = transaction  # type: ignore[method-assign]
    return trouble


def among_statements(app: Flask, fault: Callable[[], Exception]) -> Trouble:
    """Let statements and commits fail, as a database does that goes away in between."""
    trouble, store = Trouble(fault), app_state(app).ports.store
    assert isinstance(store, SQLStore)
    opened = store.opened()

    def before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        trouble.step(f"before {statement}")

    for engine in (opened.engine, opened.reader):
        event.listen(engine, "before_cursor_execute", before)
    event.listen(opened.engine, "commit", lambda _connection: trouble.step("commit"))
    return trouble


class Shaky:
    """A transaction, or a part of one, each of whose writes may fail."""

    def __init__(self, trouble: Trouble, real: Any) -> None:
        self._trouble = trouble
        self._real = real

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if not callable(found):
            return Shaky(self._trouble, found)
        return _shaky(self._trouble, name, found, after=False)


def _shaky(
    trouble: Trouble, name: str, real: Callable[..., Any], *, after: bool
) -> Callable[..., Any]:
    def call(*values: Any, **named: Any) -> Any:
        trouble.step(f"before {name}")
        found = real(*values, **named)
        if after:
            trouble.step(f"after {name}")
        return found

    return call


def store_error() -> Exception:
    """The store says it cannot."""
    return StoreError("the database went away")


def something_else() -> Exception:
    """A fault nobody thought of."""
    return RuntimeError("nobody thought of this")


def database_error() -> Exception:
    """The driver's error, as SQLAlchemy gives it."""
    return OperationalError("a statement", {}, Exception("the connection was lost"))


TROUBLES: dict[str, Callable[[Flask], Trouble]] = {
    "store error": lambda app: among_calls(app, store_error),
    "unknown error": lambda app: among_calls(app, something_else),
    "database error": lambda app: among_statements(app, database_error),
}
