"""The writes about tenants in one transaction of the store."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection, Table, delete, insert
from sqlalchemy.exc import IntegrityError

from flask_twofactor.core.members import Adoption, Seen, sort_key
from flask_twofactor.core.rules import Rule

from . import schema, tenancy
from .sealing import KeyRing

SETUP_CODE = "setup_code"


class TenantWrites:
    """See `core.tenant_ports.TenantTransaction`."""

    _connection: Connection
    _ring: KeyRing

    def save_rule(self, rule: Rule) -> bool:
        """Write the successor of a rule; False if somebody saved one meanwhile."""
        row = tenancy.write_rule(rule)
        if rule.version == 1:
            return self._insert(schema.tenant_rule, row)
        values = {"in_tenant": rule.tenant, "expected": rule.version - 1}
        statement = tenancy.REPLACE_RULE.values(**row)
        return self._connection.execute(statement, values).rowcount == 1

    def end_devices_of(self, tenant: str, oldest: float, now: float) -> None:
        """End what a tenant's people trusted at or before a time."""
        values = {"in_tenant": tenant, "oldest": oldest, "now": now}
        self._connection.execute(tenancy.END_DEVICES_OF, values)

    def see(self, seen: Seen, now: float, *, listed: bool = False) -> None:
        """Note a person as the host shows them, as far as it can tell; who left is back."""
        shown: dict[str, object] = {
            "label": seen.label[:255],
            "sort": sort_key(seen.label),
            "left_at": None,
        }
        if seen.roles is not None:
            shown["roles"] = json.dumps(sorted(seen.roles))
        if seen.admin is not None:
            shown["admin"] = seen.admin
        if listed:
            shown["listed_at"] = now
        place = {"in_tenant": seen.tenant, "user": seen.user_key}
        if self._connection.execute(tenancy.AT_PLACE.values(**shown), place).rowcount == 1:
            return
        unknown = {"roles": "[]", "admin": False, "ready": False}
        row = unknown | shown | {"tenant": seen.tenant, "user_key": seen.user_key}
        if self._insert(schema.member, row | {"first_seen": now}):
            self.settle(seen.user_key)

    def settle(self, user_key: str) -> None:
        """Note on the user's places whether a method protects them by now."""
        self._connection.execute(tenancy.SETTLE, {"user": user_key})

    def leave(self, user_key: str, tenants: Sequence[str], now: float) -> None:
        """Note that a person left some tenants; when they were first seen there stays known."""
        values = {"user": user_key, "tenants": list(tenants), "now": now}
        self._connection.execute(tenancy.LEAVE, values)

    def leave_unlisted(self, tenant: str, before: float, now: float) -> int:
        """Note that all left whom the host has not listed since a time; give their number."""
        values = {"in_tenant": tenant, "before": before, "now": now}
        return self._connection.execute(tenancy.LEAVE_UNLISTED, values).rowcount

    def exempt(self, tenant: str, user_key: str, until: float | None, reason: str) -> bool:
        """Excuse a person until a time, or not any more; False if they are not there."""
        statement = tenancy.AT_PLACE.values(exempt_until=until, exempt_reason=reason[:500] or None)
        place = {"in_tenant": tenant, "user": user_key}
        return self._connection.execute(statement, place).rowcount == 1

    def remind(self, tenant: str, user_key: str, by: float, days: int) -> bool:
        """Note that a person is reminded so many days before a time; False if they were."""
        values = {"in_tenant": tenant, "user": user_key, "due": by, "days": days}
        return self._connection.execute(tenancy.REMIND, values).rowcount == 1

    def note_adoption(self, tenant: str, adoption: Adoption) -> None:
        """Keep how far a tenant has come on a day; the last word of the day stays."""
        table = schema.adoption
        day = (table.c.tenant == tenant, table.c.day == adoption.day)
        self._connection.execute(delete(table).where(*day))
        row = {"tenant": tenant, "day": adoption.day}
        self._insert(table, row | {"people": adoption.people, "ready": adoption.ready})

    def note_reset(self, user_key: str, now: float, code: str | None, until: float) -> None:
        """Note that an admin removed everything; with a code, the next setup takes it."""
        digest = None if code is None else self._ring.digest(code, SETUP_CODE, user_key)
        values = {"user": user_key, "now": now, "digest": digest, "until": until}
        self._connection.execute(tenancy.NOTE_RESET, values)

    def use_setup_code(self, user_key: str, code: str | None, now: float) -> bool:
        """Use up the setup code that a reset may have left; False if it is another or too old."""
        digests = self._ring.digests(code or "", SETUP_CODE, user_key)
        values = {"user": user_key, "digests": digests, "now": now}
        return self._connection.execute(tenancy.USE_SETUP_CODE, values).rowcount == 1

    def _insert(self, table: Table, row: dict[str, object]) -> bool:
        # Somebody may insert the same row at this moment.
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(table), row)
        except IntegrityError:
            return False
        return True
