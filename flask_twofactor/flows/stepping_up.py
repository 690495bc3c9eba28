"""Asking again inside a signed-in session: the second factor, or the password."""

from __future__ import annotations

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.ports import Method
from flask_twofactor.core.records import Event

from . import answering
from .acting import Acting
from .context import Ports


def methods(ports: Ports, acting: Acting, wanted: object) -> tuple[Method | None, list[Method]]:
    """Give the method to ask now and the other ways."""
    return answering.choose(ports, ports.store.authenticators(acting.user_key), wanted)


def answer(ports: Ports, acting: Acting, wanted: object, typed: str) -> None:
    """Check a code and note on this session's proof that it was right, just now."""
    owned = ports.store.authenticators(acting.user_key)
    if acting.proof is None:
        raise RefusedError("not_protected")
    method, claim = answering.check(ports, acting.user_key, owned, wanted, typed)
    now = ports.clock()
    with answering.accepting(ports, acting.user_key, method, claim, now) as transaction:
        full = not method.fallback_only
        if not transaction.note_step_up(acting.proof.id, method.name, now, full=full):
            raise RefusedError("signed_out")
    ports.publish(Event("stepped_up", acting.user_key, now, method=method.name))


def note_password(ports: Ports, acting: Acting) -> None:
    """Note that this person gave the right password again, just now."""
    now = ports.clock()
    with ports.store.transaction() as transaction:
        if acting.hold is not None:
            transaction.note_hold_password(acting.hold.id, now)
        elif acting.proof is not None:
            transaction.note_password(acting.proof.id, now)
