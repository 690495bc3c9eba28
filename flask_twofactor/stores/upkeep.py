"""The operator's side of the store on SQLAlchemy."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Row, func, select, true

from flask_twofactor.core.keeping import (
    AccountState,
    AuditEntry,
    AuditFilter,
    AuditReport,
    KeyUse,
    Restored,
    Rotation,
    Seen,
    StoreFacts,
)
from flask_twofactor.core.policy import Limits
from flask_twofactor.core.ports import Clock, Witness

from . import audit_reading, audit_verifying, key_changing, key_counting, pruning, remedies, schema
from .bootstrap import DEFAULT_FILE, Opened
from .key_rotating import Rotating
from .restoring import Restoring
from .throttling import Budgets


@dataclass(frozen=True, slots=True)
class SQLUpkeep:
    """See `core.keeping.Upkeep`. `adopt` tells the store of a key that was added."""

    opened: Opened
    budgets: Budgets
    clock: Clock
    witness: Witness
    adopt: Callable[[Opened], None]

    def audit(self, wanted: AuditFilter, limit: int) -> Sequence[AuditEntry]:
        """Read the newest rows, at most `limit`, the oldest of them first."""
        with remedies.translated():
            return audit_reading.newest(self.opened.reader, wanted, limit)

    def whole_audit(self, wanted: AuditFilter) -> Iterator[AuditEntry]:
        """Read all rows, oldest first, page by page."""
        with remedies.translated():
            yield from audit_reading.whole(self.opened.reader, wanted)

    def audit_numbers(self) -> dict[str, int]:
        """Give the last number of each tenant."""
        with remedies.translated():
            return audit_reading.numbers(self.opened.reader)

    def audit_after(
        self, wanted: AuditFilter, numbers: Mapping[str, int]
    ) -> tuple[Sequence[AuditEntry], dict[str, int]]:
        """Read the rows after these numbers, and give the numbers to go on from."""
        with remedies.translated():
            return audit_reading.after_numbers(self.opened.reader, wanted, numbers)

    def verify_audit(self, seen: Seen) -> AuditReport:
        """Recompute each digest and look for gaps."""
        with remedies.translated():
            past = key_changing.key_ids(self.opened)
            return audit_verifying.verify(self.opened.reader, self.opened.ring, past, seen)

    def key_uses(self) -> Sequence[KeyUse]:
        """Count the rows that need each key."""
        with remedies.translated():
            return key_counting.key_uses(self.opened.reader, self.opened.ring, self.clock())

    def add_key(self) -> str:
        """Put a new first key into the key file and give its id; StoreError without a file."""
        opened = key_changing.add_key(self.opened)
        self.adopt(opened)
        return opened.ring.writing

    def rotate(self, seen: Seen) -> Rotation:
        """Move all rows to the writing key, in batches; may be killed and run again."""
        opened = key_changing.newest_keys(self.opened)
        with remedies.translated():
            past = key_changing.key_ids(opened)
            return Rotating(
                opened.engine,
                opened.reader,
                opened.ring,
                past,
                self.budgets,
                self.clock,
                self.witness,
                seen,
            ).run()

    def prune(self, limits: Limits, seen: Seen) -> dict[str, int]:
        """Delete rows that cannot matter any more, in batches; give their numbers by kind."""
        with remedies.translated():
            now = self.clock()
            return pruning.prune(self.opened.engine, self.opened.reader, limits, now, seen)

    def after_restore(self, counters: Mapping[str, int], actor: str, seen: Seen) -> Restored:
        """End all that may have been used or ended since a backup that was put back."""
        with remedies.translated():
            return Restoring(
                self.opened.engine,
                self.opened.reader,
                self.opened.ring,
                self.budgets,
                self.clock,
                self.witness,
                seen,
            ).run(counters, actor)

    def account_state(self, user_key: str, limits: Limits) -> AccountState:
        """Read how things stand for a person."""
        now, proof, owned = self.clock(), schema.proof, schema.authenticator
        alive = [
            proof.c.user_key == user_key,
            proof.c.revoked_at.is_(None),
            proof.c.last_used_at > now - limits.proof_idle,
            proof.c.epoch == schema.account.c.epoch,
        ]
        if limits.proof_age is not None:
            alive.append(proof.c.created_at > now - limits.proof_age)
        own = schema.account.c.user_key == proof.c.user_key
        sessions = select(func.count()).select_from(proof).join(schema.account, own).where(*alive)
        browsers = schema.known_browser
        known = select(func.count()).where(browsers.c.user_key == user_key)
        failed = (
            select(owned.c.method, func.min(owned.c.failures))
            .where(owned.c.user_key == user_key)
            .group_by(owned.c.method)
        )
        with remedies.translated(), self.opened.reader.connect() as connection:
            failures: Sequence[Row[str, int]] = connection.execute(failed).all()
            return AccountState(
                blocked_until=self.budgets.blocked_until(connection, user_key, now),
                sessions=connection.execute(sessions).scalar_one(),
                known_browsers=connection.execute(known).scalar_one(),
                failures={method: count for method, count in failures if count},
            )

    def facts(self, default_folder: str) -> StoreFacts:
        """Say what is in the store, and whether the default store beside it is in use."""
        owned, numbers = schema.authenticator, schema.audit_number
        people = select(func.count(owned.c.user_key.distinct())).where(owned.c.protects == true())
        events = select(func.coalesce(func.sum(numbers.c.number), 0))
        accounts = select(func.count()).select_from(schema.account)
        beside = Path(default_folder) / DEFAULT_FILE
        mine = self.opened.engine.url.database
        other = None if mine == str(beside) or not beside.exists() else _people_of(beside)
        with remedies.translated(), self.opened.reader.connect() as connection:
            return StoreFacts(
                store_id=self.opened.store_id,
                people=connection.execute(people).scalar_one(),
                accounts=connection.execute(accounts).scalar_one(),
                events=int(connection.execute(events).scalar_one()),
                where=remedies.place_of(self.opened.engine.url),
                default_people=other,
            )


def _people_of(file: Path) -> int | None:
    question = "SELECT count(DISTINCT user_key) FROM twofactor_authenticator WHERE protects"
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
            return int(connection.execute(question).fetchone()[0])
    except sqlite3.Error:
        return None
