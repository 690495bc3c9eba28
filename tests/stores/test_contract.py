"""What every store promises, whatever database is under it: holds, proofs, setups, accounts."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from sqlalchemy import event, select, text

from flask_twofactor.core.errors import RefusedError, StoreError
from flask_twofactor.core.records import Proof, Standing
from flask_twofactor.stores import schema
from flask_twofactor.stores.direct import DirectRead
from flask_twofactor.stores.sqlalchemy import SQLStore

from .support.places import ANN, BOB, NOW, authenticator, hold, pending_setup, proof


def test_it_opens_with_the_same_id(store: SQLStore) -> None:
    """A store gives its id, the same each time."""
    assert store.open() == store.open() == store.make()
    assert len(store.open()) == 16


def test_a_transaction_stands_or_falls_as_one(store: SQLStore) -> None:
    """An error inside the block passes unchanged, and nothing of the block stays."""

    def write_and_fail() -> None:
        with store.transaction() as transaction:
            transaction.add_authenticator(ANN, authenticator())
            transaction.add_proof(proof())
            raise RefusedError("code_used")

    with pytest.raises(RefusedError, match="code_used"):
        write_and_fail()
    assert store.authenticators(ANN) == ()
    assert store.standing(ANN, proof().id) == Standing(ANN)


def test_a_failing_statement_is_a_store_error(store: SQLStore) -> None:
    """An error of the database becomes a StoreError, and nothing of the block stays."""

    def write_twice() -> None:
        with store.transaction() as transaction:
            transaction.add_proof(proof())
            transaction.add_proof(proof())

    with pytest.raises(StoreError):
        write_twice()
    assert store.standing(ANN, proof().id).proof is None


def test_standing_of_a_stranger(store: SQLStore) -> None:
    """Somebody without rows stands at epoch 0, unprotected, without proof."""
    assert store.standing(ANN, None) == Standing(ANN)


def test_standing_gives_epoch_protection_and_proof(store: SQLStore) -> None:
    """One read gives the epoch, whether anything protects, and the proof as it was written."""
    store.ensure_account(ANN)
    with store.transaction() as transaction:
        transaction.move_epoch(ANN, 0)
        transaction.add_authenticator(ANN, authenticator())
        transaction.add_proof(proof(epoch=1))

    assert store.standing(ANN, proof().id) == Standing(
        ANN, 1, protected=True, proof=proof(epoch=1), methods=frozenset({"totp"})
    )
    assert store.standing(ANN, None).proof is None
    assert store.standing(BOB, None) == Standing(BOB)


def test_codes_alone_do_not_protect(store: SQLStore) -> None:
    """An authenticator that does not protect leaves its owner unprotected."""
    with store.transaction() as transaction:
        transaction.add_authenticator(ANN, authenticator(method="backup_code", protects=False))

    assert store.standing(ANN, None).protected is False


def test_a_hold_comes_back_as_it_was_written(store: SQLStore) -> None:
    """A hold carries its sealed part, the account's epoch now, and what its user owns."""
    store.ensure_account(ANN)
    with store.transaction() as transaction:
        transaction.open_hold(hold(), replaces=None)
        transaction.add_authenticator(ANN, authenticator("b" * 32, created_at=NOW + 1))
        transaction.add_authenticator(ANN, authenticator())
        transaction.add_authenticator(BOB, authenticator("c" * 32))
        transaction.move_epoch(ANN, None)

    newer = authenticator("b" * 32, created_at=NOW + 1)
    assert store.hold(hold().id) == (hold(), 1, (authenticator(), newer))
    assert store.hold("nobody's") is None


def test_a_hold_may_keep_nothing(store: SQLStore) -> None:
    """A hold without a kept login comes back without one, also for a user without rows."""
    with store.transaction() as transaction:
        transaction.open_hold(hold(kept=None, password_at=None), replaces=None)

    assert store.hold(hold().id) == (hold(kept=None, password_at=None), 0, ())


