"""Making an authenticator: it exists only once a code from it was accepted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask_twofactor.core import names
from flask_twofactor.core.codes import read_backup_code
from flask_twofactor.core.errors import HoldGoneError, RefusedError
from flask_twofactor.core.ports import Method, Transaction
from flask_twofactor.core.records import (
    Authenticator,
    Enrolment,
    Event,
    Kept,
    KnownBrowser,
    Paid,
    PendingSetup,
    Proof,
    Refusal,
    Step,
)
from flask_twofactor.core.repeating import repeated
from flask_twofactor.core.rules import Terms
from flask_twofactor.core.sending import Sent, binding
from flask_twofactor.core.tokens import mint, new_id, reference

from . import answering, sending
from .acting import Acting, ask_for_change, is_protected
from .context import Ports

SETUP_SECONDS = 600
STEP, EPOCH = "step", "epoch"


@dataclass(frozen=True, slots=True)
class Begun:
    """A setup in progress: the session's token for it, and what to show."""

    token: str = field(repr=False)
    method: Method
    step: Step = field(repr=False)
    sent: Sent | None = None
    expires_at: float = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """A confirmed setup: tokens of the proof and the known browser, codes, the held login.

    `replaced` is the authenticator whose place the new one took; `alike` says whether there is
    another one of the same method.
    """

    token: str = field(repr=False)
    first: bool
    codes: Sequence[str] = field(default=(), repr=False)
    kept: Kept | None = field(default=None, repr=False)
    browser: KnownBrowser | None = None
    replaced: Authenticator | None = None
    alike: bool = False


@dataclass(frozen=True, slots=True)
class _New:
    """What a right first code makes: an authenticator, beside others or in the place of one."""

    authenticator: Authenticator
    enrolment: Enrolment
    replaces: Authenticator | None
    alike: bool


def choices(ports: Ports, terms: Terms | None = None) -> list[Method]:
    """Give the methods a person can set up on a page of its own, as their tenants allow."""
    found = [method for method in ports.methods if not method.fallback_only]
    return [method for method in found if terms is None or method.name in terms.methods]


def begin(ports: Ports, acting: Acting, wanted: object, token: object) -> Begun:
    """Begin a setup, or show the one this session has begun: the same secret on reload."""
    method, owned = possible(ports, acting, wanted)
    ask_for_change(ports, acting, owned)
    begun = find_pending(ports, acting, method, token)
    if begun is not None and isinstance(token, str):
        step = method.resume_setup(acting.account, begun.kept[STEP])
        bound = binding("setup", begun.id)
        sent = sending.state(ports, acting.user_key, method, bound)
        return Begun(token, method, step, sent, begun.expires_at)
    return begin_anew(ports, acting, method, method.begin_setup(acting.account))


@repeated
def begin_anew(ports: Ports, acting: Acting, method: Method, step: Step) -> Begun:
    """Begin a setup with a step of its own; the session's older one is forgotten by it."""
    ports.store.ensure_account(acting.user_key)
    new = mint()
    pending = PendingSetup(
        id=reference(new) or "",
        user_key=acting.user_key,
        method=method.name,
        expires_at=ports.clock() + SETUP_SECONDS,
        kept={STEP: step.kept, EPOCH: acting.epoch},
    )
    with ports.store.transaction() as transaction:
        transaction.keep_setup(pending)
    return Begun(new, method, step, expires_at=pending.expires_at)


def confirm(
    ports: Ports,
    acting: Acting,
    wanted: object,
    token: object,
    typed: str,
    name: str,
    browsers: Sequence[str] = (),
    *,
    setup_code: str = "",
) -> Finished:
    """Accept the first code; RefusedError says why not.

    Nothing is asked again: what this session was shown was authorised when it was begun, at
    most ten minutes ago, and ends when the epoch moves. To be shown it again, one is asked.

    The authenticator, the first backup codes, the moved epoch, the proof and the consumed
    hold are one transaction. Other sessions end, because the epoch moved.
    """
    method, owned = possible(ports, acting, wanted)
    pending = find_pending(ports, acting, method, token)
    if pending is None:
        raise RefusedError("setup_expired")
    enrolment, paid = _evaluate(ports, acting, method, pending, typed, browsers)
    replaced = _replaced(method, owned)
    taken = [one.name for one in answering.of_method(owned, method) if one is not replaced]
    made = _authenticator(method, enrolment, names.choose(name, taken), ports.clock())
    new = _New(made, enrolment, replaced, alike=bool(taken))
    first, given = not is_protected(owned), read_backup_code(setup_code)
    with _reporting(ports, acting, method):
        return _finish(ports, acting, pending, new, paid, first=first, setup_code=given)


