"""A person's trusted devices: the list, another name, and the end of one or all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_twofactor.core import names
from flask_twofactor.core.devices import Presented, TrustedDevice, is_alive
from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.records import Event
from flask_twofactor.core.repeating import repeated

from . import trusting
from .acting import Acting, ask_again, ask_for_change, ask_for_own
from .context import Ports


@dataclass(frozen=True, slots=True)
class Listed:
    """A device that is believed now; `is_this` is the browser that asks."""

    device: TrustedDevice
    is_this: bool


def listed(ports: Ports, acting: Acting, shown: Sequence[Presented]) -> list[Listed]:
    """Read the person's living devices, the one used last first."""
    now, age = ports.clock(), trusting.longest(ports, acting.terms)
    living = [
        one for one in ports.store.devices(acting.user_key) if is_alive(one, acting.epoch, age, now)
    ]
    here = {one.device_id for one in shown}
    living.sort(key=lambda one: one.last_used_at, reverse=True)
    return [Listed(one, one.id in here) for one in living]


@repeated
def rename(ports: Ports, acting: Acting, device_id: str, name: object) -> None:
    """Give one of the person's devices another name; asks what any change asks."""
    tidy = names.tidy(name)
    if not tidy:
        raise RefusedError("name_missing")
    ask_for_change(ports, acting, ports.store.authenticators(acting.user_key))
    with ports.store.transaction() as transaction:
        ask_again(transaction, acting)
        if not transaction.rename_device(acting.user_key, device_id, tidy):
            raise RefusedError("unknown_device")


@repeated
def revoke(ports: Ports, acting: Acting, device_id: str) -> None:
    """End one of the person's devices. Asks nothing: it only takes something away."""
    ask_for_own(acting)
    now = ports.clock()
    with ports.store.transaction() as transaction:
        if not transaction.end_device(acting.user_key, device_id, now):
            raise RefusedError("unknown_device")
        transaction.record(_revoked(acting.user_key, now, device_id))


@repeated
def revoke_all(ports: Ports, acting: Acting) -> None:
    """End all the person's devices. Asks nothing; recorded if there were any."""
    ask_for_own(acting)
    now = ports.clock()
    with ports.store.transaction() as transaction:
        if transaction.end_devices(acting.user_key, now):
            transaction.record(_revoked(acting.user_key, now, None))


def _revoked(user_key: str, now: float, device_id: str | None) -> Event:
    reason = "all" if device_id is None else None
    return Event("device_revoked", user_key, now, device_id=device_id, reason=reason)
