"""The facts that travel between the rings, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .devices import TRUSTED_DEVICE, TrustedDevice
from .rules import (
    NOTHING_ASKED,
    NOWHERE,
    Belonging,
    Membership,
    Requirement,
    Rule,
    Terms,
)
from .sending import SentCode

Data = dict[str, Any]
Purpose = Literal["challenge", "setup"]
Source = Literal["session", "remember", "request", "login"]
Fingerprint = Literal["unasked", "unknown", "same", "changed"]


@dataclass(frozen=True, slots=True)
class Account:
    """The person as methods need to know them: identity, label and issuer for an app."""

    user_key: str
    label: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Authenticator:
    """One set-up instance of a method. `data` is None when it could not be unsealed.

    What leaves the package never has it.
    """

    id: str
    method: str
    name: str
    created_at: float
    last_used_at: float | None = None
    counter: int = -1
    protects: bool = True
    failures: int = 0
    data: Data | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Step:
    """What a method asks: `shown` goes to the page, `kept` stays sealed on the server."""

    shown: Data = field(default_factory=dict, repr=False)
    kept: Data = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """What must be used up for an acceptance to count.

    Either `counter` moves an authenticator forward (RFC 6238 section 5.2: a code is good
    once), or `spent` is a single-use code to be marked as used, or `sent` is one that was sent.
    The flow applies it with one conditional write.
    """

    authenticator_id: str
    counter: int | None = None
    spent: str | None = field(default=None, repr=False)
    sent: SentCode | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an answer was not accepted; `evidence` may hold numbers for the page, no secret."""

    code: str
    evidence: Data = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What `complete_setup` gives: the data to seal, its counter, and single-use codes.

    `sent` is a code that was sent, and must be used up for the setup to count.
    """

    data: Data = field(repr=False)
    counter: int = -1
    codes: tuple[str, ...] = field(default=(), repr=False)
    sent: SentCode | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """A login that passed: for whom, how, and when. Times are UTC epoch seconds."""

    id: str
    user_key: str
    epoch: int
    method: str
    created_at: float
    last_used_at: float
    password_at: float | None
    verified_at: float | None
    fallback_at: float | None
    revoked_at: float | None = None
    agent: str = ""
    address: str = ""

    @property
    def is_trusted_only(self) -> bool:
        """Whether a trusted device gave it and no full second factor was shown since."""
        return self.method == TRUSTED_DEVICE and self.verified_at is None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a sign-in came from: the browser's name as people read it, and the address."""

    agent: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A login that needed no second factor, as kept in the signed session."""

    user_key: str
    epoch: int
    password_at: float


@dataclass(frozen=True, slots=True)
class Standing:
    """All that the store knows when a user wants to enter; read by one statement.

    `methods` are those that protect, `places` the tenants' rules beside the user's place there,
    `reset_at` when an admin removed everything that was set up. What follows from the rules is
    added by the flow: `requirement`, `terms`, and which methods are `allowed` (None: all).
    """

    user_key: str
    epoch: int = 0
    protected: bool = False
    proof: Proof | None = None
    fingerprint: Fingerprint = "unasked"
    password_digest: str | None = field(default=None, repr=False)
    devices: tuple[TrustedDevice, ...] = ()
    methods: frozenset[str] = frozenset()
    places: tuple[tuple[Rule, Membership | None], ...] = ()
    reset_at: float | None = None
    requirement: Requirement = NOTHING_ASKED
    terms: Terms | None = None
    allowed: frozenset[str] | None = None

    @property
    def outdated(self) -> bool:
        """Whether all that protects is by methods that are not allowed any more."""
        return self.protected and self.allowed is not None and not self.methods & self.allowed


@dataclass(frozen=True, slots=True)
class Kept:
    """What a hold keeps sealed: the login to finish and what the login request had set.

    `belonging` is what the host said of the user's tenants and roles at the password step.
    """

    login_id: str
    label: str
    next: str
    session: str = field(default="{}", repr=False)
    removed: tuple[str, ...] = ()
    remember: bool = False
    remember_seconds: float | None = None
    fresh: bool = True
    belonging: Belonging = NOWHERE


@dataclass(frozen=True, slots=True)
class Hold:
    """A login whose password was right and whose second factor is pending."""

    id: str
    user_key: str
    epoch: int
    purpose: Purpose
    created_at: float
    expires_at: float
    password_at: float | None
    consumed_at: float | None = None
    released: bool = False
    verified_at: float | None = None
    kept: Kept | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class PendingSetup:
    """A setup that was begun; its step stays sealed, and is gone once it is `finished`."""

    id: str
    user_key: str
    method: str
    expires_at: float
    kept: Data = field(default_factory=dict, repr=False)
    finished: bool = False


@dataclass(frozen=True, slots=True)
class StepUp:
    """Leave to do one named action, once; `id` is the reference of the session's token."""

    id: str
    user_key: str
    action: str
    created_at: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class Status:
    """What a host may know of a user: protected, held by rule, and what is set up.

    `trusted` says that this request's sign-in passed by a trusted device, not by a code.
    """

    user_key: str
    protected: bool
    required: bool
    authenticators: tuple[Authenticator, ...]
    codes_left: int
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a user's second factor. Never holds a code or secret.

    `at` is UTC epoch seconds, `failures` counts wrong answers in a row, `remaining` the codes
    left. Who acted for somebody else is `actor`; `tenant` says where, if it was about one. The
    audit leaves `authenticator_name` out.
    """

    name: str
    user_key: str
    at: float
    method: str | None = None
    authenticator_id: str | None = None
    actor: str | None = None
    reason: str | None = None
    remaining: int | None = None
    failures: int | None = None
    authenticator_name: str | None = None
    device_id: str | None = None
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where an event came from, as the audit keeps it; all None outside a request."""

    address: str | None = None
    agent: str | None = None
    request_id: str | None = None
    tenants: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Paid:
    """A guess that was paid for; `browser` is the known browser whose budget paid, if any."""

    browser: str | None = None


@dataclass(frozen=True, slots=True)
class KnownBrowser:
    """A browser that is known from now on: its token, and the row that the token replaces."""

    token: str = field(repr=False)
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """A guess that is not looked at until a time; `first` says that nobody was told yet."""

    until: float
    reason: Literal["wait", "per_day"] = "wait"
    first: bool = False
