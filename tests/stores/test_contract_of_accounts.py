"""What every store promises of a person's authenticators, codes, epoch and guesses."""

from __future__ import annotations

import pytest

from flask_twofactor.core import ports
from flask_twofactor.core.errors import StoreError
from flask_twofactor.core.records import Claim
from flask_twofactor.stores.sending import SQLSends
from flask_twofactor.stores.sqlalchemy import SQLStore
from flask_twofactor.stores.writing import SQLTransaction

from .support.places import ANN, BOB, NOW, authenticator, hold, pending_setup, proof, reserve

PHONE = authenticator(counter=100)
CODES = ("C0DE1", "C0DE2", "C0DE3")


@pytest.mark.parametrize(
    ("port", "adapter"),
    [(ports.Store, SQLStore), (ports.Transaction, SQLTransaction), (ports.Sends, SQLSends)],
)
def test_every_method_of_the_port_is_there(port: type, adapter: type) -> None:
    """The adapter has each method its port names."""
    wanted = {name for name in vars(port) if not name.startswith("_")}
    assert wanted
    assert wanted <= set(dir(adapter))


def claim(store: SQLStore, claimed: Claim, user: str = ANN) -> bool:
    """Claim in a transaction of its own."""
    with store.transaction() as transaction:
        return transaction.claim(user, claimed, NOW)


@pytest.mark.parametrize(
    ("step", "user", "counts"),
    [(101, ANN, True), (100, ANN, False), (99, ANN, False), (101, BOB, False)],
)
def test_a_step_only_moves_forward(store: SQLStore, step: int, user: str, counts: bool) -> None:  # noqa: FBT001
    """A time step is claimed if it is later than the last one, and of the user's own."""
    with store.transaction() as transaction:
        transaction.add_authenticator(ANN, PHONE)

    assert claim(store, Claim(PHONE.id, counter=step), user) is counts
    assert not claim(store, Claim(PHONE.id, counter=min(step, 101)), BOB)
    used = authenticator(counter=101, last_used_at=NOW)
    assert store.authenticators(ANN) == (used if counts else PHONE,)


def test_a_code_is_spent_once(store: SQLStore) -> None:
    """A code of the user's counts once; one of somebody else's, or of nobody's, never."""
    with store.transaction() as transaction:
        transaction.replace_codes(ANN, PHONE.id, CODES, NOW)

    assert not claim(store, Claim(PHONE.id, spent=CODES[0]), BOB)
    assert not claim(store, Claim(PHONE.id, spent="UNKN0WN"))
    assert claim(store, Claim(PHONE.id, spent=CODES[0]))
    assert not claim(store, Claim(PHONE.id, spent=CODES[0]))
    assert (store.codes_left(ANN), store.codes_left(BOB)) == (2, 0)


def test_a_spent_code_is_remembered(store: SQLStore) -> None:
    """The store tells a code that was used from one that never was, for its owner only."""
    with store.transaction() as transaction:
        transaction.replace_codes(ANN, PHONE.id, CODES, NOW)
        transaction.claim(ANN, Claim(PHONE.id, spent=CODES[0]), NOW)

    with store.transaction() as transaction:
        assert transaction.was_spent(ANN, CODES[0])
        assert not transaction.was_spent(ANN, CODES[1])
        assert not transaction.was_spent(BOB, CODES[0])


def test_new_codes_end_the_old_ones(store: SQLStore) -> None:
    """A new set replaces the user's older ones, and nobody else's; it may be empty."""
    with store.transaction() as transaction:
        transaction.replace_codes(ANN, PHONE.id, CODES, NOW)
        transaction.replace_codes(BOB, PHONE.id, CODES, NOW)
        transaction.replace_codes(ANN, PHONE.id, ("FRESH",), NOW)
    assert not claim(store, Claim(PHONE.id, spent=CODES[0]))
    assert (store.codes_left(ANN), store.codes_left(BOB)) == (1, 3)

    with store.transaction() as transaction:
        transaction.replace_codes(ANN, PHONE.id, (), NOW)
    assert store.codes_left(ANN) == 0


