"""What hosts say of their tenants and do with their rules: a part of `TwoFactor`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, TypeVar

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.rules import Mode, Rule
from flask_twofactor.flows import tenants as flow

from . import admins, impersonating, rule_form, syncing
from .state import User, app_state

F = TypeVar("F", bound=Callable[..., Any])


class TenantAPI:
    """The callbacks and calls about tenants, rules and members."""

    def _set(self, name: str, callback: F) -> F:
        raise NotImplementedError

    def tenant_loader(self, callback: F) -> F:
        """Give a user's tenant: an id, several, or None."""
        return self._set("tenant_loader", callback)

    def role_loader(self, callback: F) -> F:
        """Give the set of a user's roles."""
        return self._set("role_loader", callback)

    def tenant_admin_loader(self, callback: F) -> F:
        """Give the tenants that a user administers."""
        return self._set("tenant_admin_loader", callback)

    def members_loader(self, callback: F) -> F:
        """Give rows (key, label, roles) of a tenant, ascending by key, after the last key seen."""
        return self._set("members_loader", callback)

    def tenant_name(self, callback: F) -> F:
        """Give a tenant's name as people know it; without it its id is shown."""
        return self._set("tenant_name", callback)

    def rule(self, tenant: object) -> Rule:
        """Give a tenant's rule; one that asks for nothing if none was saved."""
        return app_state().ports.store.rule(str(tenant))

    def set_rule(
        self,
        tenant: object,
        *,
        mode: Mode,
        roles: Iterable[str] = (),
        starts_on: date | str | None = None,
        grace_days: int = 0,
        methods: Iterable[str] | None = None,
        trusted_device_days: int | None = None,
        backup_codes: int | None = None,
        actor: User | str,
    ) -> Rule:
        """Save a tenant's whole rule and give it; it acts at everybody's next request.

        What is left out takes its default; a date left out stays as it was, or is today (UTC).
        `actor` is who does it: a user, or an operator's name. ValueError names a wrong value.
        """
        try:
            rule = rule_form.make_rule(
                str(tenant),
                mode=mode,
                roles=tuple(roles),
                starts_on=starts_on,
                grace_days=grace_days,
                methods=None if methods is None else tuple(methods),
                trusted_device_days=trusted_device_days,
                backup_codes=backup_codes,
            )
            flow.check(app_state().ports, rule)
        except RefusedError as error:
            message = f"set_rule: {error.evidence.get('field')} is wrong ({error.code})"
            raise ValueError(message) from error
        admin = admins.of(actor)
        if not isinstance(actor, str):
            flow.ask_for_tenant(app_state().ports, admin, rule.tenant)
        return flow.set_rule(app_state().ports, admin, rule)

    def sync_members(self, tenant: object, *, actor: User | str = "app") -> int:
        """Note everybody whom `members_loader` lists for a tenant; give how many left it.

        `actor` is who does it, for the audit: a user, or an operator's name.
        """
        return syncing.sync_members(str(tenant), admins.of(actor).user_key)

    def impersonate(self, actor: User, user: User) -> None:
        """Sign this session in as another user; only its signed-in admin `actor` may.

        The actor showed a full second factor less than `TWOFACTOR_STEP_UP_MINUTES` ago, neither
        a backup code nor a trusted device, and has a rank no lower than the user's, in one of
        whose tenants they are an admin; RefusedError otherwise: put `@step_up_required()` on the
        view. It lasts an hour at most. Nothing of the user's own two-factor settings can be
        changed in such a session. A plain `login_user` leads to the challenge.
        """
        impersonating.impersonate(actor, user)
