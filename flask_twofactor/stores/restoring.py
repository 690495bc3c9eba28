"""After an old backup was put back: what was used or ended since then must not come to life.

A backup does not know what happened after it was taken, so all that may have been used or ended
since counts as used and ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, Row, UpdateBase, delete, func, select, update

from flask_twofactor.core.keeping import Restored, Seen
from flask_twofactor.core.ports import Clock, Witness
from flask_twofactor.core.records import Event
from flask_twofactor.core.repeating import repeated

from .key_counting import UNSPENT
from .remedies import translated
from .schema import (
    account,
    authenticator,
    hold,
    known_browser,
    member,
    notice,
    pending_setup,
    proof,
    sent_code,
    single_use_code,
    step_up,
    trusted_device,
)
from .sealing import KeyRing
from .throttling import Budgets
from .writing import SQLTransaction

BATCH = 100
EPOCH_LEAP = 1_000_000
"""Further than any epoch moved between the backup and now: a session of that time never fits."""

ENDED = (proof, hold, pending_setup, step_up, trusted_device, sent_code)
"""What the app had ended or used up by now, perhaps. People begin these again."""
KEPT = (account, authenticator, single_use_code, known_browser, notice, member)
"""What stays, with its epoch, its counter and its codes moved on. A known browser opens nothing."""


@dataclass(frozen=True, slots=True)
class Restoring:
    """One run over one store; it may be stopped and run again."""

    engine: Engine
    reader: Engine
    ring: KeyRing
    budgets: Budgets
    clock: Clock
    witness: Witness
    seen: Seen

    def run(self, counters: Mapping[str, int], actor: str) -> Restored:
        """End it all. `counters` says, by method, how far the codes of now and before reach."""
        now = self.clock()
        accounts, sessions, moved = self._end_all(counters, now, actor)
        people, codes = self._end_codes(now, actor)
        return Restored(accounts, sessions, moved, codes, people)

    @repeated
    def _end_all(self, counters: Mapping[str, int], now: float, actor: str) -> tuple[int, int, int]:
        with translated(), self.engine.begin() as connection:
            moved_on = {"epoch": account.c.epoch + EPOCH_LEAP, "setup_code_until": 0}
            # A setup code that ran out still asks for one: the password alone sets nothing up.
            accounts = _rows(connection, update(account).values(moved_on))
            sessions = _rows(connection, delete(proof))
            for table in ENDED:
                _rows(connection, delete(table))
            moved = sum(_move(connection, *one) for one in counters.items())
            writes = self._writes(connection)
            writes.record(Event("store_restored", actor, now, actor=actor))
        self.witness.tell(writes.recorded, writes.noticed)
        return accounts, sessions, moved

    def _end_codes(self, now: float, actor: str) -> tuple[int, int]:
        owners = ended = 0
        last = ""
        while batch := self._owners(last, now):
            last = batch[-1].user_key
            codes = self._end_codes_of([one.user_key for one in batch], now, actor)
            owners, ended = owners + len(codes), ended + sum(codes.values())
            self.seen(len(batch))
        return owners, ended

    def _owners(self, last: str, now: float) -> list[Row[str]]:
        table = single_use_code
        statement = (
            select(table.c.user_key)
            .where(UNSPENT, table.c.created_at <= now, table.c.user_key > last)
            .group_by(table.c.user_key)
            .order_by(table.c.user_key)
            .limit(BATCH)
        )
        with self.reader.connect() as connection:
            return list(connection.execute(statement).all())

    @repeated
    def _end_codes_of(self, people: list[str], now: float, actor: str) -> dict[str, int]:
        table = single_use_code
        theirs = (table.c.user_key.in_(people), UNSPENT, table.c.created_at <= now)
        with translated(), self.engine.begin() as connection:
            counted = select(table.c.user_key, func.count()).where(*theirs)
            found = connection.execute(counted.group_by(table.c.user_key)).all()
            codes = {one.user_key: int(one[1]) for one in found}
            _rows(connection, update(table).where(*theirs).values(spent_at=now))
            writes = self._writes(connection)
            for user_key, number in codes.items():
                writes.record(Event("codes_ended", user_key, now, actor=actor, remaining=number))
        self.witness.tell(writes.recorded, writes.noticed)
        return codes

    def _writes(self, connection: Connection) -> SQLTransaction:
        return SQLTransaction(connection, self.ring, self.budgets, self.witness)


def _move(connection: Connection, method: str, reached: int) -> int:
    table = authenticator
    behind = (table.c.method == method, table.c.counter < reached)
    return _rows(connection, update(table).where(*behind).values(counter=reached))


def _rows(connection: Connection, statement: UpdateBase) -> int:
    return connection.execute(statement).rowcount
