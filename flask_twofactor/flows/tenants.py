"""What admins of a tenant do: set its rule, excuse, unlock and reset its people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NoReturn

from flask_twofactor.core import rules
from flask_twofactor.core.codes import group, make_backup_code
from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.members import Adoption, Count, Group, count
from flask_twofactor.core.policy import is_recent
from flask_twofactor.core.records import Event
from flask_twofactor.core.repeating import repeated
from flask_twofactor.core.rules import DAY, Rule

from . import changing
from .acting import Acting
from .context import Ports

LONGEST_REASON = 500
LONGEST_EXEMPTION_DAYS = 366
SETUP_CODE_SECONDS = 3 * DAY
MOST_COUNTED = 1000
DAYS_SHOWN = 90


@dataclass(frozen=True, slots=True)
class Admin:
    """Who acts, and the tenants they administer; without `acting` it is an operator."""

    user_key: str
    tenants: Collection[str] = ()
    acting: Acting | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Target:
    """Whom an admin acts on, as the host shows them now: their tenants and what they run."""

    user_key: str
    tenants: Collection[str] = ()
    administered: Collection[str] = ()


def ask_for_help(ports: Ports, admin: Admin, tenant: str, target: Target) -> None:
    """Let pass an admin who may act on this person now; RefusedError says why not.

    Never on oneself, upward or across tenants (ASVS 8.2.2, 8.4.1), and only just after a full
    second factor. Who is refused leaves an event.
    """
    theirs = tenant in target.tenants and target.user_key != admin.user_key
    if not theirs or not rules.may_act_on(admin.tenants, target.administered, tenant):
        refuse(ports, admin, target.user_key, tenant)
    ask_for_proof(ports, admin)


def ask_for_tenant(ports: Ports, admin: Admin, tenant: str) -> None:
    """Let pass an admin of this tenant; who is refused leaves an event."""
    if tenant not in admin.tenants:
        refuse(ports, admin, admin.user_key, tenant)


def ask_for_proof(ports: Ports, admin: Admin) -> None:
    """Let pass who showed a full second factor just now (ASVS 7.5.3); an operator needs none."""
    if admin.acting is None:
        return
    proof, now = admin.acting.proof, ports.clock()
    if proof is None or not is_recent(proof.verified_at, ports.limits.step_up, now):
        raise RefusedError("step_up_required", full=True)


def refuse(ports: Ports, admin: Admin, user_key: str, tenant: str) -> NoReturn:
    """Refuse, and leave an event of who tried what."""
    note_refused(ports, admin, user_key, tenant)
    raise RefusedError("not_allowed")


@repeated
def note_refused(ports: Ports, admin: Admin, user_key: str, tenant: str) -> None:
    """Leave an event of who tried what, where they may not."""
    with ports.store.transaction() as transaction:
        transaction.record(
            Event("admin_refused", user_key, ports.clock(), actor=admin.user_key, reason=tenant)
        )


@repeated
def set_rule(ports: Ports, admin: Admin, new: Rule, *, expected: int | None = None) -> Rule:
    """Save a tenant's rule and give it; it acts at the next request of everybody.

    Devices that are too old for it end for good: a later rule with more days revives none.
    With `expected`, the version that the admin saw, a rule that was saved meanwhile stays:
    RefusedError `rule_changed`.
    """
    check(ports, new)
    old = ports.store.rule(new.tenant)
    now = ports.clock()
    rule = rules.amend(old, new, now)
    with ports.store.transaction() as transaction:
        seen = expected is None or expected == old.version
        if not seen or not transaction.save_rule(rule):
            raise RefusedError("rule_changed")
        if rule.trusted_device_days is not None:
            oldest = now - rule.trusted_device_days * rules.DAY
            transaction.end_devices_of(rule.tenant, oldest, now)
        transaction.record(
            Event(
                "policy_changed",
                admin.user_key,
                now,
                actor=admin.user_key,
                reason=repr(rule),
                tenant=rule.tenant,
            )
        )
    return rule


def check(ports: Ports, rule: Rule) -> None:
    """Refuse a rule that says nothing sensible; RefusedError names the field."""
    installed = {method.name for method in ports.methods if not method.fallback_only}
    if rule.mode == "roles" and not rule.roles:
        raise RefusedError("roles_missing", field="roles")
    if rule.methods is not None and not (rule.methods and set(rule.methods) <= installed):
        raise RefusedError("methods_unknown", field="methods")


@repeated
def exempt(
    ports: Ports, admin: Admin, tenant: str, user_key: str, *, until: float | None, reason: str
) -> None:
    """Excuse a person from a tenant's rule until a time; None takes the excuse back."""
    now, why = ports.clock(), tidy_reason(reason)
    if until is not None and not now < until <= now + LONGEST_EXEMPTION_DAYS * DAY:
        raise RefusedError("until_wrong", field="until")
    with ports.store.transaction() as transaction:
        if not transaction.exempt(tenant, user_key, until, why if until is not None else ""):
            raise RefusedError("unknown_member")
        actor = admin.user_key
        excused = Event("exempted", user_key, now, actor=actor, reason=why, tenant=tenant)
        ended = Event("exemption_ended", user_key, now, actor=actor, reason=why, tenant=tenant)
        transaction.record(ended if until is None else excused)


