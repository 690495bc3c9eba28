"""What an operator asks of a store: its audit, its keys, its old rows. No page ever does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from .policy import Limits
from .records import Data

Seen = Callable[[int], None]
"""Hears how many rows were looked at since the last call, for a progress bar."""

FaultKind = Literal["changed", "missing", "counter_ahead", "counter_behind", "unexpected"]


@dataclass(frozen=True, slots=True)
class Made:
    """The store's id, and where it was made if this call made it."""

    store_id: str
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Party:
    """Who an audit row is about; `user_key` is None once the person was forgotten."""

    pseudonym: str
    user_key: str | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One row of the audit as people read it. `at` is UTC epoch seconds."""

    tenant: str
    number: int
    at: float
    name: str
    subject: Party
    actor: Party | None
    facts: Data


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which rows are wanted; None and empty take all.

    `person` is a user key or a pseudonym, as subject or actor. `since` is included, `until`
    is not; both are UTC epoch seconds.
    """

    person: str | None = None
    names: tuple[str, ...] = ()
    since: float | None = None
    until: float | None = None
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class AuditFault:
    """Rows `first` to `last` of a tenant's audit that are not as they were written."""

    kind: FaultKind
    tenant: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What a verification found; `unknown_keys` counts the rows whose key is not known."""

    rows: int
    numbers: Mapping[str, int]
    faults: Sequence[AuditFault]
    unknown_keys: Mapping[str, int]

    @property
    def is_sound(self) -> bool:
        """Say whether every row could be checked and is as it was written."""
        return not self.faults and not self.unknown_keys


@dataclass(frozen=True, slots=True)
class KeyUse:
    """How many rows need a key, by kind; `known` says whether the app has the key."""

    key_id: str
    known: bool
    writing: bool
    rows: Mapping[str, int]

    @property
    def may_retire(self) -> bool:
        """Say whether nothing would be lost with this key."""
        return self.known and not self.writing and not any(self.rows.values())


@dataclass(frozen=True, slots=True)
class CodesOwner:
    """Somebody whose unspent backup codes end when a key is retired."""

    user_key: str
    label: str
    key_id: str
    codes: int


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did and found: rows moved by kind, rows it must not touch, who is left."""

    writing: str
    moved: Mapping[str, int]
    altered: Mapping[str, int]
    wrong_audit: Sequence[AuditFault]
    uses: Sequence[KeyUse]
    codes: Sequence[CodesOwner]
    locked_out: Sequence[Party]

    @property
    def lost(self) -> Sequence[KeyUse]:
        """The keys that rows need and the app does not have."""
        return [use for use in self.uses if not use.known]

    @property
    def is_clean(self) -> bool:
        """Say whether every row could be read and was as it was written."""
        return not (any(self.altered.values()) or self.wrong_audit or self.lost)


@dataclass(frozen=True, slots=True)
class Restored:
    """What ended because a backup was put back; `people` had the backup codes."""

    accounts: int
    sessions: int
    authenticators: int
    codes: int
    people: int


@dataclass(frozen=True, slots=True)
class AccountState:
    """How things stand for a person: waits, sessions, browsers, methods shut to strangers."""

    blocked_until: float | None = None
    sessions: int = 0
    known_browsers: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What tells a store in use from an empty one; `people` have a second factor."""

    store_id: str
    people: int
    accounts: int
    events: int
    where: str
    default_people: int | None = None


class Upkeep(Protocol):
    """The operator's side of a store. Everything may run while the app serves."""

    def audit(self, wanted: AuditFilter, limit: int) -> Sequence[AuditEntry]:
        """Read the newest rows, at most `limit`, the oldest of them first."""

    def whole_audit(self, wanted: AuditFilter) -> Iterator[AuditEntry]:
        """Read all rows, oldest first, page by page."""

    def audit_numbers(self) -> dict[str, int]:
        """Give the last number of each tenant."""

    def audit_after(
        self, wanted: AuditFilter, numbers: Mapping[str, int]
    ) -> tuple[Sequence[AuditEntry], dict[str, int]]:
        """Read the rows after these numbers, and give the numbers to go on from."""

    def verify_audit(self, seen: Seen) -> AuditReport:
        """Recompute each digest and look for gaps."""

    def key_uses(self) -> Sequence[KeyUse]:
        """Count the rows that need each key."""

    def add_key(self) -> str:
        """Put a new first key into the key file and give its id; StoreError without a file."""

    def rotate(self, seen: Seen) -> Rotation:
        """Move all rows to the writing key, in batches; may be killed and run again."""

    def prune(self, limits: Limits, seen: Seen) -> dict[str, int]:
        """Delete rows that cannot matter any more, in batches; give their numbers by kind."""

    def after_restore(self, counters: Mapping[str, int], actor: str, seen: Seen) -> Restored:
        """End all that may have been used or ended since a backup that was put back.

        `counters` says, by method, up to where codes may have been used. No worker serves yet.
        """

    def account_state(self, user_key: str, limits: Limits) -> AccountState:
        """Read how things stand for a person."""

    def facts(self, default_folder: str) -> StoreFacts:
        """Say what is in the store, and whether the default store beside it is in use."""
