"""A person's sessions: the list, the end of one, and what a changed password ends."""

from __future__ import annotations

from dataclasses import dataclass

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.policy import proof_stands
from flask_twofactor.core.records import Event, Proof, Standing
from flask_twofactor.core.repeating import repeated

from .acting import Acting, ask_for_own
from .context import Ports


@dataclass(frozen=True, slots=True)
class Listed:
    """A session that is alive now; `is_this` is the one that asks."""

    proof: Proof
    is_this: bool


def listed(ports: Ports, acting: Acting) -> list[Listed]:
    """Read the person's living sessions, this one first, then the one used last."""
    now, own = ports.clock(), acting.proof.id if acting.proof is not None else None
    standing = Standing(acting.user_key, acting.epoch)
    living = [
        one
        for one in ports.store.sessions(acting.user_key)
        if proof_stands(one, standing, ports.limits, now)
    ]
    living.sort(key=lambda one: (one.id != own, -one.last_used_at))
    return [Listed(one, one.id == own) for one in living]


@repeated
def end(ports: Ports, acting: Acting, session_id: str) -> None:
    """End one of the person's sessions; its browser is out at its next request.

    Asks nothing: it only takes something away.
    """
    ask_for_own(acting)
    now = ports.clock()
    with ports.store.transaction() as transaction:
        if not transaction.end_session(acting.user_key, session_id, now):
            raise RefusedError("unknown_session")
        transaction.record(Event("proof_revoked", acting.user_key, now, reason="ended"))


def settle_password(ports: Ports, standing: Standing, fingerprint: str) -> int:
    """Keep what a login or a visit learned of the password, and give the epoch after it.

    A fingerprint that differs from the kept one counts as a password change: whoever notices
    it first moves the epoch, which ends every session, hold and trust of before.
    """
    user_key = standing.user_key
    if standing.fingerprint != "changed":
        _learn_password(ports, standing, fingerprint)
        return standing.epoch
    moved = _notice_change(ports, standing, fingerprint)
    return ports.store.standing(user_key, None).epoch if moved is None else moved


@repeated
def _learn_password(ports: Ports, standing: Standing, fingerprint: str) -> None:
    ports.store.ensure_account(standing.user_key)
    with ports.store.transaction() as transaction:
        transaction.learn_password(standing.user_key, fingerprint, standing.password_digest)


@repeated
def _notice_change(ports: Ports, standing: Standing, fingerprint: str) -> int | None:
    now, user_key = ports.clock(), standing.user_key
    with ports.store.transaction() as transaction:
        if transaction.learn_password(user_key, fingerprint, standing.password_digest):
            moved = transaction.move_epoch(user_key, None)
            transaction.record(Event("password_changed", user_key, now, reason="noticed"))
            return moved or 0
    return None
