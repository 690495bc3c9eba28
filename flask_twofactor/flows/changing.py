"""Renaming, removing, renewing, disabling, resetting, importing, forgetting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from flask_twofactor.core import names
from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.ports import Transaction
from flask_twofactor.core.records import Authenticator, Data, Event, Proof, Status
from flask_twofactor.core.repeating import repeated
from flask_twofactor.core.tokens import mint, new_id

from . import requiring
from .acting import Acting, ask_again, ask_for_change, ask_for_disable, is_protected
from .context import Ports
from .requiring import NOWHERE, Belongs
from .setting_up import event_about, give_codes, renew_proof

FEW_CODES = 3


@dataclass(frozen=True, slots=True)
class Kept:
    """What the one session that goes on needs: the new epoch, and a proof's token if any."""

    epoch: int
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Overview:
    """What a person has: authenticators that protect, codes left, and whether to warn."""

    authenticators: Sequence[Authenticator]
    protected: bool
    has_codes: bool
    codes_left: int
    few_codes: bool


def overview(ports: Ports, user_key: str) -> Overview:
    """Read what the settings page shows."""
    owned = ports.store.authenticators(user_key)
    kept = [authenticator for authenticator in owned if authenticator.protects]
    has_codes = len(kept) < len(owned)
    left = ports.store.codes_left(user_key) if has_codes else 0
    few = bool(kept) and are_few(ports, left)
    return Overview(kept, bool(kept), has_codes, left, few)


def are_few(ports: Ports, codes_left: int) -> bool:
    """Say whether to warn: at three left; of a smaller set, as soon as one was used."""
    return codes_left <= min(FEW_CODES, max(ports.backup_codes - 1, 0))


def status(ports: Ports, user_key: str, belongs: Belongs = NOWHERE) -> Status:
    """Read what a host may know of a user, without the secrets."""
    required = requiring.look(ports, user_key, belongs).requirement.is_required
    owned = ports.store.authenticators(user_key)
    return Status(
        user_key=user_key,
        protected=is_protected(owned),
        required=required,
        authenticators=tuple(replace(one, data=None) for one in owned),
        codes_left=ports.store.codes_left(user_key),
    )


@repeated
def rename(ports: Ports, acting: Acting, authenticator_id: str, name: object) -> None:
    """Give one of the person's authenticators another name."""
    tidy = names.tidy(name)
    if not tidy:
        raise RefusedError("name_missing")
    ask_for_change(ports, acting, ports.store.authenticators(acting.user_key))
    with ports.store.transaction() as transaction:
        ask_again(transaction, acting)
        if not transaction.rename_authenticator(acting.user_key, authenticator_id, tidy):
            raise RefusedError("unknown_authenticator")


@repeated
def remove(ports: Ports, acting: Acting, authenticator_id: str) -> str:
    """Remove an authenticator and give the session's new token; the last one is `disable`."""
    owned = ports.store.authenticators(acting.user_key)
    mine = next((one for one in owned if one.id == authenticator_id and one.protects), None)
    if mine is None:
        raise RefusedError("unknown_authenticator")
    if not is_protected([one for one in owned if one is not mine]):
        return disable(ports, acting)
    ask_for_change(ports, acting, owned)
    now, token = ports.clock(), mint()
    with ports.store.transaction() as transaction:
        if not transaction.remove_authenticator(acting.user_key, mine.id):
            raise RefusedError("unknown_authenticator")
        proof = acting.proof
        renew_proof(
            transaction,
            acting,
            token,
            now,
            method=proof.method if proof else mine.method,
            verified_at=proof.verified_at if proof else None,
        )
        transaction.record(event_about(mine, "removed", acting.user_key, now))
    return token


@repeated
def disable(ports: Ports, acting: Acting) -> str:
    """Remove everything and give the session's new token; refused where a rule requires it."""
    if acting.required:
        raise RefusedError("required_by_rule")
    if not is_protected(ports.store.authenticators(acting.user_key)):
        raise RefusedError("not_protected")
    ask_for_disable(ports, acting)
    now, token = ports.clock(), mint()
    with ports.store.transaction() as transaction:
        transaction.remove_authenticators(acting.user_key)
        transaction.sends.end_codes(acting.user_key, now)
        renew_proof(transaction, acting, token, now, method="none", verified_at=None)
        transaction.record(Event("disabled", acting.user_key, now))
    return token


@repeated
def renew_codes(ports: Ports, acting: Acting) -> Sequence[str]:
    """Make a new set of backup codes, to be shown once; the old ones end."""
    owned = ports.store.authenticators(acting.user_key)
    if ports.fallback is None or not is_protected(owned):
        raise RefusedError("not_protected")
    ask_for_change(ports, acting, owned)
    now = ports.clock()
    with ports.store.transaction() as transaction:
        ask_again(transaction, acting)
        codes = give_codes(ports, transaction, acting, now)
        renewed = Event("codes_regenerated", acting.user_key, now, remaining=len(codes))
        transaction.record(renewed)
    return codes


