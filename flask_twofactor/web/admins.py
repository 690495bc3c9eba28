"""Who may look after a tenant, and whom of its people they may act on."""

from __future__ import annotations

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.members import Member
from flask_twofactor.flows import tenants
from flask_twofactor.flows.tenants import Admin, Target

from . import addresses, login_hook, people, tenancy, who
from .state import User, app_state


def current() -> Admin | None:
    """Give the signed-in person with the tenants they administer; None for everybody else."""
    acting = who.acting()
    user = login_hook.signed_in()
    if acting is None or acting.hold is not None or user is None:
        return None
    return Admin(acting.user_key, _administered(user), acting)


def operator(name: str) -> Admin:
    """Give an operator of the command line, or the host's own code."""
    return Admin(name)


def of(actor: User | str) -> Admin:
    """Give who a host says acts: a user, with what they administer, or a name."""
    if isinstance(actor, str):
        return operator(actor)
    return Admin(people.user_key(actor), tenancy.administered(actor))


def member(admin: Admin, tenant: str, user_key: str) -> Member:
    """Give a member on whom this admin may act now; RefusedError says why not.

    The host is asked again where the person belongs: the member table may be older.
    """
    ports = app_state().ports
    tenants.ask_for_tenant(ports, admin, tenant)
    found = ports.store.member(tenant, user_key)
    user = addresses.person(user_key) if found is not None else None
    if found is None or user is None:
        tenants.note_refused(ports, admin, admin.user_key, tenant)
        raise RefusedError("unknown_member")
    target = _target(user_key, user)
    if target is None:
        tenants.refuse(ports, admin, user_key, tenant)
    tenants.ask_for_help(ports, admin, tenant, target)
    return found


def _administered(user: User) -> tuple[str, ...]:
    try:
        return tenancy.administered(user)
    except RefusedError:
        return ()


def _target(user_key: str, user: User) -> Target | None:
    # Of whom the host cannot tell where they are, and what they run, nobody is an admin.
    where = tenancy.tenants(user)
    try:
        return None if where is None else Target(user_key, where, tenancy.administered(user))
    except RefusedError:
        return None
