"""Sent codes, and the budgets of what is sent: each payment is one UPDATE that also refuses.

A budget's `log` has ten digits for each of its newest sends, so that any 24 hours count, not
calendar days. Its row is named by a keyed digest: the table holds no number and no address.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BindParameter,
    Case,
    Connection,
    Double,
    Integer,
    String,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from flask_twofactor.core.errors import StoreError
from flask_twofactor.core.sending import LIFETIME, TRIES, Budget, Sent, SentCode

from .schema import send_budget, sent_code
from .sealing import KeyRing

BUDGET, CODE, PAUSE = "send_budget", "sent_code", "send_pause"
STAMP = 10

_id: BindParameter[str] = bindparam("row", type_=String)
_user: BindParameter[str] = bindparam("user", type_=String)
_now = bindparam("now", type_=Double)
_until = bindparam("until", type_=Double)
_stamp = bindparam("stamp", type_=String)
_limit = bindparam("limit", type_=Integer)
_keep = bindparam("keep", type_=Integer)

_log = send_budget.c.log
_length = func.length(_log)
_OLDEST: Case[str | None] = case(
    (_length >= _limit, func.substr(_log, _length - _limit + 1, STAMP)), else_=None
)
_cut = case((_length >= _keep, func.substr(_log, _length - _keep + STAMP + 1)), else_=_log)
OVERSPEND = (
    update(send_budget).where(send_budget.c.id == _id).values(log=_cut + _stamp, last_at=_now)
)
SPEND = OVERSPEND.where(
    or_(_length < _limit, bindparam("floor", type_=String) >= _OLDEST),
)
OLDEST = select(_OLDEST).where(send_budget.c.id == _id)
GIVE_BACK = (
    update(send_budget)
    .where(send_budget.c.id == _id, _length >= STAMP)
    .values(log=func.substr(_log, 1, _length - STAMP))
)
TELL = (
    update(send_budget)
    .where(send_budget.c.id == _id, send_budget.c.told_until <= _now)
    .values(told_until=_until)
)
PAUSED = select(func.max(send_budget.c.blocked_until)).where(
    send_budget.c.id.in_(bindparam("rows", expanding=True))
)
ADOPT = (
    update(send_budget)
    .where(send_budget.c.id.in_(bindparam("olders", expanding=True)))
    .values(id=_id)
)
PAUSE_MORE = (
    update(send_budget)
    .where(send_budget.c.id == _id, send_budget.c.blocked_until <= _now)
    .values(blocked_until=_until)
)

_mine = (sent_code.c.binding == _id, sent_code.c.user_key == _user)
_alive = (sent_code.c.spent_at.is_(None), sent_code.c.expires_at > _now)
RENEW = (
    update(sent_code)
    .where(*_mine)
    .values(digest=bindparam("code"), sent_at=_now, expires_at=_until, spent_at=None)
)
VOID = update(sent_code).where(sent_code.c.binding == _id).values(expires_at=0)
END = (
    update(sent_code)
    .where(sent_code.c.user_key == _user, sent_code.c.expires_at > _now)
    .values(expires_at=_now)
)
TRY = (
    update(sent_code)
    .where(*_mine, *_alive, sent_code.c.tries < TRIES)
    .values(tries=sent_code.c.tries + 1)
)
USE_UP = (
    update(sent_code)
    .where(*_mine, *_alive, sent_code.c.digest.in_(bindparam("digests", expanding=True)))
    .values(spent_at=_now, tries=0)
)
NEWEST = select(
    sent_code.c.sent_at, sent_code.c.expires_at, sent_code.c.tries, sent_code.c.spent_at
).where(*_mine)
RETURNED = select(func.count(), func.count(sent_code.c.spent_at)).where(
    sent_code.c.purpose == bindparam("purpose", type_=String),
    sent_code.c.sent_at > bindparam("since", type_=Double),
    sent_code.c.sent_at <= _until,
    sent_code.c.expires_at > 0,
)


class SQLSends:
    """See `core.ports.Sends`."""

    def __init__(self, connection: Connection, ring: KeyRing) -> None:
        self._connection = connection
        self._ring = ring

    def spend(self, budget: Budget, now: float) -> float | None:
        """Pay for one send; None if that was possible, else the time when it will be."""
        values = self._payment(budget, now)
        floor = f"{max(0, int(now) - budget.seconds):0{STAMP}}"
        for _ in range(3):
            if self._connection.execute(SPEND, values | {"floor": floor}).rowcount == 1:
                return None
            found = self._connection.execute(OLDEST, values).one_or_none()
            if found is not None and found[0]:
                return float(int(found[0]) + budget.seconds)
            if found is not None or self._adopt(budget.subject, BUDGET, budget.scope):
                continue
            if self._begin(budget.scope, values, log=values["stamp"]):
                return None
        raise StoreError("a budget for sends can neither be read nor made")

    def overspend(self, budget: Budget, now: float) -> None:
        """Count a send that its budget had no place for; the oldest one is forgotten."""
        self._connection.execute(OVERSPEND, self._payment(budget, now))

    def give_back(self, budget: Budget) -> None:
        """Take the newest payment back."""
        self._connection.execute(GIVE_BACK, {"row": self._row(budget)})

    def is_news(self, budget: Budget, until: float, now: float) -> bool:
        """Say, once until that time, that nobody was told yet that this budget is used up."""
        self._adopt(budget.subject, BUDGET, budget.scope)
        values = {"row": self._row(budget), "until": until, "now": now}
        return self._connection.execute(TELL, values).rowcount == 1

    def keep(self, user_key: str, code: SentCode, now: float) -> None:
        """Keep a code that is about to be sent; it takes the older one's place, not its tries."""
        values = {"row": code.binding, "user": user_key, "now": now, "until": now + LIFETIME}
        values["code"] = self._ring.digest(code.code, *_bound(user_key, code))
        if self._connection.execute(RENEW, values).rowcount == 1:
            return
        row = {"binding": code.binding, "user_key": user_key, "digest": values["code"]}
        row |= {"sent_at": now, "expires_at": now + LIFETIME}
        row["purpose"] = code.binding.partition(":")[0]
        self._connection.execute(insert(sent_code).values(row))

    def void(self, binding: str) -> None:
        """Let the code of a binding count no more, because it was not sent."""
        self._connection.execute(VOID, {"row": binding})

    def end_codes(self, user_key: str, now: float) -> None:
        """Let no code that was sent to a person count any more; that it was sent stays known."""
        self._connection.execute(END, {"user": user_key, "now": now})

    def count_try(self, user_key: str, binding: str, now: float) -> bool:
        """Count an answer; False if there is no code to be answered, or no try left."""
        values = {"row": binding, "user": user_key, "now": now}
        return self._connection.execute(TRY, values).rowcount == 1

    def use_up(self, user_key: str, code: SentCode, now: float) -> bool:
        """Use a sent code up; False if it is not the right one, or was used before."""
        digests = self._ring.digests(code.code, *_bound(user_key, code))
        values = {"row": code.binding, "user": user_key, "now": now, "digests": digests}
        return self._connection.execute(USE_UP, values).rowcount == 1

    def returned(self, purpose: str, since: float, until: float) -> tuple[int, int]:
        """Count the codes of a purpose that were sent in a time, and those that came back."""
        values = {"purpose": purpose, "since": since, "until": until}
        sent, back = self._connection.execute(RETURNED, values).one()
        return int(sent), int(back)

    def paused_until(self, purpose: str) -> float:
        """Give until when no codes of a purpose are sent."""
        rows = self._ring.digests(purpose, PAUSE)
        return float(self._connection.execute(PAUSED, {"rows": rows}).scalar() or 0)

    def pause(self, purpose: str, until: float, now: float) -> bool:
        """Send no more codes of a purpose until a time; False if that was so already."""
        row = self._ring.digest(purpose, PAUSE)
        values = {"row": row, "until": until, "now": now}
        known = self._connection.execute(PAUSED, {"rows": [row]}).scalar() is not None
        if not known and not self._adopt(purpose, PAUSE):
            self._begin("pause", values, log="")
        return self._connection.execute(PAUSE_MORE, values).rowcount == 1

    def _payment(self, budget: Budget, now: float) -> dict[str, Any]:
        return {
            "row": self._row(budget),
            "now": now,
            "stamp": f"{int(now):0{STAMP}}",
            "limit": budget.limit * STAMP,
            "keep": budget.kept * STAMP,
        }

    def _begin(self, scope: str, values: dict[str, Any], *, log: str) -> bool:
        row = {"id": values["row"], "scope": scope, "log": log, "last_at": values["now"]}
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(send_budget).values(row))
        except IntegrityError:  # somebody was faster
            return False
        return True

    def _adopt(self, text: str, *bound: str) -> bool:
        """Take over the row that was named under another key, so that a new key resets nothing."""
        row = self._ring.digest(text, *bound)
        olders = [one for one in self._ring.digests(text, *bound) if one != row]
        if not olders:
            return False
        try:
            with self._connection.begin_nested():
                return self._connection.execute(ADOPT, {"row": row, "olders": olders}).rowcount > 0
        except IntegrityError:  # somebody made one under this key, or there are two older ones
            return False

    def _row(self, budget: Budget) -> str:
        return self._ring.digest(budget.subject, BUDGET, budget.scope)


def newest(found: Any) -> Sent | None:
    """Give what a row of `NEWEST` says."""
    if found is None:
        return None
    sent_at, expires_at, tries, spent_at = found
    return Sent(sent_at, expires_at, tries, spent=spent_at is not None)


def _bound(user_key: str, code: SentCode) -> tuple[str, ...]:
    return CODE, user_key, code.binding, code.number