@repeated
def reset(
    ports: Ports,
    user_key: str,
    *,
    actor: str,
    reason: str,
    setup_code: str | None = None,
    code_until: float = 0,
) -> None:
    """Remove all a user has and end their sessions, for somebody who lost everything.

    With a setup code, the next setup takes it.
    """
    now = ports.clock()
    ports.store.ensure_account(user_key)
    with ports.store.transaction() as transaction:
        transaction.remove_authenticators(user_key)
        transaction.sends.end_codes(user_key, now)
        transaction.unlock(user_key)
        transaction.forget_browsers(user_key)
        transaction.end_devices(user_key, now)
        transaction.move_epoch(user_key, None)
        transaction.note_reset(user_key, now, setup_code, code_until)
        transaction.record(Event("admin_reset", user_key, now, actor=actor, reason=reason))


@repeated
def end_sessions(
    ports: Ports,
    user_key: str,
    *,
    why: str,
    keep: Acting | None = None,
    fingerprint: str | None = None,
) -> Kept:
    """End all sessions, holds and trust of a user, but the session that is named, if any.

    One that ended meanwhile is not kept: then `token` is empty. `fingerprint` is the new
    password's, which then is not taken for another change.
    """
    ports.store.ensure_account(user_key)
    if keep is not None and keep.proof is not None:
        try:
            return _end_but(ports, keep, keep.proof, why, fingerprint)
        except RefusedError:
            pass
    with ports.store.transaction() as transaction:
        epoch = transaction.move_epoch(user_key, None) or 0
        _learn(transaction, user_key, fingerprint)
        transaction.record(Event(why, user_key, ports.clock()))
    return Kept(epoch, "")


@repeated
def _end_but(ports: Ports, keep: Acting, old: Proof, why: str, fingerprint: str | None) -> Kept:
    now, token = ports.clock(), mint()
    with ports.store.transaction() as transaction:
        epoch = renew_proof(
            transaction, keep, token, now, method=old.method, verified_at=old.verified_at
        )
        _learn(transaction, keep.user_key, fingerprint)
        transaction.record(Event(why, keep.user_key, now))
    return Kept(epoch, token)


@repeated
def end_everything(ports: Ports, user_key: str, *, why: str) -> None:
    """End all sessions, holds, trust and known browsers of a user, for somebody who says: not me.

    Nothing is written for a user without an account row, who has nothing to end.
    """
    now = ports.clock()
    with ports.store.transaction() as transaction:
        if transaction.move_epoch(user_key, None) is None:
            return
        transaction.forget_browsers(user_key)
        transaction.end_devices(user_key, now)
        transaction.sends.end_codes(user_key, now)
        transaction.record(Event(why, user_key, now))


def _learn(transaction: Transaction, user_key: str, fingerprint: str | None) -> None:
    if fingerprint is not None:
        transaction.learn_password(user_key, fingerprint, None)


@repeated
def import_authenticator(
    ports: Ports, user_key: str, method: str, data: Data, name: str
) -> Authenticator:
    """Add an authenticator that another system set up, and end the user's sessions.

    One that the user has already is given as it is, and nothing changes. RefusedError
    `too_many` if the user has as many as the method allows.
    """
    now, owned = ports.clock(), ports.store.authenticators(user_key)
    mine = [one for one in owned if one.method == method]
    if (same := next((one for one in mine if one.data == data), None)) is not None:
        return replace(same, data=None)
    known = ports.method(method)
    if known is not None and len(mine) >= known.limit:
        raise RefusedError("too_many", limit=known.limit)
    taken = [one.name for one in mine]
    made = Authenticator(
        id=new_id(), method=method, name=names.choose(name, taken), created_at=now, data=data
    )
    ports.store.ensure_account(user_key)
    with ports.store.transaction() as transaction:
        transaction.add_authenticator(user_key, made)
        transaction.move_epoch(user_key, None)
        transaction.record(event_about(made, "enrolled", user_key, now, "import"))
    return replace(made, data=None)


@repeated
def forget(ports: Ports, user_key: str) -> None:
    """Delete every row of a user, when the host deletes the user."""
    with ports.store.transaction() as transaction:
        transaction.record(Event("forgotten", user_key, ports.clock()))
        transaction.forget(user_key)


@repeated
def unlock(ports: Ports, user_key: str, *, actor: str) -> None:
    """Give a person all their tries back, for somebody who was shut out."""
    with ports.store.transaction() as transaction:
        transaction.unlock(user_key)
        transaction.record(Event("unlocked", user_key, ports.clock(), actor=actor))
