"""Notices in SQL: queued with their event, tried by whoever claims them, deleted when sent."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import (
    Connection,
    Double,
    Integer,
    String,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from flask_twofactor.core.notices import Notice, next_try
from flask_twofactor.core.throttle import DAY

from .schema import account
from .schema import notice as queue

LONGEST_TEXT = 500
LONGEST_LANGUAGE = 35

_id = bindparam("row", type_=String)
_now = bindparam("now", type_=Double)
_tried = bindparam("tried", type_=Integer)

QUEUE = insert(queue)
FIRST_TODAY = (
    update(account)
    .where(
        account.c.user_key == bindparam("user", type_=String),
        account.c.noticed_at <= bindparam("before", type_=Double),
    )
    .values(noticed_at=_now)
)
DUE = (
    select(queue)
    .where(queue.c.try_at <= _now)
    .order_by(queue.c.try_at, queue.c.id)
    .limit(bindparam("most", type_=Integer))
)
CLAIM = (
    update(queue)
    .where(queue.c.id == _id, queue.c.tries == _tried, queue.c.try_at <= _now)
    .values(tries=_tried + 1, try_at=bindparam("again_at", type_=Double))
)
FINISH = delete(queue).where(queue.c.id == _id)


def add(connection: Connection, notice: Notice) -> bool:
    """Queue a notice; False if it is of a kind that this person was told of today."""
    if notice.once_a_day:
        values = {"user": notice.user_key, "now": notice.at, "before": notice.at - DAY}
        if connection.execute(FIRST_TODAY, values).rowcount != 1:
            return False
    connection.execute(QUEUE, _row(notice))
    return True


def claim(connection: Connection, notice: Notice, now: float) -> bool:
    """Take a due notice for one try; False if somebody was faster.

    The same write says when it may be tried next, so a try that fails, or a process that
    dies in it, leaves nothing to be undone.
    """
    again_at = next_try(notice.tries, now)
    values = {"row": notice.id, "tried": notice.tries, "now": now, "again_at": again_at}
    return connection.execute(CLAIM, values).rowcount == 1


def finish(connection: Connection, notice_id: str) -> bool:
    """Forget a notice that was sent or is given up; False if it was gone."""
    return connection.execute(FINISH, {"row": notice_id}).rowcount == 1


def read(row: Any) -> Notice:
    """Give the notice of a row."""
    return Notice(
        id=row.id,
        user_key=row.user_key,
        kind=row.kind,
        at=row.at,
        language=row.language,
        tries=row.tries,
        try_at=row.try_at,
        facts=json.loads(row.body),
    )


def _row(notice: Notice) -> dict[str, Any]:
    facts = {name: _cut(value) for name, value in notice.facts.items()}
    return {
        "id": notice.id,
        "user_key": notice.user_key,
        "kind": notice.kind,
        "at": notice.at,
        "language": notice.language[:LONGEST_LANGUAGE],
        "tries": notice.tries,
        "try_at": notice.try_at,
        "body": json.dumps(facts),
    }


def _cut(value: Any) -> Any:
    return value[:LONGEST_TEXT] if isinstance(value, str) else value
