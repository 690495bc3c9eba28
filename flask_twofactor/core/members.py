"""What the store keeps of the people of a tenant, as the tenant's page needs it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from .rules import Membership

Show = Literal["everyone", "not_ready", "ready", "exempt", "admins"]
SHOWS: tuple[Show, ...] = ("everyone", "not_ready", "ready", "exempt", "admins")


@dataclass(frozen=True, slots=True)
class Seen:
    """A person as the host shows them now, in one tenant; `admin` says they administer it.

    None stands for what the host could not tell: what was known of it stays.
    """

    tenant: str
    user_key: str
    label: str
    roles: tuple[str, ...] | None = ()
    admin: bool | None = False


@dataclass(frozen=True, slots=True)
class Member:
    """One person of a tenant. Times are UTC epoch seconds; `ready` says a method protects them."""

    tenant: str
    user_key: str
    label: str
    roles: tuple[str, ...]
    admin: bool
    ready: bool
    first_seen: float
    left_at: float | None = None
    exempt_until: float | None = None
    exempt_reason: str | None = None

    @property
    def membership(self) -> Membership:
        """What rules need to know of them."""
        return Membership(self.tenant, self.first_seen, self.exempt_until)


@dataclass(frozen=True, slots=True)
class Listed:
    """A member with what stands beside their name on the roster."""

    member: Member
    methods: tuple[str, ...] = ()
    last_used_at: float | None = None
    codes_left: int = 0
    locked_until: float | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of the roster begins: after this name and key."""

    sort: str
    user_key: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a page of the roster shows: who, whose name begins how, from where, how many."""

    show: Show = "everyone"
    search: str = ""
    after: Place | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Group:
    """How many people of a tenant are alike."""

    roles: tuple[str, ...]
    admin: bool
    ready: bool
    number: int


@dataclass(frozen=True, slots=True)
class Count:
    """People, how many of them are not ready, and how many of those are admins."""

    people: int = 0
    not_ready: int = 0
    admins: int = 0

    @property
    def ready(self) -> int:
        """How many are ready."""
        return self.people - self.not_ready


@dataclass(frozen=True, slots=True)
class Adoption:
    """How far a tenant had come on a day, an ISO date."""

    day: str
    people: int
    ready: int


def count(groups: Iterable[Group], roles: Iterable[str] | None = None) -> Count:
    """Add groups up; with roles, only those who have one of them."""
    wanted = None if roles is None else set(roles)
    people = not_ready = admins = 0
    for group in groups:
        if wanted is not None and wanted.isdisjoint(group.roles):
            continue
        people += group.number
        if not group.ready:
            not_ready += group.number
            admins += group.number if group.admin else 0
    return Count(people, not_ready, admins)


def sort_key(label: str) -> str:
    """Give what a roster is sorted and searched by."""
    return label.casefold()[:255]
