"""Asking again inside a signed-in session: the second factor, or the password."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.policy import is_recent
from flask_twofactor.core.ports import Method, Transaction
from flask_twofactor.core.records import Authenticator, Event, Proof, Step, StepUp
from flask_twofactor.core.repeating import repeated
from flask_twofactor.core.sending import Errand, Sent, binding
from flask_twofactor.core.tokens import mint, reference

from . import answering, sending
from .acting import Acting, ask_again, ask_for_own
from .context import Ports

LONGEST_ACTION = 64


def action_name(name: object) -> str | None:
    """Give the name of an action, or None for what is none."""
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_ACTION:
        return None
    return name if name.isprintable() else None


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
    action: str | None = None,
) -> str | None:
    """Check a code and note on this session's proof that it was right, just now.

    Where a full second factor is asked, a backup code is not looked at, so that none is lost.
    If it was asked for one action, give the token of the leave to do that, once. Who acts as
    somebody else has no code of theirs to show.
    """
    ask_for_own(acting)
    owned = _owned(ports, acting, full=full or action is not None)
    if acting.proof is None:
        raise RefusedError("not_protected")
    bound = binding("step_up", acting.proof.id)
    accepted = answering.check(ports, acting.user_key, owned, wanted, typed, browsers, bound)
    return _note(ports, acting, acting.proof, accepted, action)


@repeated
def _note(
    ports: Ports, acting: Acting, proof: Proof, accepted: answering.Accepted, action: str | None
) -> str | None:
    now, method = ports.clock(), accepted.method
    with answering.accepting(ports, accepted, now) as transaction:
        counts_fully = not method.fallback_only
        if not transaction.note_step_up(proof.id, method.name, now, full=counts_fully):
            raise RefusedError("signed_out")
        event = Event("stepped_up", acting.user_key, now, method=method.name, reason=action)
        transaction.record(event)
        return _allow(ports, transaction, acting, action, now)


def errand(ports: Ports, acting: Acting, wanted: object) -> Errand:
    """Give what is to be sent so that this session can answer; RefusedError if nothing can."""
    ask_for_own(acting)
    method = ports.method(wanted)
    if acting.proof is None or method is None:
        raise RefusedError("unknown_method")
    owned = answering.of_method(_owned(ports, acting, full=False), method)
    bound = binding("step_up", acting.proof.id)
    return sending.errand(method, owned, acting.user_key, bound, known=True)


def sent(ports: Ports, acting: Acting, method: Method) -> tuple[Step, Sent | None]:
    """Give what a method shows when it is asked here, and what was sent for it."""
    owned = answering.of_method(_owned(ports, acting, full=False), method)
    step = method.begin_challenge(owned, ports.clock())
    if acting.proof is None:
        return step, None
    bound = binding("step_up", acting.proof.id)
    return step, sending.state(ports, acting.user_key, method, bound)


@repeated
def note_password(ports: Ports, acting: Acting, *, action: str | None = None) -> str | None:
    """Note that this person gave the right password again, just now.

    If it was asked for one action, give the token of the leave to do that, once.
    """
    now = ports.clock()
    with ports.store.transaction() as transaction:
        if acting.hold is not None:
            transaction.note_hold_password(acting.hold.id, now)
        elif acting.proof is not None:
            transaction.note_password(acting.proof.id, now)
        return _allow(ports, transaction, acting, action, now)


@repeated
def allow_after_login(ports: Ports, acting: Acting, action: str | None) -> str | None:
    """Give the token of the leave to do one action, good only once the person signed in anew."""
    now = ports.clock()
    with ports.store.transaction() as transaction:
        return _allow(ports, transaction, acting, action, now)


def ask_for_freshness(
    ports: Ports, acting: Acting, *, protected: bool, max_age: float | None
) -> None:
    """Let pass who showed a full second factor less than `max_age` seconds ago.

    None takes STEP_UP_MINUTES. A backup code never counts (ASVS 7.5.3); who has nothing set up
    shows the password. RefusedError says what to show.
    """
    within = ports.limits.step_up if max_age is None else max_age
    if not is_recent(_shown_at(acting, protected=protected), within, ports.clock()):
        raise _refused(protected=protected, action=None)


@repeated
def ask_for_action(
    ports: Ports, acting: Acting, action: str, token: object, *, protected: bool, changing: bool
) -> None:
    """Let pass who showed it for this action, and use that up; RefusedError says what to show."""
    place, shown_at = reference(token), _shown_at(acting, protected=protected)
    now = ports.clock()
    if place is not None and shown_at is not None:
        with suppress(RefusedError), ports.store.transaction() as transaction:
            if acting.proof is not None:
                ask_again(transaction, acting)
            if transaction.use_action(
                place, acting.user_key, action, shown_at=shown_at, now=now, changing=changing
            ):
                return
    raise _refused(protected=protected, action=action)


def _shown_at(acting: Acting, *, protected: bool) -> float | None:
    if not protected:
        return acting.password_at
    return None if acting.proof is None else acting.proof.verified_at


def _refused(*, protected: bool, action: str | None) -> RefusedError:
    if protected:
        return RefusedError("step_up_required", full=True, action=action)
    return RefusedError("password_required", action=action)


def _allow(
    ports: Ports, transaction: Transaction, acting: Acting, action: str | None, now: float
) -> str | None:
    if action is None:
        return None
    token = mint()
    transaction.allow_action(
        StepUp(
            id=reference(token) or "",
            user_key=acting.user_key,
            action=action,
            created_at=math.floor(now),  # as exact as the time in a session's mark
            expires_at=now + ports.limits.step_up,
        )
    )
    return token


def _owned(ports: Ports, acting: Acting, *, full: bool) -> list[Authenticator]:
    owned = ports.store.authenticators(acting.user_key)
    return [one for one in owned if _may_answer(one, acting, full=full)]


def _may_answer(one: Authenticator, acting: Acting, *, full: bool) -> bool:
    if not one.protects:
        return not full
    return acting.allowed is None or one.method in acting.allowed
