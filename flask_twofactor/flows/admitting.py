"""Whether a password step or a session may enter, as the store has it now; and its last use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flask_twofactor.core import policy
from flask_twofactor.core.devices import Presented
from flask_twofactor.core.records import Mark, Proof, Standing
from flask_twofactor.core.repeating import repeated
from flask_twofactor.core.tokens import reference

from . import requiring
from .context import Ports
from .requiring import NOWHERE, Belongs

TOUCHES_PER_IDLE_TIME = 10


def decide(
    ports: Ports,
    user_key: str,
    token: object,
    *,
    belongs: Belongs = NOWHERE,
    shown: Sequence[Presented] = (),
    fingerprint: str | None = None,
) -> tuple[policy.Verdict, Standing]:
    """Decide what a password step leads to. One statement.

    `shown` names the trusted devices of this browser, for `trusting.look` at the standing.
    """
    standing = _standing(ports, user_key, token, belongs, shown, fingerprint)
    required = standing.requirement.is_required
    return policy.on_login(standing, ports.limits, ports.clock(), required=required), standing


def admit(
    ports: Ports,
    user_key: str,
    token: object,
    mark: Mark | None,
    *,
    belongs: Belongs = NOWHERE,
    fingerprint: str | None = None,
) -> tuple[policy.Verdict, Standing]:
    """Decide whether a session may go on. One statement, whatever the state."""
    standing = _standing(ports, user_key, token, belongs, (), fingerprint)
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


@repeated
def touch(ports: Ports, proof: Proof) -> None:
    """Write the proof's last use."""
    with ports.store.transaction() as transaction:
        transaction.touch_proof(proof.id, ports.clock())


def _standing(
    ports: Ports,
    user_key: str,
    token: object,
    belongs: Belongs,
    shown: Sequence[Presented],
    fingerprint: str | None,
) -> Standing:
    # A proof that does not stand, or is somebody else's, is handed on to nobody.
    found = requiring.look(
        ports,
        user_key,
        belongs,
        reference(token),
        devices=[one.device_id for one in shown],
        fingerprint=fingerprint,
    )
    stands = policy.proof_stands(found.proof, found, ports.limits, ports.clock())
    return found if stands or found.proof is None else replace(found, proof=None)
