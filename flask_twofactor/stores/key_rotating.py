"""Moving all rows to the writing key, beside traffic: short batches, and the newer write wins."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, func, select, update

from flask_twofactor.core.errors import SealError
from flask_twofactor.core.keeping import AuditFault, Rotation, Seen
from flask_twofactor.core.ports import Clock, Witness
from flask_twofactor.core.records import Event
from flask_twofactor.core.repeating import repeated

from .audit_verifying import extents, is_right, merged
from .auditing import AUDIT, canonical
from .key_counting import SEALED, UNSPENT, Sealed, code_owners, key_uses, locked_out, not_under
from .remedies import translated
from .schema import audit, authenticator, single_use_code
from .sealing import KeyRing, key_of
from .throttling import Budgets
from .writing import FINISHED, SQLTransaction

BATCH = 100
PASSES = 3
BREATH_SECONDS = 0.01
"""A pause between batches, in which the app's own writes go first."""


@dataclass(slots=True)
class Rotating:
    """One run over one store; what an earlier run has moved is not looked at again."""

    engine: Engine
    reader: Engine
    ring: KeyRing
    past: Collection[str]
    budgets: Budgets
    clock: Clock
    witness: Witness
    seen: Seen
    batch: int = BATCH
    breathe: Callable[[], None] = lambda: time.sleep(BREATH_SECONDS)
    moved: Counter[str] = field(default_factory=Counter)
    altered: Counter[str] = field(default_factory=Counter)
    wrong: list[AuditFault] = field(default_factory=list)

    def run(self) -> Rotation:
        """Move every row that can be moved, and say what is left under which key."""
        for sealed in SEALED:
            for _ in range(PASSES):
                # A row that somebody held in the meantime is met again in the next pass.
                if not self._reseal_all(sealed):
                    break
        self._rehash_all()
        uses = key_uses(self.reader, self.ring, self.clock())
        return Rotation(
            writing=self.ring.writing,
            moved=dict(self.moved),
            altered=dict(self.altered),
            wrong_audit=merged(self.wrong),
            uses=uses,
            codes=code_owners(self.reader, self.ring),
            locked_out=locked_out(self.reader, [use.key_id for use in uses if not use.known]),
        )

    def _reseal_all(self, sealed: Sealed) -> int:
        self.altered[sealed.kind] = missed = 0
        table, last = sealed.table, ""
        statement = (
            select(table.c.id, table.c.user_key, sealed.column.label("sealed"))
            .where(not_under(sealed.column, self.ring.writing), sealed.column != FINISHED)
            .order_by(table.c.id)
            .limit(self.batch)
        )
        while rows := self._read(statement.where(table.c.id > last)):
            last = rows[-1]["id"]
            anew = self._resealed(sealed, rows)
            missed += len(anew) - self._write(sealed, anew)
            self.seen(len(rows))
            self.breathe()
        return missed

    def _resealed(self, sealed: Sealed, rows: Sequence[RowMapping]) -> list[dict[str, Any]]:
        found = []
        for row in rows:
            bound = (sealed.bound, row["id"], row["user_key"])
            try:
                value = self.ring.unseal(row["sealed"], *bound)
            except SealError:
                self.altered[sealed.kind] += key_of(row["sealed"]) in self.ring.ids
            else:
                found.append({**row, "anew": self.ring.seal(value, *bound)})
        return found

    @repeated
    def _write(self, sealed: Sealed, rows: list[dict[str, Any]]) -> int:
        with translated(), self.engine.begin() as connection:
            writes = SQLTransaction(connection, self.ring, self.budgets, self.witness)
            free = _lock(connection, sealed, [row["id"] for row in rows])
            moved = [row for row in rows if row["id"] in free and _replace(connection, sealed, row)]
            if sealed.table is authenticator:
                for event in [one for row in moved if (one := self._retiring(connection, row))]:
                    writes.record(event)
        if writes.recorded:
            self.witness.tell(writes.recorded, writes.noticed)
        self.moved[sealed.kind] += len(moved)
        return len(moved)

    def _retiring(self, connection: Connection, row: dict[str, Any]) -> Event | None:
        # Moving the row of a set of codes happens once, so its owner is told once.
        table = single_use_code
        statement = select(func.count()).where(
            table.c.user_key == row["user_key"],
            table.c.authenticator_id == row["id"],
            UNSPENT,
            not_under(table.c.digest, self.ring.writing),
        )
        codes = connection.execute(statement).scalar_one()
        if not codes:
            return None
        key_id = key_of(row["sealed"])
        return Event(
            "codes_retiring", row["user_key"], self.clock(), reason=key_id, remaining=codes
        )

    def _rehash_all(self) -> None:
        # Workers that write with the old key add rows all the time: those are for the next run.
        for extent in extents(self.reader):
            last = -1
            statement = (
                select(audit)
                .where(audit.c.tenant == extent.tenant, audit.c.number <= extent.highest)
                .where(not_under(audit.c.digest, self.ring.writing))
                .order_by(audit.c.number)
                .limit(self.batch)
            )
            while rows := self._read(statement.where(audit.c.number > last)):
                last = rows[-1]["number"]
                self._rehash(rows)
                self.seen(len(rows))
                self.breathe()

    def _rehash(self, rows: Sequence[RowMapping]) -> None:
        right = []
        for row in rows:
            verdict = is_right(self.ring, self.past, row)
            if verdict is False:
                number = row["number"]
                self.wrong.append(AuditFault("changed", row["tenant"], number, number))
            elif verdict:
                right.append(row)
        self.moved["audit"] += self._redigest(right)

    @repeated
    def _redigest(self, rows: Sequence[RowMapping]) -> int:
        changed = 0
        with translated(), self.engine.begin() as connection:
            for row in rows:
                mine = (audit.c.tenant == row["tenant"], audit.c.number == row["number"])
                digest = self.ring.digest(canonical(row), AUDIT)
                statement = update(audit).where(*mine, audit.c.digest == row["digest"])
                changed += connection.execute(statement.values(digest=digest)).rowcount
        return changed

    def _read(self, statement: Any) -> Sequence[RowMapping]:
        with self.reader.connect() as connection:
            return connection.execute(statement).mappings().all()


def _lock(connection: Connection, sealed: Sealed, ids: list[str]) -> set[str]:
    # Waiting for a row while holding others could deadlock with a login; SQLite has one lock.
    table = sealed.table
    statement = select(table.c.id).where(table.c.id.in_(ids)).with_for_update(skip_locked=True)
    return set(connection.execute(statement).scalars())


def _replace(connection: Connection, sealed: Sealed, row: dict[str, Any]) -> bool:
    table = sealed.table
    unchanged = (table.c.id == row["id"], sealed.column == row["sealed"])
    statement = update(table).where(*unchanged).values({sealed.column: row["anew"]})
    return connection.execute(statement).rowcount == 1
