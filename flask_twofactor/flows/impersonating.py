"""Acting as somebody else, with a proof that says so."""

from __future__ import annotations

from collections.abc import Collection

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.policy import IMPERSONATION
from flask_twofactor.core.records import Event
from flask_twofactor.core.repeating import repeated
from flask_twofactor.core.tokens import mint

from . import tenants
from .context import Ports
from .proving import new_proof
from .tenants import Admin


@repeated
def begin(
    ports: Ports,
    admin: Admin,
    user_key: str,
    administered: Collection[str],
    where: Collection[str] | None,
    *,
    protected: bool,
) -> str:
    """Make the proof of an impersonation and give its token; RefusedError if it is not allowed.

    The admin is protected, showed a full second factor just now, and has a rank no lower than
    the user's. The proof shows no password and no factor, so nothing of the user's own can be
    changed under it.
    """
    acting = admin.acting
    if acting is None or acting.proof is None or not protected:
        raise RefusedError("not_protected")
    if acting.proof.method == IMPERSONATION:
        raise RefusedError("not_protected")
    common = set(where or ()) & set(admin.tenants)
    if user_key == admin.user_key or not common or not set(administered) <= set(admin.tenants):
        tenants.refuse(ports, admin, user_key, "impersonate")
    tenants.ask_for_proof(ports, admin)
    now, token = ports.clock(), mint()
    ports.store.ensure_account(user_key)
    epoch = ports.store.standing(user_key, None).epoch
    proof = new_proof(token, user_key, epoch, IMPERSONATION, now, acting.origin)
    with ports.store.transaction() as transaction:
        transaction.add_proof(proof)
        transaction.record(Event("impersonated", user_key, now, actor=admin.user_key))
    return token
