"""Which events a person hears of, and when a notice is tried again; pure rules.

A new kind is one row of RULES here and its words in `web/notice_words.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .records import Event, Surroundings
from .tokens import new_id

FIRST_WAIT = 300
LONGEST_WAIT = 3600
KEPT_SECONDS = 3 * 86400
FIRST_WARNING, NEXT_WARNINGS = 5, 25


@dataclass(frozen=True, slots=True)
class Notice:
    """A mail to be sent: to whom, of which kind, and the facts it tells. Never a secret.

    `at` is when it happened and `try_at` when it may be tried again, in UTC epoch seconds.
    """

    id: str
    user_key: str
    kind: str
    at: float
    language: str
    tries: int
    try_at: float
    facts: Mapping[str, Any] = field(default_factory=dict)
    once_a_day: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A notice as it is sent: the same words as text and as HTML.

    The texts may hold a link that ends the person's sessions, so they are in no `repr`.
    """

    kind: str
    to: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    language: str = "en"


def _always(_event: Event) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Rule:
    """Events of one name that give a notice of one kind; `once_a_day` where they may repeat."""

    kind: str
    event: str
    applies: Callable[[Event], bool] = _always
    once_a_day: bool = False


def _warns(event: Event) -> bool:
    count = event.failures or 0
    return count == FIRST_WARNING or (count > 0 and count % NEXT_WARNINGS == 0)


def _follows_many(event: Event) -> bool:
    return (event.failures or 0) >= FIRST_WARNING


RULES = (
    Rule("set_up", "enrolled", lambda event: event.reason == "first"),
    Rule("authenticator_added", "enrolled", lambda event: event.reason is None),
    Rule("number_changed", "replaced"),
    Rule("authenticator_removed", "removed"),
    Rule("turned_off", "disabled"),
    Rule("backup_code_used", "code_used"),
    Rule("codes_renewed", "codes_regenerated"),
    Rule("codes_retiring", "codes_retiring"),
    Rule("codes_ended", "codes_ended"),
    Rule("code_refused", "failed", _warns),
    Rule("code_refused", "replay_seen", _warns),
    Rule("signed_in_after_wrong_codes", "verified", _follows_many),
    Rule("locked", "throttled", lambda event: event.reason == "per_day", once_a_day=True),
    Rule("method_locked", "disabled_authenticator"),
    Rule("method_unlocked", "enabled_authenticator"),
    Rule("reset", "admin_reset"),
    Rule("device_trusted", "device_trusted"),
    Rule("device_copied", "device_stale_used"),
    Rule("password_changed", "password_changed"),
    Rule("reminder", "reminder_due"),
)
"""ASVS 6.3.5 and 6.3.7: wrong codes after a right password, success after them, every change.

What the host imports gives none: moving thousands of people over must not write to them.
"""


def rule_for(event: Event) -> Rule | None:
    """Give the rule by which an event becomes a notice, or None."""
    return next((rule for rule in RULES if rule.event == event.name and rule.applies(event)), None)


def notice_of(rule: Rule, event: Event, around: Surroundings, language: str) -> Notice:
    """Make the notice of an event. Who queues it has the first try, so it is due only later."""
    facts = {
        "method": event.method,
        "authenticator": event.authenticator_name,
        "remaining": event.remaining,
        "failures": event.failures,
        "address": around.address,
        "agent": around.agent,
    }
    if event.name == "reminder_due":
        facts |= {"days": int(event.reason or 1), "tenant": event.tenant}
    return Notice(
        id=new_id(),
        user_key=event.user_key,
        kind=rule.kind,
        at=event.at,
        language=language,
        tries=1,
        try_at=next_try(0, event.at),
        facts={name: value for name, value in facts.items() if value is not None},
        once_a_day=rule.once_a_day,
    )


def next_try(tries: int, now: float) -> float:
    """Give when a notice that was tried so often may be tried again: waits double up to 1 h.

    The first wait is longer than any sending takes, so that no two ever send the same notice.
    """
    return now + min(FIRST_WAIT << min(tries, 10), LONGEST_WAIT)


def is_too_old(notice: Notice, now: float) -> bool:
    """Say whether a notice is given up: after three days it helps nobody."""
    return now >= notice.at + KEPT_SECONDS