def test_a_new_hold_ends_the_one_it_replaces(store: SQLStore) -> None:
    """Opening a hold in place of another forgets that one, and no third."""
    with store.transaction() as transaction:
        transaction.open_hold(hold("1" * 64), replaces=None)
        transaction.open_hold(hold("2" * 64), replaces=None)
        transaction.open_hold(hold("3" * 64), replaces="1" * 64)

    assert [store.hold(name * 64) is None for name in "123"] == [True, False, False]


def consume(store: SQLStore, name: str, now: float, *, released: bool = True) -> bool:
    """Use a hold up in a transaction of its own."""
    with store.transaction() as transaction:
        return transaction.consume_hold(name, now, released=released)


def test_a_hold_is_consumed_once(store: SQLStore) -> None:
    """The first use of a hold counts and is kept with its time; the second does not."""
    with store.transaction() as transaction:
        transaction.open_hold(hold(), replaces=None)

    assert consume(store, hold().id, NOW + 1)
    assert not consume(store, hold().id, NOW + 2, released=False)
    found = store.hold(hold().id)
    assert found is not None
    assert (found[0].consumed_at, found[0].released) == (NOW + 1, True)


@pytest.mark.parametrize(("late", "counts"), [(599.9, True), (600, False), (601, False)])
def test_a_hold_ends_at_its_time(store: SQLStore, late: float, counts: bool) -> None:  # noqa: FBT001
    """A hold can be used until it expires, and not at that moment."""
    with store.transaction() as transaction:
        transaction.open_hold(hold(), replaces=None)

    assert consume(store, hold().id, NOW + late) is counts
    assert not consume(store, "nobody's", NOW)


def test_an_ended_hold_is_gone_but_a_used_one_is_remembered(store: SQLStore) -> None:
    """Ending forgets an open hold; a used one stays, so that a double click is recognised."""
    for name in "12":
        with store.transaction() as transaction:
            transaction.open_hold(hold(name * 64), replaces=None)
    assert consume(store, "2" * 64, NOW)
    for name in "12":
        with store.transaction() as transaction:
            transaction.end_hold(name * 64)

    assert store.hold("1" * 64) is None
    assert store.hold("2" * 64) is not None


def test_a_password_asked_of_a_held_person_is_noted(store: SQLStore) -> None:
    """The hold remembers when the password was given again."""
    with store.transaction() as transaction:
        transaction.open_hold(hold(password_at=None), replaces=None)
        transaction.note_hold_password(hold().id, NOW + 9)

    assert store.hold(hold().id) == (hold(password_at=NOW + 9), 0, ())


def read_proof(store: SQLStore, name: str = "p" * 64) -> Any:
    """Give the proof of this id; its fields are asserted one by one."""
    return store.standing(ANN, name).proof


def test_a_proof_is_replaced_once(store: SQLStore) -> None:
    """Replacing revokes the old proof and writes the new one; the old one cannot do it twice."""
    with store.transaction() as transaction:
        transaction.add_proof(proof())
    with store.transaction() as transaction:
        assert transaction.replace_proof(proof().id, proof("q" * 64, last_used_at=NOW + 1))
    with store.transaction() as transaction:
        assert not transaction.replace_proof(proof().id, proof("r" * 64))

    assert read_proof(store).revoked_at == NOW + 1
    assert read_proof(store, "q" * 64).revoked_at is None
    assert read_proof(store, "r" * 64) is None


def test_a_proof_is_kept_only_while_it_lives(store: SQLStore) -> None:
    """Keeping answers whether the proof has ended, and writes nothing new."""
    with store.transaction() as transaction:
        transaction.add_proof(proof())
        assert transaction.keep_proof(proof().id)
    assert read_proof(store) == proof()

    with store.transaction() as transaction:
        transaction.revoke_proof(proof().id, NOW + 1)
        assert not transaction.keep_proof(proof().id)
        assert not transaction.keep_proof("nobody's")


