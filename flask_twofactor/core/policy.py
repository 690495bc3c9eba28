"""Who may enter: pure rules over what the store knows, what the session says, and the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .records import Mark, Proof, Standing

IMPERSONATION = "impersonation"
"""The method of a proof by which somebody acts as somebody else."""
IMPERSONATION_SECONDS = 3600
"""How long that lasts: nothing that ends the admin's own sessions would end it before."""

Verdict = Literal["enter", "mark", "challenge", "setup", "log_out"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things last, in seconds; `proof_age` None means no absolute limit.

    `mail` is how long all notices of one request or command may delay its answer.
    `trusted_device` is 0 where no device can be trusted.
    """

    hold: float = 600
    step_up: float = 300
    proof_idle: float = 31 * 86400
    proof_age: float | None = None
    mail: float = 5
    trusted_device: float = 30 * 86400


def proof_stands(proof: Proof | None, standing: Standing, limits: Limits, now: float) -> bool:
    """Say whether this proof lets this user in now: same user, same epoch, alive, in time."""
    if proof is None or proof.revoked_at is not None:
        return False
    if (proof.user_key, proof.epoch) != (standing.user_key, standing.epoch):
        return False
    if limits.proof_age is not None and now >= proof.created_at + limits.proof_age:
        return False
    if proof.method == IMPERSONATION and now >= proof.created_at + IMPERSONATION_SECONDS:
        return False
    return now < proof.last_used_at + limits.proof_idle


def on_login(standing: Standing, limits: Limits, now: float, *, required: bool) -> Verdict:
    """Decide a password step: enter under a standing proof, mark, challenge or setup.

    Who acts as somebody else has shown nothing of theirs: their password leads to the challenge.
    """
    stands = proof_stands(standing.proof, standing, limits, now)
    if standing.fingerprint != "changed" and stands and not _acts_for_another(standing):
        return _with_proof(standing, required=required)
    return _needed(standing, required=required) or "mark"


def on_visit(
    standing: Standing,
    limits: Limits,
    now: float,
    *,
    required: bool,
    carries_proof: bool,
    mark: Mark | None,
) -> Verdict:
    """Decide a visit with a session that says it is logged in.

    A session whose proof no longer stands is logged out, whether or not a factor is needed;
    a mark of an older epoch too. One with neither is let in only if it never mattered. A
    password that changed since the last look ends every session.
    """
    if standing.fingerprint == "changed":
        return "log_out"
    if carries_proof:
        stands = proof_stands(standing.proof, standing, limits, now)
        return _with_proof(standing, required=required) if stands else "log_out"
    if mark is not None and mark.user_key == standing.user_key and mark.epoch != standing.epoch:
        return "log_out"
    if needed := _needed(standing, required=required):
        return needed
    known = mark is not None and mark.user_key == standing.user_key
    return "enter" if known or standing.epoch == 0 else "log_out"


def _with_proof(standing: Standing, *, required: bool) -> Verdict:
    if _acts_for_another(standing):
        return "enter"  # nobody else sets up what is the user's own
    if standing.outdated:
        return "challenge"
    # The proof of who turned two-factor off outlives nothing that a rule asks later.
    return "setup" if required and not standing.protected else "enter"


def _acts_for_another(standing: Standing) -> bool:
    return standing.proof is not None and standing.proof.method == IMPERSONATION


def _needed(standing: Standing, *, required: bool) -> Verdict | None:
    if standing.protected:
        return "challenge"
    return "setup" if required else None


def is_recent(at: float | None, within: float, now: float) -> bool:
    """Say whether something happened less than `within` seconds ago, and not in the future."""
    return at is not None and -within < now - at < within
