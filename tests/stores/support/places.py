"""Stores for tests: any address, a key ring of their own, and a time that stands still."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_twofactor.core.devices import TrustedDevice
from flask_twofactor.core.notices import Notice, notice_of, rule_for
from flask_twofactor.core.records import (
    Authenticator,
    Event,
    Hold,
    Kept,
    PendingSetup,
    Proof,
    StepUp,
    Surroundings,
    Wait,
)
from flask_twofactor.core.throttle import Throttle
from flask_twofactor.stores.bootstrap import Place
from flask_twofactor.stores.engine import Reach, make_engine
from flask_twofactor.stores.keys import new_key, parse_keys
from flask_twofactor.stores.redis import RedisStore, Setups
from flask_twofactor.stores.sqlalchemy import SQLStore

NOW = 1_800_000_000.0
ANN, BOB = "user:ann", "user:bob"
BUSY = Reach(wait_seconds=30)  # a busy machine is slow, not wrong


@dataclass(slots=True)
class Bystander:
    """A witness that saw nothing special, and remembers what it was told."""

    told: list[Event] = field(default_factory=list)
    queued: list[Notice] = field(default_factory=list)
    writes: bool = False

    def surroundings(self, event: Event) -> Surroundings:
        """Give an address that is set aside for examples."""
        del event
        return Surroundings(address="192.0.2.7", agent="Browser/1.0")

    def label(self, user_key: str) -> str:
        """Give the key's last part."""
        return user_key.rpartition(":")[2]

    def notice(self, event: Event) -> Notice | None:
        """Give a notice where the rules say so, in French."""
        rule = rule_for(event) if self.writes else None
        return rule and notice_of(rule, event, self.surroundings(event), "fr")

    def tell(self, events: Sequence[Event], notices: Sequence[Notice]) -> None:
        """Remember."""
        self.told.extend(events)
        self.queued.extend(notices)


@dataclass(frozen=True, slots=True)
class Where:
    """All that another process needs to reach the same store."""

    uri: str
    keys: tuple[str, ...]
    redis: str = field(default="", kw_only=True)

    @classmethod
    def at(cls, uri: str) -> Where:
        """Name a database, with a new key."""
        return cls(uri, (new_key(),))

    def place(self, *, makes_itself: bool = True) -> Place:
        """Describe the store as the extension does."""
        return Place(
            connect=lambda: make_engine(self.uri, BUSY),
            keys=parse_keys(self.keys),
            makes_itself=makes_itself,
        )

    def store(self, *, free: int = 5) -> SQLStore:
        """Open the store; `free` guesses cost no wait."""
        if not self.redis:
            return SQLStore(self.place, lambda: NOW, throttle(free), Bystander())
        setups = Setups(self.redis, 2, lambda: NOW)
        return RedisStore(self.place, lambda: NOW, throttle(free), Bystander(), setups)


def throttle(free: int = 5) -> Throttle:
    """Give a throttle whose day is long enough for what a test tries."""
    return Throttle(free=free, per_day=100)


def reserve(store: SQLStore, user: str, now: float = NOW, *browsers: str) -> float | None:
    """Pay for a guess, committed; None, or until when to wait."""
    with store.transaction() as transaction:
        paid = transaction.reserve(user, browsers, now)
    return paid.until if isinstance(paid, Wait) else None


def dispose(store: SQLStore) -> None:
    """Give the store's connections back."""
    store.opened().engine.dispose()
    if isinstance(store, RedisStore):
        store.setups.close()


def authenticator(row: str = "a" * 32, **values: Any) -> Authenticator:
    """Give an authenticator as a setup makes it."""
    defaults = {"method": "totp", "name": "Phone", "created_at": NOW, "data": {"secret": "S"}}
    return Authenticator(id=row, **{**defaults, **values})


def hold(row: str = "h" * 64, **values: Any) -> Hold:
    """Give a hold that ends in ten minutes."""
    defaults = {
        "user_key": ANN,
        "epoch": 0,
        "purpose": "challenge",
        "created_at": NOW,
        "expires_at": NOW + 600,
        "password_at": NOW,
        "kept": Kept(login_id="1", label="ann", next="/account"),
    }
    return Hold(id=row, **{**defaults, **values})


def proof(row: str = "p" * 64, **values: Any) -> Proof:
    """Give a proof that was just made."""
    defaults = {
        "user_key": ANN,
        "epoch": 0,
        "method": "totp",
        "created_at": NOW,
        "last_used_at": NOW,
        "password_at": NOW,
        "verified_at": NOW,
        "fallback_at": None,
    }
    return Proof(id=row, **{**defaults, **values})


def device(row: str = "d" * 32, **values: Any) -> TrustedDevice:
    """Give a trusted device that was just made."""
    defaults = {
        "user_key": ANN,
        "epoch": 0,
        "name": "Browser",
        "created_at": NOW,
        "last_used_at": NOW,
        "address": "192.0.2.7",
        "current": "c" * 64,
    }
    return TrustedDevice(id=row, **{**defaults, **values})


def pending_setup(row: str = "s" * 64, **values: Any) -> PendingSetup:
    """Give a setup that was begun and ends in ten minutes."""
    defaults = {
        "user_key": ANN,
        "method": "totp",
        "expires_at": NOW + 600,
        "kept": {"secret": "PENDING"},
    }
    return PendingSetup(id=row, **{**defaults, **values})


def step_up(row: str = "u" * 64, **values: Any) -> StepUp:
    """Give leave for an action, which ends in five minutes."""
    defaults = {
        "user_key": ANN,
        "action": "delete-account",
        "created_at": NOW,
        "expires_at": NOW + 300,
    }
    return StepUp(id=row, **{**defaults, **values})
