"""From a right password to a released login: decide, hold, challenge, release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from flask_twofactor.core.devices import GivenDevice, Presented
from flask_twofactor.core.errors import HoldGoneError, RefusedError
from flask_twofactor.core.ports import Method
from flask_twofactor.core.records import (
    Authenticator,
    Event,
    Hold,
    Kept,
    KnownBrowser,
    Mark,
    Origin,
    Proof,
    Purpose,
    Standing,
    Step,
)
from flask_twofactor.core.repeating import repeated
from flask_twofactor.core.rules import Terms
from flask_twofactor.core.sending import Errand, Sent, binding
from flask_twofactor.core.tokens import mint, reference

from . import answering, requiring, sending, trusting
from .context import Ports
from .ending import end_in
from .proving import new_proof, row_of

NOWHERE = Origin()


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a held person is asked: the method now, the other ways, and the hold it serves."""

    hold: Hold
    method: Method | None
    others: Sequence[Method]
    step: Step = field(default_factory=Step, repr=False)
    sent: Sent | None = None
    terms: Terms | None = None


@dataclass(frozen=True, slots=True)
class Released:
    """A passed challenge: the proof's token for the session, and the login to finish."""

    token: str = field(repr=False)
    user_key: str
    kept: Kept = field(repr=False)
    proof: Proof | None = field(default=None, repr=False)
    fallback: bool = False
    codes_left: int | None = None
    browser: KnownBrowser | None = None
    device: GivenDevice | None = None
    terms: Terms | None = None
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class SetUpFirst:
    """A right answer by a method that is not allowed any more: the hold now asks for setup."""

    browser: KnownBrowser | None = None


@repeated
def hold(
    ports: Ports,
    standing: Standing,
    kept: Kept,
    purpose: Purpose,
    *,
    password_at: float | None,
    replaces: object = None,
    ends_proof: object = None,
) -> str:
    """Open a hold and give its token. The session's older hold and proof end with it."""
    now, token = ports.clock(), mint()
    opened = Hold(
        id=row_of(token),
        user_key=standing.user_key,
        epoch=standing.epoch,
        purpose=purpose,
        created_at=now,
        expires_at=now + ports.limits.hold,
        password_at=password_at,
        kept=kept,
    )
    with ports.store.transaction() as transaction:
        transaction.open_hold(opened, replaces=reference(replaces))
        end_in(transaction, None, ends_proof, now, reason="replaced")
        transaction.record(Event("challenge_required", standing.user_key, now, reason=purpose))
    return token


def look_up(ports: Ports, token: object) -> tuple[Hold, tuple[Authenticator, ...]]:
    """Give the session's open hold and what its user has; HoldGoneError if it is none."""
    found = ports.store.hold(reference(token) or "")
    if found is None:
        raise HoldGoneError
    held, epoch, owned = found
    if held.consumed_at is not None:
        raise HoldGoneError(released=held.released)
    if held.expires_at <= ports.clock() or held.epoch != epoch:
        raise HoldGoneError
    return held, owned


def challenge(ports: Ports, token: object, wanted: object = None) -> Challenge:
    """Give what to ask this session."""
    held, owned, standing = _look_up_usable(ports, token)
    method, others = answering.choose(ports, owned, wanted)
    step, sent = Step(), None
    if method is not None:
        step = method.begin_challenge(answering.of_method(owned, method), ports.clock())
        sent = sending.state(ports, held.user_key, method, binding("challenge", held.id))
    terms = None if standing is None else standing.terms
    return Challenge(held, method, others, step, sent, terms)


def method_of(ports: Ports, token: object, typed: str) -> str | None:
    """Name the method that a code typed beside the password belongs to, or None."""
    held, owned, _ = _look_up_usable(ports, token)
    method = answering.method_of(ports, owned, typed) if held.purpose == "challenge" else None
    return None if method is None else method.name


def answer(
    ports: Ports,
    token: object,
    wanted: object,
    typed: str,
    browsers: Sequence[str] = (),
    *,
    origin: Origin = NOWHERE,
    trusts: Sequence[Presented] | None = None,
) -> Released | SetUpFirst:
    """Check the answer of a held person; RefusedError with a stable code if it is not right.

    The guess is paid for and committed first. What it uses up, the hold, the cleared
    throttle and the proof are one transaction: all of it happened, or none. With `trusts`
    (what this browser's cookie says of trust so far) a full second factor also makes the
    browser a trusted device; a backup code never does.
    """
    held, owned, standing = _look_up_usable(ports, token)
    if held.purpose != "challenge":
        raise RefusedError("unknown_method")
    bound = binding("challenge", held.id)
    accepted = answering.check(ports, held.user_key, owned, wanted, typed, browsers, bound)
    if standing is not None and standing.outdated:
        return _set_up_first(ports, held, accepted, ports.clock())
    terms = None if standing is None else standing.terms
    return _release(ports, held, accepted, terms, origin, trusts)


