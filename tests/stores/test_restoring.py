"""After a backup was put back, on each kind of database."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from sqlalchemy import func, select

from flask_twofactor.core.errors import ContentionError
from flask_twofactor.core.keeping import Restored
from flask_twofactor.stores import restoring
from flask_twofactor.stores.sqlalchemy import SQLStore

from .support.audits import unseen, verify
from .support.places import NOW, authenticator, hold, pending_setup, proof, step_up

PEOPLE = [f"user:{number}" for number in range(5)]


def fill(store: SQLStore) -> None:
    """Write what a backup may hold."""
    for number, person in enumerate(PEOPLE):
        store.ensure_account(person)
        with store.transaction() as transaction:
            counter = 90 + 10 * number
            transaction.add_authenticator(person, authenticator(f"{number}" * 32, counter=counter))
            transaction.replace_codes(person, "s" * 32, [f"{number}-{at}" for at in range(3)], NOW)
    with store.transaction() as transaction:
        transaction.open_hold(hold(), replaces=None)
        transaction.add_proof(proof())
        transaction.keep_setup(pending_setup())
        transaction.allow_action(step_up())


def test_all_that_may_have_been_used_ends(store: SQLStore) -> None:
    """Sessions, holds, setups and questions go, codes are spent, steps and epochs move on."""
    fill(store)
    before = {person: store.standing(person, None).epoch for person in PEOPLE}
    with patch.object(restoring, "BATCH", 2):
        done = store.upkeep().after_restore({"totp": 110}, "operator:olga", unseen)

    assert done == Restored(accounts=5, sessions=1, authenticators=2, codes=15, people=5)
    with store.opened().engine.connect() as connection:
        for table in restoring.ENDED:
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0
    for person in PEOPLE:
        assert store.codes_left(person) == 0
        assert store.standing(person, None).epoch == before[person] + restoring.EPOCH_LEAP
    counters = [store.authenticators(person)[0].counter for person in PEOPLE]
    assert counters == [110, 110, 110, 120, 130]
    assert verify(store).is_sound


def test_a_lost_transaction_is_tried_again(store: SQLStore) -> None:
    """One that the database gave up for another is done again, as a whole and once."""
    fill(store)
    lost, move = [ContentionError("a deadlock")], restoring._move

    def deadlock(*values: Any) -> int:
        if lost:
            raise lost.pop()
        return move(*values)

    epoch = store.standing(PEOPLE[0], None).epoch
    with patch.object(restoring, "_move", deadlock):
        done = store.upkeep().after_restore({"totp": 110}, "operator:olga", unseen)

    assert done == Restored(accounts=5, sessions=1, authenticators=2, codes=15, people=5)
    assert store.standing(PEOPLE[0], None).epoch == epoch + restoring.EPOCH_LEAP
    assert verify(store).is_sound


def test_a_setup_code_is_ended_and_still_asked_for(store: SQLStore) -> None:
    """A setup code that was used since the backup opens nothing, and neither does none at all."""
    fill(store)
    with store.transaction() as transaction:
        transaction.note_reset(PEOPLE[0], NOW, "a setup code", NOW + 600)
    store.upkeep().after_restore({}, "operator:olga", unseen)

    assert store.awaits_setup_code(PEOPLE[0])
    with store.transaction() as transaction:
        assert not transaction.use_setup_code(PEOPLE[0], "a setup code", NOW)


def test_a_new_set_of_codes_is_good(store: SQLStore) -> None:
    """What is made after the command is not touched by it, and another run ends it on purpose."""
    fill(store)
    store.upkeep().after_restore({"totp": 110}, "operator:olga", unseen)
    with store.transaction() as transaction:
        transaction.replace_codes(PEOPLE[0], "s" * 32, ["new"], NOW)

    assert store.codes_left(PEOPLE[0]) == 1
    assert store.upkeep().after_restore({}, "operator:olga", unseen).codes == 1
