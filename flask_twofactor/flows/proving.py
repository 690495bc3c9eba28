"""The proof that a login leaves: one way to make it, whatever let the person in."""

from __future__ import annotations

from flask_twofactor.core.errors import TwoFactorError
from flask_twofactor.core.records import Origin, Proof
from flask_twofactor.core.tokens import reference


def new_proof(
    token: str,
    user_key: str,
    epoch: int,
    method: str,
    now: float,
    origin: Origin,
    *,
    password_at: float | None = None,
    verified_at: float | None = None,
    fallback_at: float | None = None,
) -> Proof:
    """Make the proof of a token, which shows nothing but what has a time."""
    return Proof(
        id=row_of(token),
        user_key=user_key,
        epoch=epoch,
        method=method,
        created_at=now,
        last_used_at=now,
        password_at=password_at,
        verified_at=verified_at,
        fallback_at=fallback_at,
        agent=origin.agent,
        address=origin.address,
    )


def row_of(token: str) -> str:
    """Give the row that a token of our own making names."""
    found = reference(token)
    if found is None:
        message = "a token of our own making is none"
        raise TwoFactorError(message)
    return found