def unlock(ports: Ports, admin: Admin, user_key: str) -> None:
    """Give a person all their tries back."""
    changing.unlock(ports, user_key, actor=admin.user_key)


def reset(
    ports: Ports, admin: Admin, user_key: str, *, reason: str, with_code: bool = False
) -> str | None:
    """Remove all a person has set up and end their sessions; give the setup code, if wished.

    With it a stolen password alone cannot set up anything: the code goes to the person by
    another way, is good once, and for three days (ASVS 6.4.1). Nobody learns it again.
    """
    why, code = tidy_reason(reason), make_backup_code() if with_code else None
    until = ports.clock() + SETUP_CODE_SECONDS
    changing.reset(
        ports, user_key, actor=admin.user_key, reason=why, setup_code=code, code_until=until
    )
    return None if code is None else group(code)


def tidy_reason(reason: object) -> str:
    """Give a reason as it is kept: one printable line; RefusedError if there is none."""
    text = reason if isinstance(reason, str) else ""
    shown = "".join(character if character.isprintable() else " " for character in text)
    if not (tidy := " ".join(shown.split())[:LONGEST_REASON].strip()):
        raise RefusedError("reason_missing", field="reason")
    return tidy


def affected(groups: Sequence[Group], rule: Rule) -> Count:
    """Count whom a rule asks, and how many of those are not ready."""
    if rule.mode == "optional":
        return Count()
    return count(groups, rule.roles if rule.mode == "roles" else None)


def tally(ports: Ports, tenant: str) -> tuple[Sequence[Group], bool]:
    """Count a tenant's people for its page, and say whether those are all of them.

    No more than a thousand are counted: the page costs the same however many there are.
    """
    groups = ports.store.groups(tenant, MOST_COUNTED + 1)
    return groups, sum(one.number for one in groups) <= MOST_COUNTED


@repeated
def note_today(ports: Ports, tenant: str, groups: Sequence[Group]) -> tuple[Adoption, ...]:
    """Keep how far a tenant has come today, and give the days that the chart shows."""
    found, counted = ports.store.adoption(tenant, DAYS_SHOWN), count(groups)
    today = Adoption(day_of(ports.clock()), counted.people, counted.ready)
    if counted.people == 0 or found[-1:] == (today,):
        return found
    with ports.store.transaction() as transaction:
        transaction.note_adoption(tenant, today)
    earlier = [one for one in found if one.day != today.day]
    return (*earlier, today)[-DAYS_SHOWN:]


@repeated
def report(ports: Ports, admin: Admin, tenant: str) -> Count:
    """Count a tenant's people, keep that as today's number, and leave an event."""
    counted, now = count(ports.store.groups(tenant)), ports.clock()
    today = Adoption(day_of(now), counted.people, counted.ready)
    said, actor = f"{counted.ready} of {counted.people} ready", admin.user_key
    with ports.store.transaction() as transaction:
        if counted.people:
            transaction.note_adoption(tenant, today)
        transaction.record(Event("reported", actor, now, actor=actor, reason=said, tenant=tenant))
    return counted


def day_of(at: float) -> str:
    """Give the UTC day of a time as an ISO date."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()
