"""From a right password to a released login: decide, hold, challenge, release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from flask_twofactor.core import policy
from flask_twofactor.core.errors import HoldGoneError, RefusedError, TwoFactorError
from flask_twofactor.core.ports import Method
from flask_twofactor.core.records import (
    Authenticator,
    Event,
    Hold,
    Kept,
    KnownBrowser,
    Mark,
    Proof,
    Purpose,
    Standing,
    Step,
)
from flask_twofactor.core.rules import Terms
from flask_twofactor.core.tokens import mint, reference

from . import answering, requiring
from .context import Ports
from .requiring import NOWHERE, Belongs

TOUCHES_PER_IDLE_TIME = 10


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a held person is asked: the method now, the other ways, and the hold it serves."""

    hold: Hold
    method: Method | None
    others: Sequence[Method]
    step: Step = field(default_factory=Step, repr=False)


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
    terms: Terms | None = None
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class SetUpFirst:
    """A right answer by a method that is not allowed any more: the hold now asks for setup."""

    browser: KnownBrowser | None = None


def decide(
    ports: Ports, user_key: str, token: object, *, belongs: Belongs = NOWHERE
) -> tuple[policy.Verdict, Standing]:
    """Decide what a password step leads to. One statement."""
    standing = _standing(ports, user_key, token, belongs)
    required = standing.requirement.is_required
    return policy.on_login(standing, ports.limits, ports.clock(), required=required), standing


def admit(
    ports: Ports, user_key: str, token: object, mark: Mark | None, *, belongs: Belongs = NOWHERE
) -> tuple[policy.Verdict, Standing]:
    """Decide whether a session may go on. One statement, whatever the state."""
    standing = _standing(ports, user_key, token, belongs)
    verdict = policy.on_visit(
        standing,
        ports.limits,
        ports.clock(),
        required=standing.requirement.is_required,
        carries_proof=token is not None,
        mark=mark,
    )
    return verdict, standing


def needs_touch(ports: Ports, proof: Proof) -> bool:
    """Say whether the proof's last use is old enough to be written anew."""
    age = ports.clock() - proof.last_used_at
    return age >= ports.limits.proof_idle / TOUCHES_PER_IDLE_TIME


def touch(ports: Ports, proof: Proof) -> None:
    """Write the proof's last use."""
    with ports.store.transaction() as transaction:
        transaction.touch_proof(proof.id, ports.clock())


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
        id=_reference(token),
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
        if (old := reference(ends_proof)) is not None:
            transaction.revoke_proof(old, now)
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
    held, owned, _ = _look_up_usable(ports, token)
    method, others = answering.choose(ports, owned, wanted)
    step = Step()
    if method is not None:
        step = method.begin_challenge(answering.of_method(owned, method), ports.clock())
    return Challenge(held, method, others, step)


def answer(
    ports: Ports, token: object, wanted: object, typed: str, browsers: Sequence[str] = ()
) -> Released | SetUpFirst:
    """Check the answer of a held person; RefusedError with a stable code if it is not right.

    The guess is paid for and committed first. What it uses up, the hold, the cleared
    throttle and the proof are one transaction: all of it happened, or none.
    """
    held, owned, standing = _look_up_usable(ports, token)
    if held.purpose != "challenge":
        raise RefusedError("unknown_method")
    accepted = answering.check(ports, held.user_key, owned, wanted, typed, browsers)
    now, proof_token, method = ports.clock(), mint(), accepted.method
    if standing is not None and standing.outdated:
        return _set_up_first(ports, held, accepted, now)
    proof = new_proof(proof_token, held, method, now)
    with answering.accepting(ports, accepted, now) as transaction:
        if not transaction.consume_hold(held.id, now, released=True):
            raise HoldGoneError(released=True)
        transaction.add_proof(proof)
        browser = answering.know_browser(transaction, held.user_key, accepted.paid, now)
        transaction.record(_verified(accepted, now))
    return Released(
        token=proof_token,
        user_key=held.user_key,
        kept=_kept(held),
        proof=proof,
        fallback=method.fallback_only,
        codes_left=accepted.left,
        browser=browser,
        terms=None if standing is None else standing.terms,
    )


def _set_up_first(ports: Ports, held: Hold, accepted: answering.Accepted, now: float) -> SetUpFirst:
    # A method that is not allowed any more answers once more, and only to reach setup.
    with answering.accepting(ports, accepted, now) as transaction:
        if not transaction.turn_to_setup(held.id, now, now + ports.limits.hold):
            raise HoldGoneError(released=True)
        browser = answering.know_browser(transaction, held.user_key, accepted.paid, now)
        transaction.record(_verified(accepted, now))
    return SetUpFirst(browser)


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
    if held.kept is None or not held.kept.belonging.tenants:
        return held, owned, None
    standing = requiring.look_held(ports, held)
    return held, requiring.usable(owned, standing), standing


def new_proof(
    token: str, held: Hold, method: Method, now: float, *, epoch: int | None = None
) -> Proof:
    """Build the proof that a released hold leaves."""
    return Proof(
        id=_reference(token),
        user_key=held.user_key,
        epoch=held.epoch if epoch is None else epoch,
        method=method.name,
        created_at=now,
        last_used_at=now,
        password_at=held.password_at,
        verified_at=None if method.fallback_only else now,
        fallback_at=now if method.fallback_only else None,
    )


def rotate(ports: Ports, proof: Proof) -> str:
    """Give a standing proof a new token, at a repeated password step of the same user."""
    now, token = ports.clock(), mint()
    successor = Proof(
        id=_reference(token),
        user_key=proof.user_key,
        epoch=proof.epoch,
        method=proof.method,
        created_at=proof.created_at,
        last_used_at=now,
        password_at=now,
        verified_at=proof.verified_at,
        fallback_at=proof.fallback_at,
    )
    with ports.store.transaction() as transaction:
        if not transaction.replace_proof(proof.id, successor):
            raise HoldGoneError
    return token


def end(ports: Ports, *, hold_token: object = None, proof_token: object = None) -> None:
    """End what a session has: at log-out, at cancel, when another login replaces it."""
    held, proof = reference(hold_token), reference(proof_token)
    if held is None and proof is None:
        return
    with ports.store.transaction() as transaction:
        if held is not None:
            transaction.end_hold(held)
        if proof is not None:
            transaction.revoke_proof(proof, ports.clock())


def _standing(ports: Ports, user_key: str, token: object, belongs: Belongs) -> Standing:
    # A proof that does not stand, or is somebody else's, is handed on to nobody.
    found = requiring.look(ports, user_key, belongs, reference(token))
    stands = policy.proof_stands(found.proof, found, ports.limits, ports.clock())
    return found if stands or found.proof is None else replace(found, proof=None)


def _reference(token: str) -> str:
    found = reference(token)
    if found is None:
        message = "a token of our own making is none"
        raise TwoFactorError(message)
    return found


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
