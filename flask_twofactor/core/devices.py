"""Trusted devices: their row, what a cookie says of one, and the rules of believing it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

TRUSTED_DEVICE = "trusted_device"
"""The method of a proof that a trusted device gave; it has no time of a second factor."""

VALUE = 64
"""How long the digest of a value is; successors are kept one after the other."""

MOST_SUCCESSORS = 4
Belief = Literal["good", "worn", "stale"]


@dataclass(frozen=True, slots=True)
class TrustedDevice:
    """A browser that passes the second factor until `created_at` plus the days now in force.

    `current` is the digest of the value its cookie has, `successors` the digests of the values
    that were sent to replace it and were not seen yet. `epoch` is the account's at its making.
    """

    id: str
    user_key: str
    epoch: int
    name: str
    created_at: float
    last_used_at: float
    address: str
    current: str = field(repr=False)
    successors: str = field(default="", repr=False)
    ended_at: float | None = None


@dataclass(frozen=True, slots=True)
class Presented:
    """What a browser's cookie says of a trusted device: which row, and the value's digest."""

    device_id: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class GivenDevice:
    """A new value for a browser's cookie, and the devices whose values it replaces there."""

    token: str = field(repr=False)
    replaces: tuple[str, ...] = ()


def is_alive(device: TrustedDevice, epoch: int, longest: float, now: float) -> bool:
    """Say whether a device may be believed at all: not ended, same epoch, young enough.

    `longest` is the age in seconds now in force; age counts from the making and never slides.
    """
    if device.ended_at is not None or device.epoch != epoch:
        return False
    return now < device.created_at + longest


def belief(device: TrustedDevice, value: str) -> Belief:
    """Say what a value of a living device is worth.

    The current one is good until one of its successors was seen, for at most four logins: tabs
    and lost answers. A successor is good. Everything else was replaced before: a copy.
    """
    if value == device.current:
        full = len(device.successors) >= MOST_SUCCESSORS * VALUE
        return "worn" if full else "good"
    return "good" if value in _successors(device) else "stale"


def _successors(device: TrustedDevice) -> list[str]:
    kept = device.successors
    return [kept[at : at + VALUE] for at in range(0, len(kept), VALUE)]
