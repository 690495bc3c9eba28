"""Passing by a trusted device: at the password step, or where the challenge would ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from flask_twofactor.core.devices import TRUSTED_DEVICE, GivenDevice, Presented
from flask_twofactor.core.errors import HoldGoneError
from flask_twofactor.core.records import Origin, Standing
from flask_twofactor.core.repeating import repeated
from flask_twofactor.core.tokens import mint

from . import ending, logging_in, requiring, trusting
from .context import Ports
from .proving import new_proof


@dataclass(frozen=True, slots=True)
class Entered:
    """A login that a trusted device finished: tokens of its proof and of the device."""

    token: str = field(repr=False)
    device: GivenDevice


@repeated
def enter(
    ports: Ports,
    standing: Standing,
    shown: Presented,
    origin: Origin,
    *,
    password_at: float | None,
    ends_hold: object = None,
    ends_proof: object = None,
) -> Entered | None:
    """Finish a password step by a device: rotation, proof and event are one transaction.

    None if the device is not believed at this moment any more; then a copy has ended it.
    """
    now, token, user_key = ports.clock(), mint(), standing.user_key
    proof = new_proof(
        token, user_key, standing.epoch, TRUSTED_DEVICE, now, origin, password_at=password_at
    )
    with ports.store.transaction() as transaction:
        device = trusting.take(ports, transaction, standing, shown, origin.address)
        if device is None:
            return None
        transaction.add_proof(proof)
        ending.end_in(transaction, ends_hold, ends_proof, now, reason="replaced")
        transaction.record(trusting.used(user_key, now, shown))
    return Entered(token, device)


@repeated
def refuse(ports: Ports, standing: Standing, shown: Presented, origin: Origin) -> None:
    """End a device whose copied value came back; the login is held."""
    with ports.store.transaction() as transaction:
        trusting.take(ports, transaction, standing, shown, origin.address)


@repeated
def release(
    ports: Ports, hold_token: object, shown: Sequence[Presented], origin: Origin
) -> tuple[logging_in.Released, GivenDevice] | None:
    """Release a hold by a device that the password step did not see; None if there is none.

    A login that came from another site brings no Lax cookie: the challenge looks once more.
    HoldGoneError as for an answer; a hold is used once, whoever asks.
    """
    held, _ = logging_in.look_up(ports, hold_token)
    if held.purpose != "challenge" or held.kept is None:
        return None
    names = [one.device_id for one in shown]
    standing = requiring.look_held(ports, held, devices=names)
    found = trusting.look(ports, standing, shown)
    if found is None:
        return None
    now, token = ports.clock(), mint()
    proof = new_proof(
        token,
        held.user_key,
        held.epoch,
        TRUSTED_DEVICE,
        now,
        origin,
        password_at=held.password_at,
    )
    with ports.store.transaction() as transaction:
        device = trusting.take(ports, transaction, standing, found.shown, origin.address)
        if device is None:
            return None
        if not transaction.consume_hold(held.id, now, released=True):
            raise HoldGoneError(released=True)
        transaction.add_proof(proof)
        transaction.record(trusting.used(held.user_key, now, found.shown))
    return logging_in.Released(token, held.user_key, held.kept, proof), device
