"""What every flow needs of its app: the ports and limits, in one frozen record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from flask_twofactor.core.policy import Limits
from flask_twofactor.core.ports import Clock, Mail, Method, Sender, Store
from flask_twofactor.core.rules import DAY, Rule, Terms, floor
from flask_twofactor.core.sending import SendLimits
from flask_twofactor.core.throttle import Throttle

NO_FLOOR = floor("optional", ())


@dataclass(frozen=True, slots=True)
class Ports:
    """The store, clock, methods in order, limits, throttle, mail and own rule of one app."""

    store: Store = field(repr=False)
    clock: Clock
    methods: Sequence[Method]
    limits: Limits
    throttle: Throttle
    backup_codes: int
    mail: Mail | None = None
    sender: Sender | None = field(default=None, repr=False)
    send_limits: SendLimits = field(default_factory=SendLimits)
    floor: Rule = NO_FLOOR

    @property
    def site_terms(self) -> Terms:
        """What holds where no tenant's rule says otherwise."""
        names = tuple(method.name for method in self.methods if not method.fallback_only)
        return Terms(names, int(self.limits.trusted_device // DAY), self.backup_codes)

    def method(self, name: object) -> Method | None:
        """Give the method of this name, or None."""
        return next((method for method in self.methods if method.name == name), None)

    @property
    def fallback(self) -> Method | None:
        """The method that gives single-use codes when protection is first set up."""
        return next((method for method in self.methods if method.fallback_only), None)
