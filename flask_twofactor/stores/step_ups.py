"""Leave to do one action, after a step-up: good for one look at its page and one change."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import Connection, bindparam, delete, insert, update
from sqlalchemy.sql.dml import Update

from flask_twofactor.core.records import StepUp

from .schema import step_up


class StepUpWrites:
    """The part of a transaction that gives and uses up such leave."""

    _connection: Connection

    def allow_action(self, made: StepUp) -> None:
        """Write the leave to do one named action, once; those of the user that ran out go."""
        old = (step_up.c.user_key == made.user_key, step_up.c.expires_at <= made.created_at)
        self._connection.execute(delete(step_up).where(*old))
        self._connection.execute(insert(step_up).values(asdict(made)))

    def use_action(
        self,
        step_up_id: str,
        user_key: str,
        action: str,
        *,
        shown_at: float,
        now: float,
        changing: bool,
    ) -> bool:
        """Use that leave up; False if there is none.

        `shown_at` is when the person showed last who they are: no earlier than the leave was
        given.
        """
        values = {
            "row": step_up_id,
            "user": user_key,
            "wanted": action,
            "shown": shown_at,
            "now": now,
        }
        statement = CHANGE if changing else LOOK
        return self._connection.execute(statement, values).rowcount == 1


def _using(column: str) -> Update:
    return (
        update(step_up)
        .where(
            step_up.c.id == bindparam("row"),
            step_up.c.user_key == bindparam("user"),
            step_up.c.action == bindparam("wanted"),
            step_up.c.created_at <= bindparam("shown"),
            step_up.c.expires_at > bindparam("now"),
            step_up.c.used_at.is_(None),
            step_up.c[column].is_(None),
        )
        .values({column: bindparam("now")})
    )


LOOK, CHANGE = _using("seen_at"), _using("used_at")
