"""The statements of a login and of a page, built once: the cost is building, not running."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BindParameter,
    Double,
    Select,
    String,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    true,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from .schema import (
    account,
    authenticator,
    hold,
    member,
    pending_setup,
    proof,
    single_use_code,
    store,
    tenant_rule,
)


class Joined(FunctionElement[str]):
    """The texts of a column as one, with commas between; the comma is no parameter."""

    type = String()
    inherit_cache = True


@compiles(Joined)
def _join(joined: Joined, compiler: SQLCompiler, **options: Any) -> str:
    return f"group_concat({compiler.process(joined.clauses, **options)})"


@compiles(Joined, "postgresql")
def _join_on_postgresql(joined: Joined, compiler: SQLCompiler, **options: Any) -> str:
    return f"string_agg({compiler.process(joined.clauses, **options)}, ',')"


_user: BindParameter[str] = bindparam("user", type_=String)
_id: BindParameter[str] = bindparam("row", type_=String)
_now = bindparam("now", type_=Double)

_methods = (
    select(Joined(authenticator.c.method))
    .where(authenticator.c.user_key == _user, authenticator.c.protects == true())
    .scalar_subquery()
)
_standing = (
    store.c.store_id,
    account.c.epoch.label("account_epoch"),
    _methods.label("protecting"),
    account.c.reset_at,
    *proof.c,
)
STANDING_WIDTH = len(_standing)
"""How many columns of a standing come before those of a rule."""
_about_user = store.outerjoin(account, account.c.user_key == _user).outerjoin(
    proof, proof.c.id == _id
)


def standing(tenants: int) -> Select[Any]:
    """Build the statement of the load guard for a user of so many tenants."""
    if not tenants:
        return select(*_standing).select_from(_about_user).where(store.c.id == 1)
    named = [bindparam(f"tenant_{number}", type_=String) for number in range(tenants)]
    rule = tenant_rule.c.tenant == named[0] if tenants == 1 else tenant_rule.c.tenant.in_(named)
    here = (member.c.tenant == tenant_rule.c.tenant, member.c.user_key == _user)
    place = (*tenant_rule.c, member.c.first_seen, member.c.exempt_until)
    joined = _about_user.outerjoin(tenant_rule, rule).outerjoin(member, and_(*here))
    return select(*_standing, *place).select_from(joined).where(store.c.id == 1)


_HELD = tuple(column.label(f"hold_{column.name}") for column in hold.c)
HOLD = (
    select(*_HELD, account.c.epoch.label("account_epoch"), *authenticator.c)
    .select_from(hold)
    .outerjoin(account, account.c.user_key == hold.c.user_key)
    .outerjoin(authenticator, authenticator.c.user_key == hold.c.user_key)
    .where(hold.c.id == _id)
    .order_by(authenticator.c.created_at, authenticator.c.id)
)

AUTHENTICATORS = (
    select(authenticator)
    .where(authenticator.c.user_key == _user)
    .order_by(authenticator.c.created_at, authenticator.c.id)
)
PENDING_SETUP = select(pending_setup).where(pending_setup.c.id == _id)
CODES_LEFT = select(func.count()).where(
    single_use_code.c.user_key == _user, single_use_code.c.spent_at.is_(None)
)
ACCOUNT_EXISTS = select(account.c.epoch).where(account.c.user_key == _user)

_digests: BindParameter[list[str]] = bindparam("digests", expanding=True)
SPEND = (
    update(single_use_code)
    .where(
        single_use_code.c.digest.in_(_digests),
        single_use_code.c.user_key == _user,
        single_use_code.c.spent_at.is_(None),
    )
    .values(spent_at=_now)
)
WAS_SPENT = select(single_use_code.c.spent_at).where(
    single_use_code.c.digest.in_(_digests),
    single_use_code.c.user_key == _user,
    single_use_code.c.spent_at.is_not(None),
)
ADVANCE = (
    update(authenticator)
    .where(
        authenticator.c.id == _id,
        authenticator.c.user_key == _user,
        authenticator.c.counter < bindparam("reached"),
    )
    .values(counter=bindparam("reached"), last_used_at=_now)
)
MOVE_EPOCH = update(account).where(account.c.user_key == _user).values(epoch=account.c.epoch + 1)
KEEP_EPOCH = (
    update(account)
    .where(account.c.user_key == _user, account.c.epoch == bindparam("expected"))
    .values(epoch=account.c.epoch)
)

ADD_HOLD = insert(hold)
CONSUME_HOLD = (
    update(hold)
    .where(hold.c.id == _id, hold.c.consumed_at.is_(None), hold.c.expires_at > _now)
    .values(consumed_at=_now, released=bindparam("was_released"))
)
TURN_TO_SETUP = (
    update(hold)
    .where(
        hold.c.id == _id,
        hold.c.consumed_at.is_(None),
        hold.c.expires_at > _now,
        hold.c.purpose == "challenge",
    )
    .values(purpose="setup", verified_at=_now, expires_at=bindparam("until", type_=Double))
)
END_HOLD = delete(hold).where(hold.c.id == _id, hold.c.consumed_at.is_(None))

ADD_PROOF = insert(proof)
REVOKE_PROOF = (
    update(proof).where(proof.c.id == _id, proof.c.revoked_at.is_(None)).values(revoked_at=_now)
)
KEEP_PROOF = (
    update(proof)
    .where(proof.c.id == _id, proof.c.revoked_at.is_(None))
    .values(last_used_at=proof.c.last_used_at)
)
TOUCH_PROOF = (
    update(proof)
    .where(and_(proof.c.id == _id, proof.c.last_used_at < _now))
    .values(last_used_at=_now)
)
