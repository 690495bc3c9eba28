"""Everything that can be refused or go wrong, each with a stable code and no secret."""

from __future__ import annotations


class TwoFactorError(Exception):
    """Root of all errors of this package.

    `code` is stable and safe to show; the message is for logs and developers and
    never holds a code, a secret, a token or a key.
    """

    code = "two_factor_error"


class ConfigurationError(TwoFactorError):
    """The host's settings or wiring cannot work; `faults` lists every one, each with its remedy."""

    code = "configuration"

    def __init__(self, *faults: str) -> None:
        super().__init__("flask_twofactor is not set up correctly:\n- " + "\n- ".join(faults))
        self.faults = faults


class StoreError(TwoFactorError):
    """The store could not answer, or is not the one it should be. Nobody is let in."""

    code = "unavailable"


class ContentionError(StoreError):
    """The database gave one of two transactions up for the other; nothing of it was written.

    The whole transaction may be tried again: see `core.repeating`.
    """


class SealError(TwoFactorError):
    """A sealed value could not be read: its key is missing or the row was altered."""

    code = "unreadable"


class RefusedError(TwoFactorError):
    """A request that the rules refuse. `code` is the reason, stable for JSON clients."""

    def __init__(self, code: str, *, retry_after: int | None = None, **evidence: object) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after
        self.evidence = evidence


class UnknownPersonError(TwoFactorError):
    """No user could be found, or the user has no usable identity."""

    code = "unknown_user"


class HoldGoneError(TwoFactorError):
    """The hold is unknown, expired, of an older epoch, or was used before (`released`)."""

    code = "hold_gone"

    def __init__(self, *, released: bool = False) -> None:
        super().__init__("released" if released else "ended")
        self.released = released
