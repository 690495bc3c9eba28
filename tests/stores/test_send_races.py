"""Many requests at once: one text, and never more than a budget has, on each database."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from flask_twofactor.core.sending import Budget, Errand
from flask_twofactor.stores import schema, writing
from flask_twofactor.stores.sending import SQLSends

from .support.places import Where, dispose
from .support.sending import Office, errand, people

THREADS = 32


class Naive(SQLSends):
    """Looks first and writes then, as one does who never had a race."""

    gate: Barrier

    def spend(self, budget: Budget, now: float) -> float | None:
        """Read, wait for the others, write."""
        if budget.scope != "cooldown":
            return super().spend(budget, now)
        row = select(schema.send_budget.c.last_at).where(
            schema.send_budget.c.id == self._row(budget)
        )
        last = self._connection.execute(row).scalar()
        self.gate.wait()
        if last is not None and last > now - budget.seconds:
            return float(last + budget.seconds)
        self._connection.execute(
            schema.send_budget.update()
            .where(schema.send_budget.c.id == self._row(budget))
            .values(last_at=now)
        )
        return None


def press(
    where: Where, count: int, *, known: bool = False, ready: Callable[[], object] = int
) -> int:
    """Let so many threads press "send" for one person at the same moment; count the texts."""
    store = where.store()
    office = Office.with_limits(store, cooldown_seconds=60)
    with store.opened().engine.begin() as connection:
        connection.execute(schema.send_budget.delete())
    if known:
        office.send(errand())
        office.now += 60
    before = len(office.counter.sent)
    ready()
    gate = Barrier(count, timeout=60)

    def attempt(_: int) -> None:
        gate.wait()
        office.send(errand())

    with ThreadPoolExecutor(count) as threads:
        list(threads.map(attempt, range(count)))
    dispose(store)
    return len(office.counter.sent) - before


@pytest.mark.parametrize("known", [False, True], ids=["first send ever", "sent before"])
def test_many_press_at_once(where: Where, known: bool) -> None:  # noqa: FBT001
    """Thirty-two requests of one person at the same moment send one text."""
    assert press(where, THREADS, known=known) == 1


@pytest.mark.postgresql
def test_the_race_bites(postgresql_where: Where, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading first and writing then sends a text for each that read in time."""
    Naive.gate = Barrier(4, timeout=60)

    def forget_how() -> None:
        monkeypatch.setattr(writing, "SQLSends", Naive)

    assert press(postgresql_where, 4, known=True, ready=forget_how) > 1


def test_a_tight_day_shared_by_many(where: Where) -> None:
    """Thirty-two people at once, and a day of five texts: five."""
    store = where.store()
    office = Office.with_limits(store, per_day=5)
    with store.opened().engine.begin() as connection:
        connection.execute(schema.send_budget.delete())
    gate = Barrier(THREADS, timeout=60)

    def attempt(one: Errand) -> None:
        gate.wait()
        office.send(one)

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(attempt, people(THREADS)))
    dispose(store)

    assert len(office.counter.sent) == 5
