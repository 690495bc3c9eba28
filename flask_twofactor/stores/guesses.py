"""Paying for guesses, counting wrong ones, and the browsers that have tries of their own."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, update

from flask_twofactor.core.records import Paid, Wait

from . import schema, throttling
from .throttling import Budgets


class GuessWrites:
    """The part of a transaction that the throttle needs."""

    _connection: Connection
    _budgets: Budgets

    def reserve(self, user_key: str, browsers: Sequence[str], now: float) -> Paid | Wait:
        """Pay for one guess, or say until when to wait; commit it before looking at the code."""
        return self._budgets.reserve(self._connection, user_key, browsers, now)

    def count_failure(self, user_key: str, method: str) -> int:
        """Count a wrong answer for a method; give how many came in a row."""
        values = {"user": user_key, "of_method": method}
        self._connection.execute(throttling.COUNT_FAILURE, values)
        return self._connection.execute(throttling.FAILURES, values).scalar() or 0

    def clear_failures(self, user_key: str, browser: str | None) -> None:
        """Give free tries back after a right answer, to the budget that paid for it."""
        if browser is None:
            self._connection.execute(throttling.CLEAR, {"user": user_key})
        else:
            values = {"user": user_key, "row": browser}
            self._connection.execute(throttling.CLEAR_KNOWN, values)

    def enable_method(self, user_key: str, method: str) -> None:
        """Forget the wrong answers that a method had in a row."""
        self._connection.execute(throttling.ENABLE, {"user": user_key, "of_method": method})

    def unlock(self, user_key: str) -> None:
        """Give the account and its known browsers all their tries back, the daily ones too."""
        cleared = {"failures": 0, "blocked_until": 0, "told_until": 0}
        for table, values in (
            (schema.account, cleared | {"guesses": ""}),
            (schema.known_browser, cleared),
            (schema.authenticator, {"failures": 0}),
        ):
            mine = table.c.user_key == user_key
            self._connection.execute(update(table).where(mine).values(**values))

    def know_browser(
        self, user_key: str, browser: str, now: float, *, replaces: str | None
    ) -> None:
        """Know a browser under a new reference, with all its own tries."""
        table = schema.known_browser
        if replaces is not None:
            mine = (table.c.id == replaces, table.c.user_key == user_key)
            fresh = {"id": browser, "last_used_at": now, "failures": 0, "blocked_until": 0}
            if self._connection.execute(update(table).where(*mine).values(**fresh)).rowcount == 1:
                return
        row = {"id": browser, "user_key": user_key, "created_at": now, "last_used_at": now}
        self._connection.execute(insert(table).values(row))

    def forget_browsers(self, user_key: str) -> None:
        """Know none of the user's browsers any more."""
        table = schema.known_browser
        self._connection.execute(delete(table).where(table.c.user_key == user_key))
