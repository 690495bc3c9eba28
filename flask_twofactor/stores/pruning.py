"""Deleting rows that cannot matter any more, in batches, beside traffic.

A missing hold, proof, setup, trusted device or known browser is treated like an ended one, so that deleting
never opens anything. The margins are for people and clocks: a double click after the end still
gets the right words, and a worker whose clock is behind meets no gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Column, ColumnElement, Engine, and_, delete, or_, select

from flask_twofactor.core.keeping import Seen
from flask_twofactor.core.policy import Limits
from flask_twofactor.core.repeating import repeated

from .remedies import translated
from .schema import (
    hold,
    known_browser,
    pending_setup,
    proof,
    send_budget,
    sent_code,
    step_up,
    trusted_device,
)

BATCH = 500
HOUR, DAY = 3600, 86400
UNUSED_BROWSER = 400 * DAY


@dataclass(frozen=True, slots=True)
class Old:
    """The rows of one kind that may go; `indexed` if an index finds them all."""

    kind: str
    row: Column[str]
    condition: ColumnElement[bool]
    indexed: bool = True


def prune(engine: Engine, reader: Engine, limits: Limits, now: float, seen: Seen) -> dict[str, int]:
    """Delete them and give their numbers by kind."""
    return {one.kind: _prune(engine, reader, one, seen) for one in _old(limits, now)}


def _old(limits: Limits, now: float) -> list[Old]:
    dead = [
        proof.c.revoked_at <= now - DAY,
        proof.c.last_used_at <= now - DAY - limits.proof_idle,
    ]
    if limits.proof_age is not None:
        dead.append(proof.c.created_at <= now - DAY - limits.proof_age)
    ended = (
        trusted_device.c.ended_at <= now - DAY,
        trusted_device.c.created_at <= now - DAY - limits.trusted_device,
    )
    return [
        Old("holds", hold.c.id, hold.c.expires_at <= now - HOUR),
        Old("setups", pending_setup.c.id, pending_setup.c.expires_at <= now - HOUR),
        Old("step_ups", step_up.c.id, step_up.c.expires_at <= now - HOUR),
        Old("proofs", proof.c.id, or_(*dead), indexed=False),
        Old("trusted_devices", trusted_device.c.id, or_(*ended), indexed=False),
        Old(
            "known_browsers",
            known_browser.c.id,
            known_browser.c.last_used_at <= now - UNUSED_BROWSER,
        ),
        Old("sent_codes", sent_code.c.binding, sent_code.c.sent_at <= now - 2 * DAY),
        # The longest window is a day, and a pause of sends is remembered for one more.
        Old(
            "send_budgets",
            send_budget.c.id,
            and_(
                send_budget.c.last_at <= now - 2 * DAY,
                send_budget.c.blocked_until <= now - 2 * DAY,
            ),
        ),
    ]


def _prune(engine: Engine, reader: Engine, old: Old, seen: Seen) -> int:
    deleted, last = 0, ""
    while True:
        ids = _batch(reader, old, last)
        gone = _delete(engine, old, ids) if ids else 0
        deleted += gone
        seen(gone)
        if len(ids) < BATCH:
            return deleted
        last = ids[-1]


def _batch(reader: Engine, old: Old, last: str) -> list[str]:
    wanted = select(old.row).where(old.condition).limit(BATCH)
    if not old.indexed:
        # Each batch goes on where the one before ended: the table is read once, not once a batch.
        wanted = wanted.where(old.row > last).order_by(old.row)
    with reader.connect() as connection:
        return list(connection.execute(wanted).scalars())


@repeated
def _delete(engine: Engine, old: Old, ids: Sequence[str]) -> int:
    with translated(), engine.begin() as connection:
        # The condition is asked again: a row that came back into use stays.
        mine = (old.row.in_(ids), old.condition)
        return connection.execute(delete(old.row.table).where(*mine)).rowcount
