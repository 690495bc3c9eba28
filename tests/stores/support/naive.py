"""The store as it must not be: one conditional write is a read, then a write.

A gate between the two makes every competitor read before anyone writes. Transactions begin
at the first write, as they do by default in SQLite's driver, and end before the look: else
SQLite's one write lock would let no two meet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Table, select, update

from flask_twofactor.core.devices import MOST_SUCCESSORS, VALUE, Presented
from flask_twofactor.core.records import Claim, Paid, Proof, Wait
from flask_twofactor.stores import schema
from flask_twofactor.stores.bootstrap import Opened
from flask_twofactor.stores.engine import reader
from flask_twofactor.stores.remembering import FINGERPRINT
from flask_twofactor.stores.sqlalchemy import SQLStore
from flask_twofactor.stores.throttling import Budgets
from flask_twofactor.stores.writing import FINISHED, SINGLE_USE, SQLTransaction

from .places import NOW, Bystander, Where, throttle

Gate = Callable[[], object]


class NaiveTransaction(SQLTransaction):
    """Does the one named write without a condition, after a look; the others as they should be."""

    def __init__(self, opened: Opened, gate: Gate, free: int, write: str) -> None:
        self._engine = opened.engine
        self._ring = opened.ring
        self._budgets = Budgets(throttle(free))
        self._witness = Bystander()
        self.recorded = []
        self._free = free
        self._gate = gate
        self._begun: Connection | None = None
        replace_write(self, write)

    @property
    def _connection(self) -> Connection:  # type: ignore[override]
        if self._begun is None:
            self._begun = self._engine.connect()
            self._begun.begin()
        return self._begun

    def end(self, *, commit: bool) -> None:
        """Finish what was begun."""
        if self._begun is not None:
            if commit:
                self._begun.commit()
            self._begun.close()
            self._begun = None

    def naive_claim(self, user_key: str, claim: Claim, now: float) -> bool:
        """Check, then use up."""
        if claim.spent is not None:
            codes = schema.single_use_code
            digests = self._ring.digests(claim.spent, SINGLE_USE, user_key)
            mine = (codes.c.user_key == user_key, codes.c.digest.in_(digests))
            if self._look(select(codes.c.spent_at).where(*mine)) != [(None,)]:
                return False
            self._connection.execute(update(codes).where(*mine).values(spent_at=now))
            return True
        table = schema.authenticator
        own = (table.c.id == claim.authenticator_id, table.c.user_key == user_key)
        found = self._look(select(table.c.counter).where(*own))
        if claim.counter is None or not found or found[0][0] >= claim.counter:
            return False
        self._connection.execute(update(table).where(*own).values(counter=claim.counter))
        return True

    def naive_consume_hold(self, hold_id: str, now: float, *, released: bool) -> bool:
        """Check, then consume."""
        table = schema.hold
        if self._look(select(table.c.consumed_at).where(table.c.id == hold_id)) != [(None,)]:
            return False
        values = {"consumed_at": now, "released": released}
        self._connection.execute(update(table).where(table.c.id == hold_id).values(values))
        return True

    def naive_finish_setup(self, pending_id: str, user_key: str) -> bool:
        """Check, then finish."""
        table = schema.pending_setup
        mine = (table.c.user_key == user_key, table.c.kept != FINISHED)
        if not self._look(select(table.c.id).where(*mine)):
            return False
        done = update(table).where(table.c.id == pending_id).values(kept=FINISHED)
        self._connection.execute(done)
        return True

    def naive_replace_proof(self, old_id: str, proof: Proof) -> bool:
        """Check, then replace."""
        table = schema.proof
        if self._look(select(table.c.revoked_at).where(table.c.id == old_id)) != [(None,)]:
            return False
        self._connection.execute(update(table).where(table.c.id == old_id).values(revoked_at=NOW))
        self.add_proof(proof)
        return True

    def naive_rotate_device(
        self, user_key: str, shown: Presented, new: str, *, oldest: float, now: float, address: str
    ) -> bool:
        """Check, then add the successor."""
        del oldest, address
        table = schema.trusted_device
        mine = (table.c.id == shown.device_id, table.c.user_key == user_key)
        found = self._look(select(table.c.current, table.c.successors).where(*mine))
        if [one[0] for one in found] != [shown.value]:
            return False
        if len(found[0][1]) >= MOST_SUCCESSORS * VALUE:
            return False
        values = {"successors": found[0][1] + new, "last_used_at": now}
        self._connection.execute(update(table).where(*mine).values(**values))
        return True

    def naive_end_device(self, user_key: str, device_id: str, now: float) -> bool:
        """Check, then end."""
        del user_key
        return self._end(schema.trusted_device, "ended_at", device_id, now)

    def naive_end_session(self, user_key: str, proof_id: str, now: float) -> bool:
        """Check, then end."""
        del user_key
        return self._end(schema.proof, "revoked_at", proof_id, now)

    def naive_learn_password(self, user_key: str, fingerprint: str, known: str | None) -> bool:
        """Check, then learn."""
        table = schema.account
        mine = table.c.user_key == user_key
        if self._look(select(table.c.password_digest).where(mine)) != [(known,)]:
            return False
        digest = self._ring.digest(fingerprint, FINGERPRINT, user_key)
        self._connection.execute(update(table).where(mine).values(password_digest=digest))
        return True

    def _end(self, table: Table, column: str, row: str, now: float) -> bool:
        if self._look(select(table.c[column]).where(table.c.id == row)) != [(None,)]:
            return False
        self._connection.execute(update(table).where(table.c.id == row).values({column: now}))
        return True

    def naive_reserve(self, user_key: str, browsers: Sequence[str], now: float) -> Paid | Wait:
        """Count, then pay."""
        del browsers
        table = schema.account
        mine = table.c.user_key == user_key
        found = self._look(select(table.c.failures).where(mine))
        if found[0][0] >= self._free:
            return Wait(now + 30)
        counted = update(table).where(mine).values(failures=found[0][0] + 1)
        self._connection.execute(counted)
        return Paid()

    def naive_use_action(self, step_up_id: str, *_: str, now: float, **__: object) -> bool:
        """Check, then use."""
        table = schema.step_up
        if self._look(select(table.c.used_at).where(table.c.id == step_up_id)) != [(None,)]:
            return False
        self._connection.execute(update(table).where(table.c.id == step_up_id).values(used_at=now))
        return True

    def _look(self, statement: Any) -> list[tuple[Any, ...]]:
        self.end(commit=True)
        return look(self._engine, statement, self._gate)


class NaiveStore(SQLStore):
    """Does the one named write of its transactions without a condition."""

    def __init__(self, where: Where, gate: Gate, free: int, write: str) -> None:
        super().__init__(where.place, lambda: NOW, throttle(free), Bystander())
        self._gate = gate
        self._free = free
        self._write = write

    @contextmanager
    def transaction(self) -> Iterator[SQLTransaction]:
        """Begin at the first write."""
        naive = NaiveTransaction(self.opened(), self._gate, self._free, self._write)
        try:
            yield naive
        except BaseException:
            naive.end(commit=False)
            raise
        naive.end(commit=True)


def replace_write(target: object, write: str) -> None:
    """Put the naive form of one write in its place, where the target has it."""
    naive = getattr(target, f"naive_{write}", None)
    if naive is not None:
        setattr(target, write, naive)


def look(engine: Engine, statement: Any, gate: Gate) -> list[tuple[Any, ...]]:
    """Read on a connection that is given back before the others are waited for."""
    with reader(engine).connect() as connection:
        found = [tuple(row) for row in connection.execute(statement)]
    gate()
    return found
