"""The statements of a login and of a page, built once: the cost is building, not running."""

from __future__ import annotations

from sqlalchemy import (
    BindParameter,
    Double,
    String,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from flask_twofactor.core.devices import MOST_SUCCESSORS, VALUE

from .schema import (
    account,
    authenticator,
    hold,
    pending_setup,
    proof,
    single_use_code,
    trusted_device,
)

_user: BindParameter[str] = bindparam("user", type_=String)
_id: BindParameter[str] = bindparam("row", type_=String)
_now = bindparam("now", type_=Double)


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
NOTE_USE = (
    update(authenticator)
    .where(authenticator.c.id == _id, authenticator.c.user_key == _user)
    .values(last_used_at=_now)
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
END_SESSION = REVOKE_PROOF.where(proof.c.user_key == _user)
PROOF_OWNER = select(proof.c.user_key).where(proof.c.id == _id)
SESSIONS = select(proof).where(proof.c.user_key == _user, proof.c.revoked_at.is_(None))
TOUCH_PROOF = (
    update(proof)
    .where(and_(proof.c.id == _id, proof.c.last_used_at < _now))
    .values(last_used_at=_now)
)

DEVICES = select(trusted_device).where(trusted_device.c.user_key == _user)
ADD_DEVICE = insert(trusted_device)
_presented: BindParameter[str] = bindparam("presented", type_=String)
_new: BindParameter[str] = bindparam("new", type_=String)
_is_current = trusted_device.c.current == _presented
# One write decides: the current value gets one more successor while it has less than four; a
# successor takes its place, and the others are stale from then on.
ROTATE_DEVICE = (
    update(trusted_device)
    .where(
        trusted_device.c.id == _id,
        trusted_device.c.user_key == _user,
        trusted_device.c.ended_at.is_(None),
        trusted_device.c.created_at > bindparam("floor", type_=Double),
        exists().where(account.c.user_key == _user, account.c.epoch == trusted_device.c.epoch),
        or_(
            and_(_is_current, func.length(trusted_device.c.successors) < MOST_SUCCESSORS * VALUE),
            trusted_device.c.successors.contains(_presented),
        ),
    )
    .ordered_values(
        (
            trusted_device.c.successors,
            case((_is_current, trusted_device.c.successors + _new), else_=_new),
        ),
        (trusted_device.c.current, _presented),
        (trusted_device.c.last_used_at, _now),
        (trusted_device.c.address, bindparam("seen_at", type_=String)),
    )
)
DEVICE = select(trusted_device).where(
    trusted_device.c.id == _id, trusted_device.c.user_key == _user
)
_mine = (trusted_device.c.user_key == _user, trusted_device.c.ended_at.is_(None))
END_DEVICE = update(trusted_device).where(trusted_device.c.id == _id, *_mine).values(ended_at=_now)
END_DEVICES = update(trusted_device).where(*_mine).values(ended_at=_now)
