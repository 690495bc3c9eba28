"""The store's promises about trusted devices, sessions and fingerprints, on every database."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flask_twofactor.core.devices import Presented
from flask_twofactor.core.members import Seen
from flask_twofactor.stores.sqlalchemy import SQLStore

from .support.places import ANN, BOB, NOW, device, proof

ROW = "d" * 32
VALUES = [f"{number:x}" * 64 for number in range(16)]


@pytest.fixture
def trusting(store: SQLStore) -> SQLStore:
    """A store in which Ann trusts a device whose value is the first one."""
    for user in (ANN, BOB):
        store.ensure_account(user)
    with store.transaction() as transaction:
        transaction.add_device(device(ROW, current=VALUES[0]), oldest=0)
    return store


def take(store: SQLStore, value: int, new: int, user: str = ANN, oldest: float = 0) -> bool:
    """Present one value and offer another as its successor."""
    shown = Presented(ROW, VALUES[value])
    with store.transaction() as transaction:
        return transaction.rotate_device(
            user, shown, VALUES[new], oldest=oldest, now=NOW + 1, address="192.0.2.9"
        )


def test_the_current_value_has_four_successors(trusting: SQLStore) -> None:
    """It is good four times, then no more; a successor takes its place and starts anew."""
    assert [take(trusting, 0, new) for new in range(1, 7)] == [True] * 4 + [False] * 2
    assert take(trusting, 3, 7)
    (found,) = trusting.devices(ANN)

    assert (found.current, found.successors) == (VALUES[3], VALUES[7])
    assert (found.last_used_at, found.address, found.created_at) == (NOW + 1, "192.0.2.9", NOW)
    assert [take(trusting, old, 8) for old in (0, 1, 2, 4)] == [False] * 4
    assert take(trusting, 3, 8)
    assert take(trusting, 7, 9)
    assert not take(trusting, 3, 10)


@pytest.mark.parametrize("why", ["bob", "unknown value", "too old", "ended", "epoch", "gone"])
def test_a_value_is_not_taken(trusting: SQLStore, why: str) -> None:
    """Of another person, unknown, of a device that is over by age, end or epoch: no."""
    with trusting.transaction() as transaction:
        if why == "ended":
            assert transaction.end_device(ANN, ROW, NOW)
        elif why == "epoch":
            transaction.move_epoch(ANN, None)
        elif why == "gone":
            transaction.forget(ANN)
    user, value = BOB if why == "bob" else ANN, 9 if why == "unknown value" else 0

    assert not take(trusting, value, 1, user, NOW if why == "too old" else 0)
    assert [one.successors for one in trusting.devices(ANN)] == ([] if why == "gone" else [""])


def test_devices_end_once_and_only_their_owners(trusting: SQLStore) -> None:
    """A second end, or somebody else's, has no effect and says so."""
    with trusting.transaction() as transaction:
        assert not transaction.end_device(BOB, ROW, NOW)
        assert not transaction.rename_device(BOB, ROW, "mine")
        assert transaction.end_devices(BOB, NOW) == 0
        assert transaction.rename_device(ANN, ROW, "Laptop")
        assert transaction.end_devices(ANN, NOW) == 1
        assert transaction.end_devices(ANN, NOW) == 0
        assert not transaction.end_device(ANN, ROW, NOW)
        assert not transaction.rename_device(ANN, ROW, "Late")
        assert transaction.device(BOB, ROW) is None
    (found,) = trusting.devices(ANN)

    assert (found.name, found.ended_at) == ("Laptop", NOW)


def test_a_new_device_clears_those_that_are_over(trusting: SQLStore) -> None:
    """Ended, too old and of another epoch go; living ones and other people's stay."""
    with trusting.transaction() as transaction:
        transaction.add_device(device("1" * 32, created_at=NOW - 5), oldest=0)
        transaction.add_device(device("2" * 32, user_key=BOB, epoch=9), oldest=0)
        transaction.end_device(ANN, ROW, NOW)
        transaction.add_device(device("3" * 32), oldest=NOW - 9)
    assert {one.id for one in trusting.devices(ANN)} == {"1" * 32, "3" * 32}

    with trusting.transaction() as transaction:
        transaction.add_device(device("4" * 32), oldest=NOW - 5)
        assert transaction.drop_devices(ANN, ["3" * 32, "2" * 32, "9" * 32]) == ["3" * 32]
        assert transaction.drop_devices(ANN, []) == []
    assert [one.id for one in trusting.devices(ANN)] == ["4" * 32]
    assert [one.id for one in trusting.devices(BOB)] == ["2" * 32]


