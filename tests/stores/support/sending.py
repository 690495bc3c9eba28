"""Errands as a host's visitors start them, with a sender that only counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.policy import Limits
from flask_twofactor.core.sending import Delivery, Errand, SendLimits
from flask_twofactor.flows import sending
from flask_twofactor.flows.context import Ports
from flask_twofactor.stores.sqlalchemy import SQLStore

from .places import ANN, NOW, throttle

NUMBER = "+447400123456"
WIDE = {
    "per_user_day": 10_000,
    "per_number_day": 10_000,
    "per_address_day": 10_000,
    "per_prefix_day": 10_000,
    "per_tenant_day": 10_000,
    "per_day": 10_000,
    "new_numbers_day": 10_000,
    "breaker_percent": 0,
    "cooldown_seconds": 1,
}


@dataclass
class Counter:
    """A sender that counts and does as it is told."""

    sent: list[str] = field(default_factory=list)
    answer: Delivery | None = None

    def send(self, number: str, text: str) -> Delivery | None:
        """Count."""
        del text
        self.sent.append(number)
        return self.answer


@dataclass
class Office:
    """Sends errands at a given time, under given limits; all others are wide."""

    store: SQLStore
    limits: SendLimits
    counter: Counter = field(default_factory=Counter)
    now: float = NOW

    @classmethod
    def with_limits(cls, store: SQLStore, **limits: Any) -> Office:
        """Open one."""
        return cls(store, SendLimits(**{**WIDE, **limits}))

    @property
    def ports(self) -> Ports:
        """Give what the flow needs."""
        return Ports(
            store=self.store,
            clock=lambda: self.now,
            methods=[],
            limits=Limits(),
            throttle=throttle(),
            backup_codes=10,
            sender=self.counter,
            send_limits=self.limits,
        )

    def send(self, errand: Errand) -> RefusedError | None:
        """Send a code; give the refusal, if it was one."""
        try:
            sending.send(self.ports, errand, lambda code: code)
        except RefusedError as refused:
            return refused
        return None

    def count(self, *errands: Errand) -> int:
        """Send them, five seconds from one to the next, and count the texts."""
        before = len(self.counter.sent)
        for errand in errands:
            self.now += 5
            self.send(errand)
        return len(self.counter.sent) - before


def errand(user: str = ANN, number: str = NUMBER, **values: Any) -> Errand:
    """Give an errand to a number that was proven long ago."""
    defaults = {
        "method": "sms",
        "binding": f"challenge:{user}",
        "proven_at": NOW - 10 * 86400,
        "known": True,
    }
    return Errand(user, number=number, **{**defaults, **values})


def setup(user: str = ANN, number: str = NUMBER, **values: Any) -> Errand:
    """Give an errand to a number that is being set up."""
    return errand(user, number, binding=f"setup:{user}{number[-4:]}", proven_at=None, **values)


def people(count: int, **values: Any) -> list[Errand]:
    """Give errands of so many people with numbers of their own, all over the country."""
    return [errand(f"user:{at}", f"+4474{at:02}1{at:05}", **values) for at in range(count)]
