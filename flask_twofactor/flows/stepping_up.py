"""Asking again inside a signed-in session: the second factor, or the password."""

from __future__ import annotations

from collections.abc import Sequence

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.ports import Method
from flask_twofactor.core.records import Authenticator, Event

from . import answering
from .acting import Acting
from .context import Ports


def methods(
    ports: Ports, acting: Acting, wanted: object, *, full: bool
) -> tuple[Method | None, list[Method]]:
    """Give the method to ask now and the other ways; `full` leaves backup codes out."""
    return answering.choose(ports, _owned(ports, acting, full=full), wanted)


def answer(
    ports: Ports,
    acting: Acting,
    wanted: object,
    typed: str,
    browsers: Sequence[str] = (),
    *,
    full: bool,
) -> None:
    """Check a code and note on this session's proof that it was right, just now.

    Where a full second factor is asked, a backup code is not looked at, so that none is lost.
    """
    owned = _owned(ports, acting, full=full)
    if acting.proof is None:
        raise RefusedError("not_protected")
    accepted = answering.check(ports, acting.user_key, owned, wanted, typed, browsers)
    now, method = ports.clock(), accepted.method
    with answering.accepting(ports, accepted, now) as transaction:
        counts_fully = not method.fallback_only
        if not transaction.note_step_up(acting.proof.id, method.name, now, full=counts_fully):
            raise RefusedError("signed_out")
        transaction.record(Event("stepped_up", acting.user_key, now, method=method.name))


def note_password(ports: Ports, acting: Acting) -> None:
    """Note that this person gave the right password again, just now."""
    now = ports.clock()
    with ports.store.transaction() as transaction:
        if acting.hold is not None:
            transaction.note_hold_password(acting.hold.id, now)
        elif acting.proof is not None:
            transaction.note_password(acting.proof.id, now)


def _owned(ports: Ports, acting: Acting, *, full: bool) -> list[Authenticator]:
    owned = ports.store.authenticators(acting.user_key)
    return [one for one in owned if one.protects or not full]
