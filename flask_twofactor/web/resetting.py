"""Resetting a person from the host's own code, by an admin or an operator."""

from __future__ import annotations

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.rules import may_act_on
from flask_twofactor.flows import tenants as flow

from . import admins, people, tenancy
from .state import User, app_state


def reset(user: User, *, actor: User | str, reason: str, setup_code: bool) -> str | None:
    """Remove all a user has set up; RefusedError if the actor is no admin over them."""
    ports, key, admin = app_state().ports, people.user_key(user), admins.of(actor)
    if not isinstance(actor, str):
        theirs, where = tenancy.administered(user), tenancy.tenants(user) or ()
        allowed = any(may_act_on(admin.tenants, theirs, tenant) for tenant in where)
        if key == admin.user_key or not allowed:
            flow.refuse(ports, admin, key, "reset")
    if not reason:
        raise RefusedError("reason_missing")
    return flow.reset(ports, admin, key, reason=reason, with_code=setup_code)
