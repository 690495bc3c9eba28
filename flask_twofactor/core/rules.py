"""What tenants ask of a person, and by when: pure functions of their rules, the person, the time.

A person's grace begins once: at the later of the moment a rule first asked people like them and
the moment they were first seen in the tenant. Switching a rule off and on, or moving its start
once that has passed, gives nobody a second one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal

Mode = Literal["optional", "roles", "all"]
State = Literal["not_required", "in_grace", "required"]

DAY = 86400
EVERYBODY = ""
SITE = ""
"""The name under which the site itself asks: its floor is a rule like any other."""
LAST_RESORT = "totp"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one tenant asks of its people.

    `mode` is `optional`, `roles` or `all`. `methods` None allows all there are,
    `trusted_device_days` and `backup_codes` None take the site's. `began` says when each group
    (a role, or `EVERYBODY`) was first asked, in UTC epoch seconds; version 0 was never saved.
    """

    tenant: str
    mode: Mode = "optional"
    roles: tuple[str, ...] = ()
    starts_on: date | None = None
    grace_days: int = 0
    methods: tuple[str, ...] | None = None
    trusted_device_days: int | None = None
    backup_codes: int | None = None
    version: int = 0
    began: tuple[tuple[str, float], ...] = ()

    def __repr__(self) -> str:
        return (
            f"Rule(tenant={self.tenant!r}, mode={self.mode!r}, roles={self.roles!r}, "
            f"starts_on={_iso(self.starts_on)!r}, grace_days={self.grace_days!r}, "
            f"methods={self.methods!r}, trusted_device_days={self.trusted_device_days!r}, "
            f"backup_codes={self.backup_codes!r}, version={self.version!r})"
        )


@dataclass(frozen=True, slots=True)
class Membership:
    """A person's place in one tenant: first seen there, and excused until a time, if at all."""

    tenant: str
    first_seen: float
    exempt_until: float | None = None


@dataclass(frozen=True, slots=True)
class Belonging:
    """Where a person belongs: tenants and roles; None for what the host could not tell.

    What cannot be told counts as asked: a failing callback never opens a door.
    """

    tenants: tuple[str, ...] | None = ()
    roles: tuple[str, ...] | None = ()


NOWHERE = Belonging()


@dataclass(frozen=True, slots=True)
class Requirement:
    """Whether a second factor is asked of a person: by whom, and by when while there is time.

    `asks` names tenants, `SITE` among them; `excused` those that would ask, but for an exemption.
    """

    state: State = "not_required"
    asks: tuple[str, ...] = ()
    by: float | None = None
    excused: tuple[str, ...] = ()

    @property
    def is_required(self) -> bool:
        """Whether it is asked now."""
        return self.state == "required"


NOTHING_ASKED = Requirement()


@dataclass(frozen=True, slots=True)
class Terms:
    """The strictest of several tenants; `methods` are in the site's order."""

    methods: tuple[str, ...]
    trusted_device_days: int
    backup_codes: int


def applies(rule: Rule, roles: Collection[str] | None) -> bool:
    """Say whether a rule is about a person with these roles; unknown roles count as asked."""
    if rule.mode == "roles":
        return roles is None or not set(roles).isdisjoint(rule.roles)
    return rule.mode == "all"


def grace_end(rule: Rule, roles: Collection[str] | None, first_seen: float) -> float:
    """Give when a person's grace under a rule ends, in UTC epoch seconds."""
    groups = None if roles is None else {EVERYBODY, *roles}
    began = [at for group, at in rule.began if groups is None or group in groups]
    return max(min(began, default=0), first_seen) + rule.grace_days * DAY


def due(rule: Rule, roles: Collection[str] | None, member: Membership) -> float | None:
    """Give when a rule asks a member: as their grace ends, or their excuse if that is later.

    None if it is not about them.
    """
    if not applies(rule, roles):
        return None
    return max(grace_end(rule, roles, member.first_seen), member.exempt_until or 0)


def requirement(
    places: Iterable[tuple[Rule, Membership | None]],
    roles: Collection[str] | None,
    now: float,
) -> Requirement:
    """Give what all rules together ask of a person now; the strictest wins.

    Who was never seen in a tenant is seen now.
    """
    due: list[tuple[float, str]] = []
    soon: list[tuple[float, str]] = []
    excused: list[str] = []
    for rule, member in places:
        if not applies(rule, roles):
            continue
        if member is not None and _is_exempt(member, now):
            excused.append(rule.tenant)
            continue
        end = grace_end(rule, roles, now if member is None else member.first_seen)
        (due if end <= now else soon).append((end, rule.tenant))
    names = tuple(sorted(excused))
    if due:
        return Requirement("required", tuple(sorted(name for _, name in due)), None, names)
    if soon:
        asks = tuple(sorted(name for _, name in soon))
        return Requirement("in_grace", asks, min(end for end, _ in soon), names)
    return Requirement(excused=names)


def unknown() -> Requirement:
    """Give what is asked of a person whose tenants cannot be told: it is required, now."""
    return Requirement("required", (SITE,))


def terms(rules: Iterable[Rule], installed: Sequence[str], site: Terms) -> Terms:
    """Give the strictest terms of several rules: methods that all allow, the smallest numbers.

    If no method is common to the rules, TOTP is allowed; where it is not installed, all are.
    """
    methods, days, codes = set(installed), site.trusted_device_days, site.backup_codes
    for rule in rules:
        if rule.methods is not None:
            methods &= set(rule.methods)
        if rule.trusted_device_days is not None:
            days = min(days, rule.trusted_device_days)
        if rule.backup_codes is not None:
            codes = min(codes, rule.backup_codes)
    allowed = methods or {LAST_RESORT} & set(installed) or set(installed)
    return Terms(tuple(name for name in installed if name in allowed), days, codes)


def amend(old: Rule, new: Rule, now: float) -> Rule:
    """Give the rule that follows another: with its start, its version, and who was asked when.

    A start that passed stays: moving it on, or switching off and on, renews nobody's grace.
    """
    starts_on = new.starts_on or (old.starts_on if old.mode != "optional" else None) or _day(now)
    start = start_of(starts_on)
    began = {group: at for group, at in old.began if at <= now}
    for group in _groups(new):
        began[group] = min(began.get(group, start), start)
    return replace(
        new, starts_on=starts_on, version=old.version + 1, began=tuple(sorted(began.items()))
    )


def start_of(day: date) -> float:
    """Give when a day begins, in UTC epoch seconds."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def acts_from(rule: Rule) -> float:
    """Give the first moment at which a rule can require anything of anybody."""
    return grace_end(rule, None, 0)


def may_act_on(own: Collection[str], theirs: Collection[str], tenant: str) -> bool:
    """Say whether an admin of some tenants may help an admin of others, in one of them.

    Never upward: whoever administers a tenant that the admin does not is out of reach.
    """
    return tenant in own and set(theirs) <= set(own)


def floor(mode: Mode, roles: Collection[str]) -> Rule:
    """Give the site's own demand as a rule without a start or a grace."""
    return Rule(SITE, mode, tuple(sorted(roles)))


def _groups(rule: Rule) -> tuple[str, ...]:
    if rule.mode == "roles":
        return rule.roles
    return (EVERYBODY,) if rule.mode == "all" else ()


def _is_exempt(member: Membership, now: float) -> bool:
    return member.exempt_until is not None and now < member.exempt_until


def _day(at: float) -> date:
    return datetime.fromtimestamp(at, UTC).date()


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
