"""What a text to a phone costs: budgets that keep it from being run up as a bill; pure rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Literal

DAY = 86400
LIFETIME = 300
"""How long a sent code is good, in seconds (NIST SP 800-63B-4 3.1.3.2 and ASVS 6.5.5: 10 minutes
at most)."""

TRIES = 5
"""How many answers one hold, step-up or setup may give, however often a code is sent anew."""

HELD_BACK = 20
"""One in so many of a shared budget is kept for numbers that were proven a day ago or earlier."""

KEPT_FOR_KNOWN = 3
"""One in so many of a person's own budget is kept for browsers that they signed in with before."""

SETTLED_SECONDS = DAY
BREAKER_WINDOW = 3600
BREAKER_TRIAL = 5
BREAKER_PATIENCE = 120
"""A code is not missed before so many seconds: people need time to read and type it."""

HURRY_TRIES, HURRY_SECONDS = 3, 600
PREFIX_LEAVES_OUT = 5
OWN_BITS = 64

Outcome = Literal["delivered", "number", "later", "operator", "unknown"]
Scope = Literal[
    "cooldown",
    "user",
    "number",
    "strangers",
    "new_numbers",
    "address",
    "prefix",
    "tenant",
    "day",
    "hurry",
]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one text: whose turn it is now.

    `delivered`: the provider took it. `number`: it will not reach this number. `later`: nothing
    was sent, try again. `operator`: nothing will be sent before somebody mends the account or
    the settings. `unknown`: it may have been sent or not. `detail` is for events and logs and
    holds no number, code or credential.
    """

    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SendLimits:
    """The settings of the budgets; `docs/reference/sms.md` has the why of each."""

    countries: tuple[str, ...] = ()
    deny_prefixes: tuple[str, ...] = ()
    cooldown_seconds: int = 60
    per_user_day: int = 10
    per_number_day: int = 10
    per_address_day: int = 30
    per_prefix_day: int = 200
    per_tenant_day: int = 500
    per_day: int = 1000
    new_numbers_day: int = 2
    breaker_sends: int = 50
    breaker_percent: int = 20
    breaker_minutes: int = 60
    record_only: bool = False


@dataclass(frozen=True, slots=True)
class Errand:
    """One text to be sent: for whom, bound to what, where to, and from where it was asked.

    `proven_at` is when this number was proven by this person; None while it is being set up.
    `known` says that this person signed in with this browser before.
    """

    user_key: str
    method: str
    binding: str
    number: str = field(repr=False)
    proven_at: float | None = None
    authenticator_id: str | None = None
    address: str | None = None
    tenants: tuple[str, ...] = ()
    known: bool = False


@dataclass(frozen=True, slots=True)
class Budget:
    """So many sends in so many seconds for one subject.

    `keep` is how many are remembered: the whole budget, where this errand may use a part of it.
    One that is not `enforced` is counted and told of, and stops nothing.
    """

    scope: Scope
    subject: str = field(repr=False)
    limit: int
    seconds: int = DAY
    keep: int = 0
    enforced: bool = True

    @property
    def kept(self) -> int:
        """How many sends the store remembers for this budget."""
        return max(self.limit, self.keep)


@dataclass(frozen=True, slots=True)
class SentCode:
    """An answer to a sent code: the code, where it went, and what it is bound to."""

    binding: str = field(repr=False)
    number: str = field(repr=False)
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sent:
    """What the store knows of the newest code that was sent for a binding; never the code."""

    sent_at: float
    expires_at: float
    tries: int = 0
    spent: bool = False


def binding(purpose: str, reference: str) -> str:
    """Name what a code is good for: this hold, this step-up session or this setup, nothing else."""
    return f"{purpose}:{reference}"


def mask(number: str) -> str:
    """Give a number as people may see it: its last two digits."""
    return f"•••• {number[-2:]}"


def network(address: str) -> str:
    """Give what one visitor has: an IPv4 address, but of IPv6 the /64 (RFC 4291 2.5.4), all their own."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Network((found, OWN_BITS), strict=False))


