"""From a right password to a released login: decide, hold, challenge, release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from flask_twofactor.core import policy
from flask_twofactor.core.devices import GivenDevice, Presented
from flask_twofactor.core.errors import HoldGoneError, RefusedError, TwoFactorError
from flask_twofactor.core.ports import Method, Transaction
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
from flask_twofactor.core.sending import Errand, Sent, binding
from flask_twofactor.core.tokens import mint, reference

from . import answering, sending, trusting
from .context import Ports

TOUCHES_PER_IDLE_TIME = 10
NOWHERE = Origin()


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a held person is asked: the method now, the other ways, and the hold it serves."""

    hold: Hold
    method: Method | None
    others: Sequence[Method]
    step: Step = field(default_factory=Step, repr=False)
    sent: Sent | None = None


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


def decide(
    ports: Ports,
    user_key: str,
    token: object,
    *,
    required: bool,
    shown: Sequence[Presented] = (),
    fingerprint: str | None = None,
) -> tuple[policy.Verdict, Standing]:
    """Decide what a password step leads to. One statement.

    `shown` names the trusted devices of this browser, for `trusting.look` at the standing.
    """
    standing = _standing(ports, user_key, token, shown, fingerprint)
    return policy.on_login(standing, ports.limits, ports.clock(), required=required), standing


def admit(
    ports: Ports,
    user_key: str,
    token: object,
    mark: Mark | None,
    *,
    required: bool,
    fingerprint: str | None = None,
) -> tuple[policy.Verdict, Standing]:
    """Decide whether a session may go on. One statement, whatever the state."""
    standing = _standing(ports, user_key, token, (), fingerprint)
    verdict = policy.on_visit(
        standing,
        ports.limits,
        ports.clock(),
        required=required,
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
    """Give what to ask this session. One statement."""
    held, owned = look_up(ports, token)
    method, others = answering.choose(ports, owned, wanted)
    step, sent = Step(), None
    if method is not None:
        step = method.begin_challenge(answering.of_method(owned, method), ports.clock())
        sent = sending.state(ports, held.user_key, method, binding("challenge", held.id))
    return Challenge(held, method, others, step, sent)


def answer(
    ports: Ports,
    token: object,
    wanted: object,
    typed: str,
    browsers: Sequence[str] = (),
    *,
    origin: Origin = NOWHERE,
    trusts: Sequence[Presented] | None = None,
) -> Released:
    """Check the answer of a held person; RefusedError with a stable code if it is not right.

    The guess is paid for and committed first. What it uses up, the hold, the cleared
    throttle and the proof are one transaction: all of it happened, or none. With `trusts`
    (what this browser's cookie says of trust so far) a full second factor also makes the
    browser a trusted device; a backup code never does.
    """
    held, owned = look_up(ports, token)
    if held.purpose != "challenge":
        raise RefusedError("unknown_method")
    bound = binding("challenge", held.id)
    accepted = answering.check(ports, held.user_key, owned, wanted, typed, browsers, bound)
    now, proof_token, method = ports.clock(), mint(), accepted.method
    proof, device = new_proof(proof_token, held, method, now, origin), None
    with answering.accepting(ports, accepted, now) as transaction:
        if not transaction.consume_hold(held.id, now, released=True):
            raise HoldGoneError(released=True)
        transaction.add_proof(proof)
        browser = answering.know_browser(transaction, held.user_key, accepted.paid, now)
        if trusts is not None and not method.fallback_only and ports.limits.trusted_device:
            device = trusting.trust(ports, transaction, proof, trusts)
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
    )


def errand(ports: Ports, token: object, wanted: object) -> Errand:
    """Give what is to be sent so that a held person can answer; RefusedError if nothing can."""
    held, owned = look_up(ports, token)
    method = ports.method(wanted)
    if held.purpose != "challenge" or method is None:
        raise RefusedError("unknown_method")
    bound = binding("challenge", held.id)
    return sending.errand(method, answering.of_method(owned, method), held.user_key, bound)


def new_proof(token: str, held: Hold, method: Method, now: float, origin: Origin) -> Proof:
    """Build the proof that a released hold leaves."""
    return Proof(
        id=_reference(token),
        user_key=held.user_key,
        epoch=held.epoch,
        method=method.name,
        created_at=now,
        last_used_at=now,
        password_at=held.password_at,
        verified_at=None if method.fallback_only else now,
        fallback_at=now if method.fallback_only else None,
        agent=origin.agent,
        address=origin.address,
    )


def rotate(ports: Ports, proof: Proof) -> str:
    """Give a standing proof a new token, at a repeated password step of the same user."""
    now, token = ports.clock(), mint()
    successor = replace(proof, id=_reference(token), last_used_at=now, password_at=now)
    with ports.store.transaction() as transaction:
        if not transaction.replace_proof(proof.id, successor):
            raise HoldGoneError
    return token


def end(
    ports: Ports,
    *,
    hold_token: object = None,
    proof_token: object = None,
    by_log_out: bool = True,
) -> None:
    """End what a session has: at log-out, at cancel, when another login replaces it.

    Without `by_log_out` nothing is recorded: the session had ended before it came here.
    """
    if reference(hold_token) is None and reference(proof_token) is None:
        return
    with ports.store.transaction() as transaction:
        reason = "log_out" if by_log_out else None
        end_in(transaction, hold_token, proof_token, ports.clock(), reason=reason)


def end_in(
    transaction: Transaction,
    hold_token: object,
    proof_token: object,
    now: float,
    *,
    reason: str | None,
) -> None:
    """End a hold and a proof, if they are there; the end of a proof is recorded with a reason."""
    held, proof = reference(hold_token), reference(proof_token)
    if held is not None:
        transaction.end_hold(held)
    owner = transaction.revoke_proof(proof, now) if proof is not None else None
    if owner is not None and reason is not None:
        transaction.record(Event("proof_revoked", owner, now, reason=reason))


def _standing(
    ports: Ports,
    user_key: str,
    token: object,
    shown: Sequence[Presented],
    fingerprint: str | None,
) -> Standing:
    # A proof that does not stand, or is somebody else's, is handed on to nobody.
    found = ports.store.standing(
        user_key,
        reference(token),
        devices=[one.device_id for one in shown],
        fingerprint=fingerprint,
    )
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
