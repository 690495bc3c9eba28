"""Pruning: only what cannot matter any more goes, in batches, and never under somebody's feet."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import event, insert, select, update

from flask_twofactor.core.policy import Limits
from flask_twofactor.core.records import StepUp
from flask_twofactor.core.sending import Budget, SentCode
from flask_twofactor.stores import pruning, schema
from flask_twofactor.stores.redis import RedisStore
from flask_twofactor.stores.sqlalchemy import SQLStore

from .support.audits import change, unseen
from .support.places import ANN, NOW, authenticator, device, hold, pending_setup, proof

HOUR, DAY = 3600, 86400
LIMITS = Limits(proof_idle=2 * DAY, proof_age=10 * DAY)


def prune(store: SQLStore, limits: Limits = LIMITS) -> dict[str, int]:
    """Prune, two rows at a time, and give what went."""
    with patch.object(pruning, "BATCH", 2):
        found = store.upkeep().prune(limits, unseen)
    return {kind: rows for kind, rows in found.items() if rows}


def ids(store: SQLStore, table: Any) -> list[str]:
    """Give the first letters of the ids that are left."""
    with store.opened().engine.connect() as connection:
        return sorted(name[0] for name in connection.execute(select(table.c.id)).scalars())


def test_holds_setups_and_step_ups_go_an_hour_after_their_end(store: SQLStore) -> None:
    """Used or not, a hold stays for an hour after its end, so that a double click is understood."""
    with store.transaction() as transaction:
        for name, ends in {"a": -HOUR - 1, "b": -HOUR, "c": -HOUR + 1, "d": 600}.items():
            row = {"expires_at": NOW + ends}
            transaction.open_hold(hold(name * 64, **row), replaces=None)
            transaction.keep_setup(pending_setup(name * 64, **row))
            transaction.allow_action(StepUp(name * 64, f"user:{name}", "pay", NOW - DAY, **row))
    change(store, update(schema.hold).values(consumed_at=NOW - 4000, released=True))
    # Redis forgets setups by itself.
    tables = {"holds": schema.hold, "setups": schema.pending_setup, "step_ups": schema.step_up}
    if isinstance(store, RedisStore):
        del tables["setups"]
    assert prune(store) == dict.fromkeys(tables, 2)
    for table in tables.values():
        assert ids(store, table) == ["c", "d"]


PROOFS = {
    "a": {"revoked_at": NOW - DAY},
    "b": {"revoked_at": NOW - DAY + 1},
    "c": {"last_used_at": NOW - 3 * DAY},
    "d": {"last_used_at": NOW - 3 * DAY + 1},
    "e": {"created_at": NOW - 11 * DAY},
    "f": {"created_at": NOW - 11 * DAY + 1},
    "g": {},
}


@pytest.mark.parametrize(
    ("limits", "left"),
    [(LIMITS, "bdfg"), (Limits(proof_idle=2 * DAY), "bdefg"), (Limits(), "bcdefg")],
)
def test_proofs_go_a_day_after_their_end(store: SQLStore, limits: Limits, left: str) -> None:
    """Revoked, idle and aged proofs go, a day after they ended by the app's own limits."""
    with store.transaction() as transaction:
        for name, values in PROOFS.items():
            transaction.add_proof(proof(name * 64, **values))
    assert prune(store, limits) == {"proofs": len(PROOFS) - len(left)}
    assert ids(store, schema.proof) == list(left)
    assert prune(store, limits) == {}


def test_trusted_devices_go_a_day_after_their_end(store: SQLStore) -> None:
    """Ended and aged devices go, a day after; those that are trusted still stay."""
    devices = {
        "a": {"ended_at": NOW - DAY},
        "b": {"ended_at": NOW - DAY + 1},
        "c": {"created_at": NOW - 31 * DAY},
        "d": {"created_at": NOW - 31 * DAY + 1},
        "e": {},
    }
    rows = [asdict(device(name * 32, **values)) for name, values in devices.items()]
    change(store, insert(schema.trusted_device).values(rows))
    assert prune(store) == {"trusted_devices": 2}
    assert ids(store, schema.trusted_device) == ["b", "d", "e"]


def test_a_pruned_proof_lets_nobody_in(store: SQLStore) -> None:
    """A proof that is gone stands no more than a revoked one, and everything else stays."""
    store.ensure_account(ANN)
    with store.transaction() as transaction:
        transaction.add_authenticator(ANN, authenticator())
        transaction.add_proof(proof(revoked_at=NOW - 2 * DAY))
    assert prune(store) == {"proofs": 1}
    standing = store.standing(ANN, proof().id)
    assert (standing.proof, standing.protected) == (None, True)


def test_browsers_go_after_400_days(store: SQLStore) -> None:
    """A known browser that was not seen for 400 days is forgotten."""
    for name, days in (("a", 400), ("b", 399)):
        row = {"id": name * 64, "user_key": ANN, "created_at": 0, "last_used_at": NOW - days * DAY}
        change(store, insert(schema.known_browser).values(row))
    assert prune(store) == {"known_browsers": 1}
    assert ids(store, schema.known_browser) == ["b"]


def test_a_row_that_came_back_into_use_stays(store: SQLStore) -> None:
    """What is used between the look and the deleting is not deleted."""
    with store.transaction() as transaction:
        for name in "abc":
            transaction.add_proof(proof(name * 64, last_used_at=NOW - 30 * DAY))
    engine = store.opened().engine
    begin, statement = engine.begin, update(schema.proof).where(schema.proof.c.id == "b" * 64)

    def late() -> Any:
        with begin() as connection:
            connection.execute(statement.values(last_used_at=NOW))
        return begin()

    with patch.object(engine, "begin", late):
        assert prune(store) == {"proofs": 2}
    assert ids(store, schema.proof) == ["b"]


def test_what_was_sent_goes_after_two_days(store: SQLStore) -> None:
    """Sent codes and budgets go when neither a limit nor the breaker asks for them any more."""
    with store.opened().engine.begin() as connection:
        connection.execute(schema.send_budget.delete())
    code, budget = SentCode("challenge:1", "+447400123456", "123456"), Budget("user", ANN, 1)
    with store.transaction() as transaction:
        for days in (2, 1):
            named = replace(code, binding=f"challenge:{days}")
            transaction.sends.keep(ANN, named, NOW - days * DAY)
            transaction.sends.spend(replace(budget, subject=f"{days}"), NOW - days * DAY)
        transaction.sends.pause("setup", NOW - DAY, NOW - 2 * DAY)

    assert prune(store) == {"sent_codes": 1, "send_budgets": 1}
    assert store.sent_code(ANN, "challenge:1") is not None


def test_a_table_without_an_index_for_it_is_read_once(store: SQLStore) -> None:
    """Each batch of old proofs is looked for after the last one of the batch before."""
    with store.transaction() as transaction:
        for name in "abcde":
            transaction.add_proof(proof(name * 64, revoked_at=NOW - DAY))
    asked: list[str] = []

    def note(_c: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if statement.startswith("SELECT twofactor_proof.id"):
            found = values.values() if isinstance(values, dict) else values
            asked.append(next(one for one in found if isinstance(one, str))[:1])

    reader = store.opened().reader
    event.listen(reader, "before_cursor_execute", note)
    assert prune(store) == {"proofs": 5}
    event.remove(reader, "before_cursor_execute", note)
    assert asked == ["", "b", "d"]
