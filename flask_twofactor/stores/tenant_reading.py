"""The store's reads about tenants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from flask_twofactor.core.members import (
    Adoption,
    Group,
    Listed,
    Member,
    Place,
    Wanted,
    sort_key,
)
from flask_twofactor.core.rules import Rule

from . import tenancy


class TenantReads:
    """See `core.tenant_ports.TenantStore`."""

    def _rows(self, statement: Any, **values: Any) -> Sequence[Any]:
        raise NotImplementedError

    def rule(self, tenant: str) -> Rule:
        """Read a tenant's rule; one of version 0 if none was saved."""
        rows = self._rows(tenancy.RULE, in_tenant=tenant)
        return tenancy.rule_of(*rows[0]) if rows else Rule(tenant)

    def rules(self, tenants: Sequence[str]) -> tuple[Rule, ...]:
        """Read the rules of some tenants, by one statement."""
        if not tenants:
            return ()
        rows = self._rows(tenancy.RULES, tenants=list(tenants))
        return tuple(tenancy.rule_of(*row) for row in rows)

    def member(self, tenant: str, user_key: str) -> Member | None:
        """Read one person's place in a tenant; a key with a NUL, which no store keeps, is nobody's."""
        if "\x00" in user_key:
            return None
        rows = self._rows(tenancy.MEMBER, in_tenant=tenant, user=user_key)
        return tenancy.read_member(rows[0]) if rows else None

    def memberships(self, user_key: str) -> tuple[Member, ...]:
        """Read all of a person's places, also those they left."""
        rows = self._rows(tenancy.MEMBERSHIPS, user=user_key)
        return tuple(tenancy.read_member(row) for row in rows)

    def members(self, tenant: str, wanted: Wanted, now: float) -> tuple[Member, ...]:
        """Read one page of a tenant's people, sorted by name. One statement."""
        begins = sort_key(wanted.search)
        after = wanted.after
        values: dict[str, Any] = {
            "in_tenant": tenant,
            "first": begins if after is None else max(after.sort, begins),
            "end": begins + tenancy.END,
            "most": wanted.limit,
        }
        if after is not None:
            values["key"] = after.user_key
        if wanted.show == "exempt":
            values["now"] = now
        rows = self._rows(tenancy.ROSTER[wanted.show](after is not None), **values)
        return tuple(tenancy.read_member(row) for row in rows)

    def all_members(self, tenant: str, wanted: Wanted, now: float) -> Iterator[Member]:
        """Read all of a tenant's people that are wanted, page by page."""
        while page := self.members(tenant, wanted, now):
            yield from page
            last = page[-1]
            wanted = replace(wanted, after=Place(sort_key(last.label), last.user_key))

    def list_members(self, members: Sequence[Member]) -> tuple[Listed, ...]:
        """Add what stands beside the names. Three statements, however many people."""
        if not members:
            return ()
        keys = [member.user_key for member in members]
        methods: dict[str, list[Any]] = {key: [] for key in keys}
        for row in self._rows(tenancy.METHODS_OF, keys=keys):
            methods[row.user_key].append(row)
        codes = dict(tuple(row) for row in self._rows(tenancy.CODES_OF, keys=keys))
        locks = dict(tuple(row) for row in self._rows(tenancy.LOCKS_OF, keys=keys))
        return tuple(
            _listed(one, methods[one.user_key], codes.get(one.user_key), locks.get(one.user_key))
            for one in members
        )

    def groups(self, tenant: str, most: int | None = None) -> tuple[Group, ...]:
        """Count a tenant's people by what they are; no more of them than `most`."""
        if most is None:
            rows = self._rows(tenancy.GROUPS, in_tenant=tenant)
        else:
            rows = self._rows(tenancy.SOME_GROUPS, in_tenant=tenant, most=most)
        return tuple(tenancy.read_group(row) for row in rows)

    def adoption(self, tenant: str, limit: int) -> tuple[Adoption, ...]:
        """Read how far a tenant had come, the newest days, oldest first."""
        rows = self._rows(tenancy.ADOPTION, in_tenant=tenant, most=limit)
        return tuple(tenancy.read_adoption(row) for row in reversed(rows))

    def tenants(self) -> tuple[str, ...]:
        """Name every tenant that has a rule or people."""
        return tuple(sorted(row[0] for row in self._rows(tenancy.TENANTS)))

    def awaits_setup_code(self, user_key: str) -> bool:
        """Say whether the next setup of a user takes a setup code."""
        rows = self._rows(tenancy.AWAITS_CODE, user=user_key)
        return bool(rows) and rows[0][0] is not None


def _listed(member: Member, rows: list[Any], codes: int | None, locked: float | None) -> Listed:
    used = [row.last_used_at for row in rows if row.last_used_at is not None]
    return Listed(
        member=member,
        methods=tuple(sorted({row.method for row in rows if row.protects})),
        last_used_at=max(used, default=None),
        codes_left=codes or 0,
        locked_until=locked or None,
    )