@repeated
def _finish(
    ports: Ports,
    acting: Acting,
    pending: PendingSetup,
    new: _New,
    paid: Paid,
    *,
    first: bool,
    setup_code: str | None,
) -> Finished:
    now, proof_token = ports.clock(), mint()
    made, replaced = new.authenticator, new.replaces
    with ports.store.transaction() as transaction:
        if not transaction.finish_setup(pending.id, acting.user_key):
            raise RefusedError("setup_expired")
        if first and not transaction.use_setup_code(acting.user_key, setup_code, now):
            raise RefusedError("wrong_setup_code", field="setup_code")
        _use_sent(transaction, acting, new.enrolment, now)
        if replaced is not None:
            transaction.remove_authenticator(acting.user_key, replaced.id)
        transaction.add_authenticator(acting.user_key, made)
        transaction.clear_failures(acting.user_key, paid.browser)
        browser = answering.know_browser(transaction, acting.user_key, paid, now)
        codes = give_codes(ports, transaction, acting, now) if first else []
        _finish_hold(transaction, acting, now)
        renew_proof(transaction, acting, proof_token, now, method=made.method, verified_at=now)
        transaction.record(_made(acting, made, replaced, now, first=first))
    kept = acting.hold.kept if acting.hold is not None else None
    return Finished(proof_token, first, codes, kept, browser, replaced, alike=new.alike)


def event_about(
    one: Authenticator, name: str, user_key: str, now: float, reason: str | None = None
) -> Event:
    """Give an event about one authenticator; a name is told only if its owner typed it."""
    return Event(
        name,
        user_key,
        now,
        method=one.method,
        authenticator_id=one.id,
        authenticator_name=names.typed(one.name),
        reason=reason,
    )


def was_finished(ports: Ports, token: object) -> bool:
    """Say whether the setup of this token was confirmed, in the ten minutes that it had."""
    place = reference(token)
    found = ports.store.pending_setup(place) if place is not None else None
    return found is not None and found.finished and found.expires_at > ports.clock()


def takes_setup_code(ports: Ports, acting: Acting) -> bool:
    """Say whether a person's first setup takes the code that an admin gave them."""
    return ports.store.awaits_setup_code(acting.user_key)


def give_codes(ports: Ports, transaction: Transaction, acting: Acting, now: float) -> Sequence[str]:
    """Make a new set of single-use codes; the older ones end. Give them as they are shown."""
    method = ports.fallback
    if method is None:
        return []
    step = method.begin_setup(acting.account)
    enrolment = method.complete_setup(step, "", now)
    if isinstance(enrolment, Refusal):
        raise RefusedError(enrolment.code)
    made = _authenticator(method, enrolment, names.numbered(1), now)
    transaction.remove_method(acting.user_key, method.name)
    transaction.add_authenticator(acting.user_key, made)
    most = None if acting.terms is None else acting.terms.backup_codes
    transaction.replace_codes(acting.user_key, made.id, enrolment.codes[:most], now)
    return list(step.shown["codes"][:most])


