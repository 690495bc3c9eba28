"""Trying a whole transaction again, when the database gave it up for another one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from .errors import ContentionError, StoreError

P = ParamSpec("P")
R = TypeVar("R")
TRIES = 3


def repeated(function: Callable[P, R]) -> Callable[P, R]:
    """Call again, up to three times in all, after a deadlock or a serialization failure.

    For a function that is one transaction and what goes before it. Only a row count refuses:
    who lost to another transaction looks again, and then meets what that one wrote. After the
    last try it is a StoreError.
    """

    @wraps(function)
    def called(*values: P.args, **named: P.kwargs) -> R:
        for _ in range(TRIES - 1):
            try:
                return function(*values, **named)
            except ContentionError:
                continue
        try:
            return function(*values, **named)
        except ContentionError as error:
            message = f"the store gave the same transaction up {TRIES} times."
            raise StoreError(message) from error

    return called