def test_a_revoked_proof_stays_revoked(store: SQLStore) -> None:
    """Revoking notes the first time only, and an unknown proof is no error."""
    with store.transaction() as transaction:
        transaction.add_proof(proof())
        transaction.revoke_proof(proof().id, NOW + 1)
        transaction.revoke_proof(proof().id, NOW + 2)
        transaction.revoke_proof("nobody's", NOW)

    assert read_proof(store).revoked_at == NOW + 1


def test_a_touch_only_moves_forward(store: SQLStore) -> None:
    """The last use of a proof never moves back."""
    with store.transaction() as transaction:
        transaction.add_proof(proof())
        transaction.touch_proof(proof().id, NOW + 5)
        transaction.touch_proof(proof().id, NOW + 3)

    assert read_proof(store).last_used_at == NOW + 5


def test_a_password_is_noted_on_the_proof(store: SQLStore) -> None:
    """The proof remembers when the password was given again."""
    with store.transaction() as transaction:
        transaction.add_proof(proof())
        transaction.note_password(proof().id, NOW + 7)

    assert read_proof(store) == proof(password_at=NOW + 7)


def test_a_step_up_is_noted_by_its_kind(store: SQLStore) -> None:
    """A full factor and a backup code are noted apart."""
    with store.transaction() as transaction:
        transaction.add_proof(proof(verified_at=None))
        assert transaction.note_step_up(proof().id, "backup_code", NOW + 1, full=False)
    assert read_proof(store) == proof(verified_at=None, fallback_at=NOW + 1)

    with store.transaction() as transaction:
        assert transaction.note_step_up(proof().id, "other", NOW + 2, full=True)
    noted = proof(method="other", verified_at=NOW + 2, fallback_at=NOW + 1)
    assert read_proof(store) == noted


def test_a_revoked_proof_takes_no_step_up(store: SQLStore) -> None:
    """A step-up on a proof that was revoked meanwhile does not count."""
    with store.transaction() as transaction:
        transaction.add_proof(proof(verified_at=None))
        transaction.revoke_proof(proof().id, NOW)
        assert not transaction.note_step_up(proof().id, "totp", NOW + 1, full=True)

    assert read_proof(store).verified_at is None


def test_a_setup_is_kept_and_finished_once(store: SQLStore) -> None:
    """A begun setup comes back as it was, and its owner can use it up once; then the secret is gone."""
    with store.transaction() as transaction:
        transaction.keep_setup(pending_setup())
    assert store.pending_setup(pending_setup().id) == pending_setup()

    with store.transaction() as transaction:
        assert not transaction.finish_setup(pending_setup().id, BOB)
        assert transaction.finish_setup(pending_setup().id, ANN)
        assert not transaction.finish_setup(pending_setup().id, ANN)
    assert store.pending_setup(pending_setup().id) == pending_setup(kept={}, finished=True)


def test_a_proof_is_read_as_it_is_declared() -> None:
    """The columns of a proof are its fields, in their order: the page's read relies on it."""
    columns = [column.name for column in schema.proof.c]

    assert columns == [field.name for field in fields(Proof)]


def test_a_listener_hears_of_the_pages_read(store: SQLStore) -> None:
    """What watches the engine's statements sees the one that runs below Core too."""
    heard: list[str] = []
    event.listen(
        store.opened().reader, "before_cursor_execute", lambda *seen: heard.append(seen[2])
    )
    store.standing(ANN, None)

    assert len(heard) == 1
    assert "twofactor_store" in heard[0]


def test_a_page_read_that_fails_is_the_stores_failure(store: SQLStore) -> None:
    """An error of the driver is a store error, and the next read is answered."""
    reader = store.opened().reader
    with pytest.raises(StoreError, match="did not answer"):
        DirectRead(select(text("no_such_column"))).all(reader, {})

    assert store.standing(ANN, None).epoch == 0
