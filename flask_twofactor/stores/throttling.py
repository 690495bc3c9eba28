"""The budgets for guesses in SQL: each reservation is one UPDATE that also enforces the waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    BindParameter,
    Case,
    ColumnElement,
    Connection,
    Double,
    Row,
    String,
    Table,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.sql.dml import Update

from flask_twofactor.core.errors import StoreError
from flask_twofactor.core.records import Paid, Wait
from flask_twofactor.core.throttle import DAY, Throttle, waits

from .schema import account, authenticator, known_browser

STAMP = 10
"""How many digits a guess leaves in `account.guesses`, which is a log of the newest ones."""

_user: BindParameter[str] = bindparam("user", type_=String)
_row: BindParameter[str] = bindparam("row", type_=String)
_now = bindparam("now", type_=Double)
_stamp = bindparam("stamp", type_=String)
_floor = bindparam("floor", type_=String)
_until = bindparam("until", type_=Double)

_OWN = (known_browser.c.user_key == _user,)
KNOWN = select(known_browser.c.id, known_browser.c.blocked_until, known_browser.c.told_until).where(
    known_browser.c.id.in_(bindparam("rows", expanding=True)), *_OWN
)
TELL = (
    update(account)
    .where(account.c.user_key == _user, account.c.told_until < _until)
    .values(told_until=_until)
)
TELL_KNOWN = (
    update(known_browser)
    .where(known_browser.c.id == _row, known_browser.c.told_until < _until)
    .values(told_until=_until)
)
CLEAR = update(account).where(account.c.user_key == _user).values(failures=0, blocked_until=0)
CLEAR_KNOWN = (
    update(known_browser)
    .where(known_browser.c.id == _row, *_OWN)
    .values(failures=0, blocked_until=0)
)
_MINE = (authenticator.c.user_key == _user, authenticator.c.method == bindparam("of_method"))
COUNT_FAILURE = update(authenticator).where(*_MINE).values(failures=authenticator.c.failures + 1)
FAILURES = select(func.min(authenticator.c.failures)).where(*_MINE)
ENABLE = update(authenticator).where(*_MINE).values(failures=0)


class Budgets:
    """The statements of one app's throttle, built once for its settings."""

    def __init__(self, throttle: Throttle) -> None:
        self._log = throttle.per_day * STAMP
        self._length = func.length(account.c.guesses)
        self._account = self._for_unknown(throttle)
        self._blocked = select(account.c.blocked_until, account.c.told_until, self._oldest()).where(
            account.c.user_key == _user
        )
        self._known = _for_known(replace(throttle, free=throttle.known_free))

    def reserve(
        self, connection: Connection, user_key: str, browsers: Sequence[str], now: float
    ) -> Paid | Wait:
        """Pay for one guess out of the known browser's budget, else out of the account's."""
        known = find_known(connection, user_key, browsers)
        if known is None:
            return self._reserve_unknown(connection, user_key, now)
        values = {"user": user_key, "row": known.id, "now": now}
        if connection.execute(self._known, values).rowcount == 1:
            return Paid(known.id)
        told = {"row": known.id, "until": known.blocked_until}
        first = connection.execute(TELL_KNOWN, told).rowcount == 1
        return Wait(known.blocked_until, first=first)

    def blocked_until(self, connection: Connection, user_key: str, now: float) -> float | None:
        """Say until when unknown browsers wait, or None if they need not; nothing is paid."""
        row = connection.execute(self._blocked, {"user": user_key}).one_or_none()
        if row is None:
            return None
        free_again = int(row[2]) + DAY if row[2] else 0.0
        until = float(max(row[0], free_again))
        return until if until > now else None

    def _reserve_unknown(self, connection: Connection, user_key: str, now: float) -> Paid | Wait:
        stamps = {"stamp": f"{int(now):0{STAMP}}", "floor": f"{max(0, int(now) - DAY):0{STAMP}}"}
        values = {"user": user_key, "now": now}
        if connection.execute(self._account, values | stamps).rowcount == 1:
            return Paid()
        row = connection.execute(self._blocked, {"user": user_key}).one_or_none()
        if row is None:
            message = "a guess for an account that has no row"
            raise StoreError(message)
        blocked, _, oldest = row
        free_again = int(oldest) + DAY if oldest else 0.0
        until = float(max(blocked, free_again))
        first = connection.execute(TELL, {"user": user_key, "until": until}).rowcount == 1
        return Wait(until, "per_day" if free_again > now else "wait", first=first)

    def _for_unknown(self, throttle: Throttle) -> Update:
        cut = func.substr(account.c.guesses, self._length - self._log + STAMP + 1)
        kept = case((self._is_full(), cut), else_=account.c.guesses)
        return (
            update(account)
            .where(
                account.c.user_key == _user,
                account.c.blocked_until <= _now,
                or_(~self._is_full(), self._oldest() <= _floor),
            )
            .values(
                failures=account.c.failures + 1,
                blocked_until=_wait(account, throttle),
                guesses=kept + _stamp,
            )
        )

    def _is_full(self) -> ColumnElement[bool]:
        return self._length >= self._log

    def _oldest(self) -> Case[str | None]:
        found = func.substr(account.c.guesses, self._length - self._log + 1, STAMP)
        return case((self._is_full(), found), else_=None)


def find_known(
    connection: Connection, user_key: str, browsers: Sequence[str]
) -> Row[*tuple[Any, ...]] | None:
    """Give the row of the known browser of this user that one of these references names."""
    if not browsers:
        return None
    values = {"rows": list(browsers), "user": user_key}
    return connection.execute(KNOWN, values).first()


def _for_known(throttle: Throttle) -> Update:
    return (
        update(known_browser)
        .where(known_browser.c.id == _row, known_browser.c.blocked_until <= _now, *_OWN)
        .values(failures=known_browser.c.failures + 1, blocked_until=_wait(known_browser, throttle))
    )


def _wait(table: Table, throttle: Throttle) -> Case[float]:
    count = table.c.failures + 1
    *rising, (_, longest) = waits(throttle)
    first = rising[0][0] if rising else throttle.free
    steps: list[tuple[ColumnElement[bool], ColumnElement[float]]] = [
        (count < first, literal(0.0, Double))
    ]
    steps += [(count == failures, _now + wait) for failures, wait in rising]
    return case(*steps, else_=_now + longest)
