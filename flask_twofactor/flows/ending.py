"""The end of what a session has: its hold and its proof."""

from __future__ import annotations

from flask_twofactor.core.ports import Transaction
from flask_twofactor.core.records import Event
from flask_twofactor.core.repeating import repeated
from flask_twofactor.core.tokens import reference

from .context import Ports


@repeated
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
