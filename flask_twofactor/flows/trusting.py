"""Believing a device: what its cookie is worth, taking its value, and trusting a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_twofactor.core.devices import (
    TRUSTED_DEVICE,
    GivenDevice,
    Presented,
    TrustedDevice,
    belief,
    is_alive,
)
from flask_twofactor.core.ports import Transaction
from flask_twofactor.core.records import Event, Proof, Standing
from flask_twofactor.core.rules import DAY, Terms
from flask_twofactor.core.tokens import mint_for, new_id, reference, row_named

from .context import Ports


@dataclass(frozen=True, slots=True)
class Found:
    """A living device of the user that this browser names; `good` unless the value is a copy."""

    shown: Presented
    good: bool


def longest(ports: Ports, terms: Terms | None) -> float:
    """Give for how many seconds a device may be trusted, by the app and by the rules; 0 for none."""
    site = ports.limits.trusted_device
    return site if terms is None else min(site, terms.trusted_device_days * DAY)


def look(ports: Ports, standing: Standing, shown: Sequence[Presented]) -> Found | None:
    """Give the user's device that this browser names, if there is anything to do about it."""
    if standing.fingerprint == "changed" or standing.outdated:
        return None
    now, age = ports.clock(), longest(ports, standing.terms)
    values = {one.device_id: one for one in shown}
    for device in standing.devices:
        if not is_alive(device, standing.epoch, age, now):
            continue
        worth = belief(device, values[device.id].value)
        if worth != "worn":
            return Found(values[device.id], good=worth == "good")
    return None


def take(
    ports: Ports, transaction: Transaction, standing: Standing, shown: Presented, address: str
) -> GivenDevice | None:
    """Take a device's value and give its successor; None if it is not good any more.

    A value that was replaced before ends the device, and the sessions that devices let in:
    somebody has a copy of the cookie.
    """
    user_key, age = standing.user_key, longest(ports, standing.terms)
    now, token = ports.clock(), mint_for(shown.device_id)
    if transaction.rotate_device(
        user_key, shown, _value(token), oldest=now - age, now=now, address=address
    ):
        return GivenDevice(token, (shown.device_id,))
    device = transaction.device(user_key, shown.device_id)
    copied = device is not None and _is_copy(device, shown.value, age, now)
    if copied and transaction.end_device(user_key, shown.device_id, now):
        transaction.end_sessions_by(user_key, TRUSTED_DEVICE, now)
        stale = Event("device_stale_used", user_key, now, device_id=shown.device_id)
        transaction.record(stale)
    return None


def trust(
    ports: Ports,
    transaction: Transaction,
    proof: Proof,
    shown: Sequence[Presented],
    age: float,
) -> GivenDevice:
    """Trust the browser of this proof for some seconds; what it had of the user's is replaced."""
    now, device_id, user_key = ports.clock(), new_id(), proof.user_key
    token = mint_for(device_id)
    replaced = transaction.drop_devices(user_key, [one.device_id for one in shown])
    device = TrustedDevice(
        id=device_id,
        user_key=user_key,
        epoch=proof.epoch,
        name=proof.agent,
        created_at=now,
        last_used_at=now,
        address=proof.address,
        current=_value(token),
    )
    transaction.add_device(device, oldest=now - age)
    return GivenDevice(token, tuple(replaced))


def trusted(user_key: str, now: float, given: GivenDevice) -> Event:
    """Say that a device is trusted from now on."""
    return Event("device_trusted", user_key, now, device_id=row_named(given.token))


def used(user_key: str, now: float, shown: Presented) -> Event:
    """Say that a device passed the second factor."""
    return Event("device_used", user_key, now, device_id=shown.device_id)


def _is_copy(device: TrustedDevice, value: str, age: float, now: float) -> bool:
    return is_alive(device, device.epoch, age, now) and belief(device, value) == "stale"


def _value(token: str) -> str:
    return reference(token) or ""