def test_authenticators_come_oldest_first(store: SQLStore) -> None:
    """Authenticators come back as they were written, oldest first, each to its owner."""
    newer = authenticator("1" * 32, created_at=NOW + 1, name="Schlüssel 🔑", protects=False)
    with store.transaction() as transaction:
        transaction.add_authenticator(ANN, newer)
        transaction.add_authenticator(ANN, PHONE)

    assert store.authenticators(ANN) == (PHONE, newer)
    assert store.authenticators(BOB) == ()


def test_an_authenticator_is_renamed_by_its_owner(store: SQLStore) -> None:
    """Only the owner's own authenticator takes a new name."""
    with store.transaction() as transaction:
        transaction.add_authenticator(ANN, PHONE)
        assert not transaction.rename_authenticator(BOB, PHONE.id, "Mine")
        assert not transaction.rename_authenticator(ANN, "nobody's", "Mine")
        assert transaction.rename_authenticator(ANN, PHONE.id, "Work")

    assert [one.name for one in store.authenticators(ANN)] == ["Work"]


def test_an_authenticator_is_removed_by_its_owner(store: SQLStore) -> None:
    """Only the owner's own authenticator goes, once, and no other with it."""
    with store.transaction() as transaction:
        transaction.add_authenticator(ANN, PHONE)
        transaction.add_authenticator(ANN, authenticator("b" * 32))
        assert not transaction.remove_authenticator(BOB, PHONE.id)
        assert transaction.remove_authenticator(ANN, PHONE.id)
        assert not transaction.remove_authenticator(ANN, PHONE.id)

    assert [one.id for one in store.authenticators(ANN)] == ["b" * 32]


def test_one_method_is_removed(store: SQLStore) -> None:
    """Removing a method takes the user's authenticators of it, and says how many."""
    with store.transaction() as transaction:
        transaction.add_authenticator(ANN, PHONE)
        transaction.add_authenticator(ANN, authenticator("b" * 32, method="backup_code"))
        transaction.add_authenticator(BOB, authenticator("c" * 32, method="backup_code"))
        assert transaction.remove_method(ANN, "backup_code") == 1
        assert transaction.remove_method(ANN, "backup_code") == 0

    assert store.authenticators(ANN) == (PHONE,)
    assert len(store.authenticators(BOB)) == 1


def test_everything_set_up_is_removed(store: SQLStore) -> None:
    """Removing all takes authenticators, codes and begun setups, and leaves other people's."""
    with store.transaction() as transaction:
        for user, mark in ((ANN, "a"), (BOB, "b")):
            transaction.add_authenticator(user, authenticator(mark * 32))
            transaction.replace_codes(user, mark * 32, CODES, NOW)
            transaction.keep_setup(pending_setup(mark * 64, user_key=user))
    with store.transaction() as transaction:
        assert transaction.remove_authenticators(ANN) == 1

    assert (store.authenticators(ANN), store.codes_left(ANN)) == ((), 0)
    assert store.pending_setup("a" * 64) is None
    assert (len(store.authenticators(BOB)), store.codes_left(BOB)) == (1, 3)
    assert store.pending_setup("b" * 64) is not None


def test_the_epoch_is_kept_only_while_it_is_the_expected_one(store: SQLStore) -> None:
    """Keeping answers whether the epoch is still there, and moves nothing."""
    store.ensure_account(ANN)
    with store.transaction() as transaction:
        assert transaction.keep_epoch(ANN, 0)
        assert not transaction.keep_epoch(ANN, 1)
        assert not transaction.keep_epoch(BOB, 0)
        transaction.move_epoch(ANN, None)
        assert not transaction.keep_epoch(ANN, 0)

    assert store.standing(ANN, None).epoch == 1


def test_the_epoch_moves_on(store: SQLStore) -> None:
    """The epoch grows by one, but not from an expected value that it no longer has."""
    store.ensure_account(ANN)
    store.ensure_account(BOB)
    with store.transaction() as transaction:
        assert transaction.move_epoch(ANN, 0) == 1
        assert transaction.move_epoch(ANN, 0) is None
        assert transaction.move_epoch(ANN, None) == 2
        assert transaction.move_epoch("user:nobody", None) is None

    assert (store.standing(ANN, None).epoch, store.standing(BOB, None).epoch) == (2, 0)