def renew_proof(
    transaction: Transaction,
    acting: Acting,
    token: str,
    now: float,
    *,
    method: str,
    verified_at: float | None,
) -> int:
    """Move the epoch, which ends every other session, and give this one a new proof.

    RefusedError if this session ended meanwhile, by another change or its own log-out.
    """
    epoch = transaction.move_epoch(acting.user_key, acting.epoch)
    if epoch is None:
        raise RefusedError("changed_meanwhile")
    old = acting.proof
    renewed = Proof(
        id=reference(token) or "",
        user_key=acting.user_key,
        epoch=epoch,
        method=method,
        created_at=now if old is None else old.created_at,
        last_used_at=now,
        password_at=acting.password_at,
        verified_at=verified_at,
        fallback_at=None if old is None else old.fallback_at,
        agent=acting.origin.agent if old is None else old.agent,
        address=acting.origin.address if old is None else old.address,
    )
    if old is None:
        transaction.add_proof(renewed)
    elif not transaction.replace_proof(old.id, renewed):
        raise RefusedError("changed_meanwhile")
    return epoch


def possible(
    ports: Ports, acting: Acting, wanted: object
) -> tuple[Method, tuple[Authenticator, ...]]:
    """Give the method to set up and what the person has; RefusedError if it cannot be."""
    offered = choices(ports, acting.terms)
    method = next((method for method in offered if method.name == wanted), None)
    if method is None:
        raise RefusedError("unknown_method")
    owned = ports.store.authenticators(acting.user_key)
    if len(answering.of_method(owned, method)) >= method.limit > 1:
        raise RefusedError("too_many", limit=method.limit)
    return method, owned


def find_pending(
    ports: Ports, acting: Acting, method: Method, token: object
) -> PendingSetup | None:
    """Give the setup that this session has begun, if it is this person's and still good."""
    place = reference(token)
    pending = ports.store.pending_setup(place) if place is not None else None
    if pending is None or pending.expires_at <= ports.clock():
        return None
    mine = (pending.user_key, pending.method) == (acting.user_key, method.name)
    return pending if mine and pending.kept.get(EPOCH) == acting.epoch else None


def _evaluate(
    ports: Ports,
    acting: Acting,
    method: Method,
    pending: PendingSetup,
    typed: str,
    browsers: Sequence[str],
) -> tuple[Enrolment, Paid]:
    if not typed:
        raise RefusedError("code_missing")
    bound = binding("setup", pending.id)
    paid = answering.pay(ports, acting.user_key, browsers, bound if method.needs_delivery else None)
    step = Step(kept=pending.kept[STEP] | {"binding": bound})
    verdict = method.complete_setup(step, typed, ports.clock())
    if isinstance(verdict, Refusal):
        answering.report(ports, acting.user_key, method, verdict.code, at_setup=True)
        raise RefusedError(verdict.code, **verdict.evidence)
    return verdict, paid


@contextmanager
def _reporting(ports: Ports, acting: Acting, method: Method) -> Iterator[None]:
    try:
        yield
    except RefusedError as refused:
        if refused.code == "wrong_code":
            answering.report(ports, acting.user_key, method, refused.code, at_setup=True)
        raise


def _made(
    acting: Acting, made: Authenticator, replaced: Authenticator | None, now: float, *, first: bool
) -> Event:
    if replaced is not None:
        return event_about(made, "replaced", acting.user_key, now)
    return event_about(made, "enrolled", acting.user_key, now, "first" if first else None)


def _use_sent(transaction: Transaction, acting: Acting, enrolment: Enrolment, now: float) -> None:
    sent = enrolment.sent
    if sent is not None and not transaction.sends.use_up(acting.user_key, sent, now):
        raise RefusedError("wrong_code")


def _replaced(method: Method, owned: Sequence[Authenticator]) -> Authenticator | None:
    mine = answering.of_method(owned, method)
    return mine[0] if mine and method.limit == 1 else None


def _finish_hold(transaction: Transaction, acting: Acting, now: float) -> None:
    held = acting.hold
    if held is not None and not transaction.consume_hold(held.id, now, released=True):
        raise HoldGoneError(released=True)


def _authenticator(method: Method, enrolment: Enrolment, name: str, now: float) -> Authenticator:
    return Authenticator(
        id=new_id(),
        method=method.name,
        name=name,
        created_at=now,
        counter=enrolment.counter,
        protects=not method.fallback_only,
        data=enrolment.data,
    )