@repeated
def _release(
    ports: Ports,
    held: Hold,
    accepted: answering.Accepted,
    terms: Terms | None,
    origin: Origin,
    trusts: Sequence[Presented] | None,
) -> Released:
    now, proof_token, method = ports.clock(), mint(), accepted.method
    longest = 0 if trusts is None or method.fallback_only else trusting.longest(ports, terms)
    proof, device = _proof(proof_token, held, method, now, origin), None
    with answering.accepting(ports, accepted, now) as transaction:
        if not transaction.consume_hold(held.id, now, released=True):
            raise HoldGoneError(released=True)
        transaction.add_proof(proof)
        browser = answering.know_browser(transaction, held.user_key, accepted.paid, now)
        if trusts is not None and longest:
            device = trusting.trust(ports, transaction, proof, trusts, longest)
        transaction.record(_verified(accepted, now))
        if device is not None:
            transaction.record(trusting.trusted(held.user_key, now, device))
    return Released(
        token=proof_token,
        user_key=held.user_key,
        kept=_kept(held),
        proof=proof,
        fallback=method.fallback_only,
        codes_left=accepted.left,
        browser=browser,
        device=device,
        terms=terms,
    )


def errand(ports: Ports, token: object, wanted: object, browsers: Sequence[str] = ()) -> Errand:
    """Give what is to be sent so that a held person can answer; RefusedError if nothing can."""
    held, owned, _ = _look_up_usable(ports, token)
    method = ports.method(wanted)
    if held.purpose != "challenge" or method is None:
        raise RefusedError("unknown_method")
    bound = binding("challenge", held.id)
    mine = answering.of_method(owned, method)
    known = ports.store.knows_browser(held.user_key, browsers)
    return sending.errand(method, mine, held.user_key, bound, known=known)


@repeated
def _set_up_first(ports: Ports, held: Hold, accepted: answering.Accepted, now: float) -> SetUpFirst:
    # A method that is not allowed any more answers once more, and only to reach setup.
    with answering.accepting(ports, accepted, now) as transaction:
        if not transaction.turn_to_setup(held.id, now, now + ports.limits.hold):
            raise HoldGoneError(released=True)
        browser = answering.know_browser(transaction, held.user_key, accepted.paid, now)
        transaction.record(_verified(accepted, now))
    return SetUpFirst(browser)


@repeated
def let_go(ports: Ports, held: Hold) -> Released:
    """Release a login that was held until setup, once no rule asks for it any more.

    It leaves what the password step would have left now: a mark. HoldGoneError if it was used.
    """
    with ports.store.transaction() as transaction:
        if not transaction.consume_hold(held.id, ports.clock(), released=True):
            raise HoldGoneError(released=True)
    mark = Mark(held.user_key, held.epoch, held.password_at or 0)
    return Released("", held.user_key, _kept(held), mark=mark)


def _look_up_usable(
    ports: Ports, token: object
) -> tuple[Hold, tuple[Authenticator, ...], Standing | None]:
    held, owned = look_up(ports, token)
    if held.kept is None or held.kept.belonging.tenants == ():
        return held, owned, None
    standing = requiring.look_held(ports, held)
    return held, requiring.usable(owned, standing), standing


def _proof(token: str, held: Hold, method: Method, now: float, origin: Origin) -> Proof:
    return new_proof(
        token,
        held.user_key,
        held.epoch,
        method.name,
        now,
        origin,
        password_at=held.password_at,
        verified_at=None if method.fallback_only else now,
        fallback_at=now if method.fallback_only else None,
    )


@repeated
def rotate(ports: Ports, proof: Proof) -> str:
    """Give a standing proof a new token, at a repeated password step of the same user."""
    now, token = ports.clock(), mint()
    successor = replace(proof, id=row_of(token), last_used_at=now, password_at=now)
    with ports.store.transaction() as transaction:
        if not transaction.replace_proof(proof.id, successor):
            raise HoldGoneError
    return token


def _kept(held: Hold) -> Kept:
    if held.kept is None:
        raise HoldGoneError
    return held.kept


def _verified(accepted: answering.Accepted, now: float) -> Event:
    return Event(
        "verified",
        accepted.user_key,
        now,
        method=accepted.method.name,
        authenticator_id=accepted.claim.authenticator_id,
        remaining=accepted.left,
        failures=accepted.failures or None,
    )
