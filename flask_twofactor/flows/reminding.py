"""Telling people in time that their grace ends."""

from __future__ import annotations

import math

from flask_twofactor.core import rules
from flask_twofactor.core.members import Member, Wanted
from flask_twofactor.core.records import Event
from flask_twofactor.core.repeating import repeated
from flask_twofactor.core.rules import DAY, Rule

from .context import Ports

STEPS = (1, 7, 14)
ROWS = 1000


def remind(ports: Ports, tenant: str, *, actor: str) -> int:
    """Remind whoever is not ready 14, 7 and 1 days before their own date, once each.

    That is when their grace ends, or their excuse if that is later. Give how many were reminded.
    To be run daily; a day that was missed sends one reminder, not two. Each is an event, with
    its notice.
    """
    rule = ports.store.rule(tenant)
    if rule.mode == "optional":
        return 0
    waiting = ports.store.all_members(tenant, Wanted("not_ready", limit=ROWS), ports.clock())
    return sum(_remind(ports, rule, member, actor) for member in waiting)


@repeated
def _remind(ports: Ports, rule: Rule, member: Member, actor: str) -> bool:
    now, due = ports.clock(), rules.due(rule, member.roles, member.membership)
    if due is None or due <= now:
        return False
    left = math.ceil((due - now) / DAY)
    step = next((days for days in STEPS if left <= days), None)
    if step is None:
        return False
    with ports.store.transaction() as transaction:
        if not transaction.remind(rule.tenant, member.user_key, due, step):
            return False
        transaction.record(
            Event(
                "reminder_due",
                member.user_key,
                now,
                actor=actor,
                reason=str(left),
                tenant=rule.tenant,
            )
        )
    return True
