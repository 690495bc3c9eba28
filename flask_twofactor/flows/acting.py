"""Who acts on their own two-factor settings, and what they must show first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.policy import is_recent
from flask_twofactor.core.ports import Transaction
from flask_twofactor.core.records import Account, Authenticator, Hold, Origin, Proof, Standing
from flask_twofactor.core.rules import NOTHING_ASKED, Requirement, Terms

from .context import Ports


@dataclass(frozen=True, slots=True)
class Acting:
    """A signed-in person, or one held until they set up; `required` says a rule asks it.

    `requirement` says who asks and by when, `terms` what the tenants' rules leave; None is all.
    `allowed` are the methods that may still answer, once a rule's choice of them binds.
    `free` says that nothing is asked any more of a person who is held until they set up.
    """

    account: Account
    epoch: int
    required: bool
    password_at: float | None = None
    proof: Proof | None = None
    hold: Hold | None = field(default=None, repr=False)
    origin: Origin = field(default_factory=Origin)
    requirement: Requirement = NOTHING_ASKED
    terms: Terms | None = None
    allowed: frozenset[str] | None = None
    free: bool = False

    @property
    def user_key(self) -> str:
        """The identity that the person's rows carry."""
        return self.account.user_key


def is_protected(owned: Sequence[Authenticator]) -> bool:
    """Say whether any of these protects; backup codes alone never do."""
    return any(authenticator.protects for authenticator in owned)


def ask_for_change(ports: Ports, acting: Acting, owned: Sequence[Authenticator]) -> None:
    """Let pass who showed enough to add, remove or renew; RefusedError says what to show.

    The password, or a login younger than STEP_UP_MINUTES, at first; a second factor once
    there is one, a backup code among them (ASVS 7.5.1).
    """
    now, within = ports.clock(), ports.limits.step_up
    if not is_protected(owned):
        if not is_recent(acting.password_at, within, now):
            raise RefusedError("password_required")
        return
    if acting.hold is not None and acting.hold.verified_at is not None:
        return  # answered with a method that is not allowed any more: it lives for minutes
    proof = acting.proof
    if proof is None or not (
        is_recent(proof.verified_at, within, now) or is_recent(proof.fallback_at, within, now)
    ):
        raise RefusedError("step_up_required")


def ask_for_disable(ports: Ports, acting: Acting) -> None:
    """Let pass who showed a full second factor just now; a backup code is not enough."""
    proof = acting.proof
    if proof is None or not is_recent(proof.verified_at, ports.limits.step_up, ports.clock()):
        raise RefusedError("step_up_required", full=True)


def ask_again(transaction: Transaction, acting: Acting) -> None:
    """Let pass whose session goes on until this change is written; two conditional writes.

    A request may take long to arrive: what it was let in by may have ended since.
    """
    alive = transaction.keep_epoch(acting.user_key, acting.epoch)
    if not alive or (acting.proof is not None and not transaction.keep_proof(acting.proof.id)):
        raise RefusedError("changed_meanwhile")


def has_ended(ports: Ports, before: Standing) -> bool:
    """Say whether a session that was let in has ended since. One statement."""
    found = ports.store.standing(before.user_key, before.proof.id if before.proof else None)
    alive = before.proof is None or (found.proof is not None and found.proof.revoked_at is None)
    return found.epoch != before.epoch or not alive