def test_a_login_reads_the_devices_with_its_standing(trusting: SQLStore) -> None:
    """Only the person's own among those that the cookie names; none are asked for, none come."""
    with trusting.transaction() as transaction:
        transaction.add_device(device("1" * 32), oldest=0)
        transaction.add_device(device("2" * 32, user_key=BOB), oldest=0)
    named = [ROW, "2" * 32, "f" * 32]

    assert [one.id for one in trusting.standing(ANN, None, devices=named).devices] == [ROW]
    assert trusting.standing(ANN, None).devices == ()
    both = trusting.standing(ANN, None, devices=[ROW, "1" * 32])
    assert {one.id for one in both.devices} == {ROW, "1" * 32}
    assert both.devices[0].current in {VALUES[0], "c" * 64}


def test_sessions_are_the_persons_living_proofs(store: SQLStore) -> None:
    """What was revoked is not listed; ends are the owner's, by one or by method."""
    with store.transaction() as transaction:
        for row, method, user in (
            ("1", "totp", ANN),
            ("2", "trusted_device", ANN),
            ("3", "totp", BOB),
        ):
            transaction.add_proof(proof(row * 64, method=method, user_key=user, agent="Firefox"))
    assert {one.id[0] for one in store.sessions(ANN)} == {"1", "2"}
    assert {one.agent for one in store.sessions(ANN)} == {"Firefox"}

    with store.transaction() as transaction:
        assert not transaction.end_session(ANN, "3" * 64, NOW)
        assert transaction.end_sessions_by(ANN, "trusted_device", NOW) == 1
        assert transaction.revoke_proof("1" * 64, NOW) == ANN
        assert transaction.revoke_proof("1" * 64, NOW) is None
        assert not transaction.end_session(ANN, "1" * 64, NOW)
    assert store.sessions(ANN) == ()
    assert len(store.sessions(BOB)) == 1


def test_a_fingerprint_is_compared_and_never_kept(store: SQLStore) -> None:
    """Unasked, unknown, the same, or changed; it is learned only over what was seen."""
    store.ensure_account(ANN)
    assert store.standing(ANN, None).fingerprint == "unasked"
    assert store.standing(ANN, None, fingerprint="one").fingerprint == "unknown"
    with store.transaction() as transaction:
        assert transaction.learn_password(ANN, "one", None)
    kept = store.standing(ANN, None, fingerprint="one")

    assert kept.fingerprint == "same"
    assert store.standing(ANN, None, fingerprint="two").fingerprint == "changed"
    assert "one" not in str(kept.password_digest)
    with store.transaction() as transaction:
        assert not transaction.learn_password(ANN, "two", "a.stale-digest")
        assert transaction.learn_password(ANN, "two", kept.password_digest)
    assert store.standing(ANN, None, fingerprint="two").fingerprint == "same"


def test_a_tenants_older_devices_end(trusting: SQLStore) -> None:
    """Those made at or before a time, of who is there now; nobody else's, and none that is newer."""
    rows = {"1" * 32: (BOB, NOW - 5), "2" * 32: (ANN, NOW + 1), "3" * 32: ("user:left", NOW - 5)}
    with trusting.transaction() as transaction:
        for user in (ANN, "user:left"):
            transaction.see(Seen("oak", user, "A person"), NOW)
        transaction.see(Seen("elm", BOB, "A person"), NOW)
        transaction.leave("user:left", ["oak"], NOW)
        for row, (user, made) in rows.items():
            new = replace(device(row, current=VALUES[1]), user_key=user, created_at=made)
            transaction.add_device(new, oldest=0)
        transaction.end_devices_of("oak", NOW, NOW + 2)

    found = [one for user in (ANN, BOB, "user:left") for one in trusting.devices(user)]
    assert {one.id for one in found if one.ended_at is not None} == {ROW}
    assert len(found) == len(rows) + 1
