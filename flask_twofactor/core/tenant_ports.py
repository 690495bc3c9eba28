"""What the flows of tenants ask of a store, beside what `ports` says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from .members import Adoption, Group, Listed, Member, Seen, Wanted
from .rules import Rule


class TenantTransaction(Protocol):
    """Writes about tenants; each conditional one says whether it took effect."""

    def save_rule(self, rule: Rule) -> bool: ...
    def end_devices_of(self, tenant: str, oldest: float, now: float) -> None: ...
    def see(self, seen: Seen, now: float, *, listed: bool = False) -> None: ...
    def settle(self, user_key: str) -> None: ...
    def leave(self, user_key: str, tenants: Sequence[str], now: float) -> None: ...
    def leave_unlisted(self, tenant: str, before: float, now: float) -> int: ...
    def exempt(self, tenant: str, user_key: str, until: float | None, reason: str) -> bool: ...
    def remind(self, tenant: str, user_key: str, by: float, days: int) -> bool: ...
    def note_adoption(self, tenant: str, adoption: Adoption) -> None: ...
    def note_reset(self, user_key: str, now: float, code: str | None, until: float) -> None: ...
    def use_setup_code(self, user_key: str, code: str | None, now: float) -> bool: ...


class TenantStore(Protocol):
    """Reads about tenants."""

    def rule(self, tenant: str) -> Rule:
        """Read a tenant's rule; one of version 0 if none was saved."""

    def rules(self, tenants: Sequence[str]) -> tuple[Rule, ...]:
        """Read the rules of some tenants, by one statement."""

    def member(self, tenant: str, user_key: str) -> Member | None:
        """Read one person's place in a tenant."""

    def memberships(self, user_key: str) -> tuple[Member, ...]:
        """Read all of a person's places, also those they left."""

    def members(self, tenant: str, wanted: Wanted, now: float) -> tuple[Member, ...]:
        """Read one page of a tenant's people, sorted by name. One statement."""

    def list_members(self, members: Sequence[Member]) -> tuple[Listed, ...]:
        """Add what stands beside the names. Three statements, however many people."""

    def groups(self, tenant: str, most: int | None = None) -> tuple[Group, ...]:
        """Count a tenant's people by what they are; no more of them than `most`."""

    def adoption(self, tenant: str, limit: int) -> tuple[Adoption, ...]:
        """Read how far a tenant had come, the newest days, oldest first."""

    def tenants(self) -> tuple[str, ...]:
        """Name every tenant that has a rule or people."""

    def all_members(self, tenant: str, wanted: Wanted, now: float) -> Iterator[Member]:
        """Read all of a tenant's people that are wanted, page by page."""

    def awaits_setup_code(self, user_key: str) -> bool:
        """Say whether the next setup of a user takes a setup code."""