def test_an_account_is_made_once(store: SQLStore) -> None:
    """Making an account again changes nothing."""
    store.ensure_account(ANN)
    with store.transaction() as transaction:
        transaction.move_epoch(ANN, None)
    store.ensure_account(ANN)

    assert store.standing(ANN, None).epoch == 1


def test_guesses_cost_rising_waits(store: SQLStore) -> None:
    """Five guesses are free; each later one doubles the wait, up to an hour."""
    store.ensure_account(ANN)
    assert [reserve(store, ANN, NOW) for _ in range(5)] == [None] * 5

    now, waited = NOW, []
    for _ in range(9):
        until = reserve(store, ANN, now)
        assert until is not None
        waited.append(until - now)
        now = until
        assert reserve(store, ANN, now) is None
    assert waited == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_a_blocked_guess_is_not_counted(store: SQLStore) -> None:
    """Trying again during a wait does not make it longer, and nobody else waits."""
    store.ensure_account(ANN)
    store.ensure_account(BOB)
    for _ in range(5):
        reserve(store, ANN, NOW)

    assert {reserve(store, ANN, NOW + second) for second in range(30)} == {NOW + 30}
    assert reserve(store, BOB, NOW) is None
    assert reserve(store, ANN, NOW + 30) is None


def test_a_right_answer_gives_the_free_tries_back(store: SQLStore) -> None:
    """Clearing ends the wait and the count of one account."""
    store.ensure_account(ANN)
    for _ in range(5):
        reserve(store, ANN, NOW)
    with store.transaction() as transaction:
        transaction.clear_failures(ANN, None)

    assert [reserve(store, ANN, NOW) for _ in range(5)] == [None] * 5


def test_a_guess_needs_an_account(store: SQLStore) -> None:
    """A guess that cannot be counted is not allowed."""
    with pytest.raises(StoreError):
        reserve(store, "user:nobody", NOW)


def test_forgetting_leaves_no_row(store: SQLStore) -> None:
    """Forgetting a person deletes all their rows and no one else's."""
    for user, mark in ((ANN, "a"), (BOB, "b")):
        store.ensure_account(user)
        with store.transaction() as transaction:
            transaction.move_epoch(user, None)
            transaction.add_authenticator(user, authenticator(mark * 32))
            transaction.replace_codes(user, mark * 32, CODES, NOW)
            transaction.open_hold(hold(mark * 64, user_key=user), replaces=None)
            transaction.add_proof(proof(mark * 64, user_key=user))
            transaction.keep_setup(pending_setup(mark * 64, user_key=user))
    with store.transaction() as transaction:
        transaction.forget(ANN)

    gone, kept = store.standing(ANN, "a" * 64), store.standing(BOB, "b" * 64)
    assert (gone.epoch, gone.protected, gone.proof) == (0, False, None)
    assert (kept.epoch, kept.protected, kept.proof is None) == (1, True, False)
    assert (store.hold("a" * 64), store.pending_setup("a" * 64)) == (None, None)
    assert (store.codes_left(ANN), store.codes_left(BOB)) == (0, 3)


@pytest.mark.parametrize("key", ["user:" + "x" * 250, "user:Ünïcødé-✓-用户", "user:a'b\"c%_;--"])
def test_any_user_key_is_kept_apart(store: SQLStore, key: str) -> None:
    """Long and odd user keys are identities like any other."""
    store.ensure_account(key)
    with store.transaction() as transaction:
        transaction.add_authenticator(key, PHONE)

    assert store.authenticators(key) == (PHONE,)
    assert store.standing(key, None).protected
    assert not store.standing(key + "x", None).protected


@pytest.mark.parametrize(
    "other", ["user:Ann", "user:ann ", "user:ánn", "user:ann\t", "u\u017fer:ann"]
)
def test_keys_that_look_alike_are_not_one(store: SQLStore, other: str) -> None:
    """Keys are compared byte by byte on every database: nobody meets another's rows."""
    store.ensure_account(ANN)
    store.ensure_account(other)
    with store.transaction() as transaction:
        transaction.add_authenticator(ANN, authenticator())
        transaction.move_epoch(ANN, 0)

    assert store.authenticators(other) == ()
    assert store.standing(other, None).epoch == 0
    assert store.standing(ANN, None).epoch == 1
