"""Leave to do one action: whose, for what, for how long and how often."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from flask_twofactor.stores import schema
from flask_twofactor.stores.sqlalchemy import SQLStore

from .support.places import ANN, BOB, NOW, step_up


def allow(store: SQLStore, **values: Any) -> None:
    """Give leave."""
    with store.transaction() as transaction:
        transaction.allow_action(step_up(**values))


def use(store: SQLStore, *, changing: bool, **values: Any) -> bool:
    """Use leave, as whom it was given to unless said otherwise."""
    wanted: dict[str, Any] = {
        "step_up_id": step_up().id,
        "user_key": ANN,
        "action": "delete-account",
        "shown_at": NOW,
        "now": NOW,
    }
    with store.transaction() as transaction:
        return transaction.use_action(**{**wanted, **values}, changing=changing)


def test_one_look_and_one_change(store: SQLStore) -> None:
    """Leave is good for one look, and after it or without it for one change."""
    allow(store)

    assert [use(store, changing=False) for _ in range(2)] == [True, False]
    assert [use(store, changing=True) for _ in range(2)] == [True, False]


def test_no_look_after_the_change(store: SQLStore) -> None:
    """The change ends it."""
    allow(store)

    assert use(store, changing=True) is True
    assert use(store, changing=False) is False


@pytest.mark.parametrize("changing", [False, True])
@pytest.mark.parametrize(
    "wrong",
    [
        {"step_up_id": "o" * 64},
        {"user_key": BOB},
        {"action": "transfer"},
        {"now": NOW + 300},
        {"shown_at": NOW - 1},
    ],
    ids=lambda one: next(iter(one)),
)
def test_whose_and_what_and_when(store: SQLStore, wrong: dict[str, Any], *, changing: bool) -> None:
    """It is one session's, one user's, for one action, in time, and shown since it was asked."""
    allow(store)

    assert use(store, changing=changing, **wrong) is False
    assert use(store, changing=changing, now=NOW + 299, shown_at=NOW + 1) is True


def test_what_ran_out_goes(store: SQLStore) -> None:
    """The user's old rows go when a new one is written; nobody else's do."""
    allow(store, row="1" * 64)
    allow(store, row="2" * 64, user_key=BOB)
    allow(store, row="3" * 64, created_at=NOW + 300, expires_at=NOW + 600)

    table = schema.step_up
    with store.opened().engine.connect() as connection:
        assert set(connection.scalars(select(table.c.id))) == {"2" * 64, "3" * 64}


def test_a_forgotten_user_has_none(store: SQLStore) -> None:
    """`forget` deletes these rows too."""
    allow(store)
    with store.transaction() as transaction:
        transaction.forget(ANN)

    with store.opened().engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(schema.step_up)) == 0