def is_denied(limits: SendLimits, number: str) -> bool:
    """Say whether the operator shut this number's prefix."""
    return number.startswith(limits.deny_prefixes)


def budgets(limits: SendLimits, errand: Errand, now: float) -> list[Budget]:
    """Give the budgets that one send must pay from, always in the same order.

    A number that is being set up pays from a budget of its own besides: strangers who name
    somebody's number cannot use up what its owner has (`strangers`).
    """
    whose = f"{errand.user_key} {errand.number}"
    user = errand.user_key
    own = [Budget("cooldown", user, 1, limits.cooldown_seconds)]
    own += [_persons(limits, "user", user, limits.per_user_day, errand)]
    own += [_persons(limits, "number", whose, limits.per_number_day, errand)]
    if errand.proven_at is None:
        own += [_own(limits, "strangers", errand.number, limits.per_number_day)]
    if errand.address is not None:
        own += [_own(limits, "address", network(errand.address), limits.per_address_day)]
    return own + shared(limits, errand, now)


def shared(limits: SendLimits, errand: Errand, now: float) -> list[Budget]:
    """Give the budgets that many people pay from; newcomers may not use up their last part."""
    prefix = errand.number[:-PREFIX_LEAVES_OUT]
    settled = errand.proven_at is not None and errand.proven_at <= now - SETTLED_SECONDS
    wanted: list[tuple[Scope, str, int]] = [("prefix", prefix, limits.per_prefix_day)]
    wanted += [("tenant", name, limits.per_tenant_day) for name in sorted(errand.tenants)]
    wanted += [("day", "", limits.per_day)]
    found = []
    for scope, subject, whole in wanted:
        part = whole if settled else whole - whole // HELD_BACK
        enforced = scope == "day" or not limits.record_only
        found.append(Budget(scope, subject, part, keep=whole, enforced=enforced))
    return found


def new_number(limits: SendLimits, errand: Errand) -> tuple[Budget, Budget]:
    """Give the mark that this person named this number today, and the budget of such marks."""
    mark = Budget("new_numbers", f"{errand.user_key} {errand.number}", 1)
    return mark, _own(limits, "new_numbers", errand.user_key, limits.new_numbers_day)


def hurry(errand: Errand) -> Budget:
    """Give the budget of second tries right after the provider failed, without a cool-down."""
    return Budget("hurry", errand.user_key, HURRY_TRIES, HURRY_SECONDS)


def measured(limits: SendLimits, paused_until: float, now: float) -> tuple[float, float, int]:
    """Give from when to when codes are counted, and how many at least, to judge new numbers.

    In the day after a pause a few codes are enough, and only those sent since: it is tried
    whether people read them again.
    """
    since, until = now - BREAKER_WINDOW, now - BREAKER_PATIENCE
    if paused_until <= now - DAY:
        return since, until, limits.breaker_sends
    return max(since, paused_until), until, max(1, limits.breaker_sends // BREAKER_TRIAL)


def is_low(limits: SendLimits, least: int, sent: int, returned: int) -> bool:
    """Say whether so few codes came back that nobody reads them: somebody is running up a bill."""
    return sent >= least and returned * 100 < sent * limits.breaker_percent


def _persons(limits: SendLimits, scope: Scope, subject: str, whole: int, errand: Errand) -> Budget:
    # Who only knows the password may not use up what its owner signs in with.
    stranger = errand.proven_at is not None and not errand.known
    part = whole - whole // KEPT_FOR_KNOWN if stranger else whole
    return Budget(scope, subject, part, keep=whole, enforced=not limits.record_only)


def _own(limits: SendLimits, scope: Scope, subject: str, limit: int) -> Budget:
    return Budget(scope, subject, limit, enforced=not limits.record_only)
