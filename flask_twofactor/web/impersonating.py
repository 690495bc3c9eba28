"""Acting as somebody else: explicit, within the admin's rank, and in the record."""

from __future__ import annotations

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.flows import impersonating

from . import admins, login_hook, people, tenancy, who
from .state import User, app_state


def impersonate(actor: User, user: User) -> None:
    """Sign this session in as another user, for its signed-in admin; see `TwoFactor`."""
    admin = admins.current()
    actor, user = people.unwrap(actor), people.unwrap(user)
    if admin is None or admin.user_key != people.user_key(actor):
        raise RefusedError("not_allowed")
    key, theirs = people.user_key(user), tenancy.administered(user)
    token = impersonating.begin(
        app_state().ports,
        admin,
        key,
        theirs,
        tenancy.tenants(user),
        protected=who.is_protected(),
    )
    if not login_hook.enter_as(user, token):
        login_hook.sign_out()
        raise RefusedError("not_allowed")
