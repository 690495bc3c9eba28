"""What every store promises of guesses: the day's cap, known browsers, failures in a row."""

from __future__ import annotations

import pytest

from flask_twofactor.core.records import Paid, Wait
from flask_twofactor.core.throttle import DAY, Throttle
from flask_twofactor.stores.sqlalchemy import SQLStore

from .support.places import ANN, BOB, NOW, Bystander, authenticator

HOUR = 3600
FIRST, SECOND = "f" * 64, "e" * 64


@pytest.fixture
def patient(store: SQLStore) -> SQLStore:
    """A store whose day has three tries, with no wait between them worth the name."""
    return remade(store, Throttle(free=10, per_day=3, known_free=2))


def remade(store: SQLStore, throttle: Throttle) -> SQLStore:
    """Open the same store under other settings."""
    opened = store.opened()
    other = SQLStore(store._find_place, lambda: NOW, throttle, Bystander())
    other._opened = opened
    other.ensure_account(ANN)
    other.ensure_account(BOB)
    return other


def reserve(store: SQLStore, now: float, *browsers: str, user: str = ANN) -> Paid | Wait:
    """Pay for a guess, committed."""
    with store.transaction() as transaction:
        return transaction.reserve(user, browsers, now)


def know(store: SQLStore, browser: str, replaces: str | None = None, user: str = ANN) -> None:
    """Know a browser."""
    with store.transaction() as transaction:
        transaction.know_browser(user, browser, NOW, replaces=replaces)


def test_the_day_is_any_day(patient: SQLStore) -> None:
    """Three tries in any 24 hours: each one frees itself exactly a day later, not at midnight."""
    for hours in (0, 10, 20):
        assert reserve(patient, NOW + hours * HOUR) == Paid()

    assert reserve(patient, NOW + 21 * HOUR) == Wait(NOW + DAY, "per_day", first=True)
    assert reserve(patient, NOW + DAY - 1) == Wait(NOW + DAY, "per_day")
    assert reserve(patient, NOW + DAY) == Paid()
    assert reserve(patient, NOW + DAY) == Wait(NOW + DAY + 10 * HOUR, "per_day", first=True)
    assert reserve(patient, NOW, user=BOB) == Paid()


def test_a_right_answer_leaves_the_day_as_it_is(patient: SQLStore) -> None:
    """Who paces guesses between the owner's logins has no more of them."""
    for _ in range(3):
        assert reserve(patient, NOW) == Paid()
        with patient.transaction() as transaction:
            transaction.clear_failures(ANN, None)

    assert isinstance(reserve(patient, NOW), Wait)


def test_a_lower_cap_counts_what_was_tried_before(store: SQLStore) -> None:
    """After the setting was lowered or raised, the newest tries still count."""
    for seconds in range(6):
        reserve(remade(store, Throttle(free=10, per_day=10)), NOW + seconds)

    low = remade(store, Throttle(free=10, per_day=2))
    assert reserve(low, NOW + 60) == Wait(NOW + 4 + DAY, "per_day", first=True)
    assert reserve(low, NOW + 4 + DAY) == Paid()
    high = remade(store, Throttle(free=10, per_day=10))
    assert reserve(high, NOW + 5 + DAY) == Paid()


def test_a_known_browser_pays_from_its_own_tries(patient: SQLStore) -> None:
    """Strangers who used the account's tries up leave a known browser all of its own."""
    know(patient, FIRST)
    while isinstance(reserve(patient, NOW), Paid):
        pass

    assert reserve(patient, NOW, FIRST) == Paid(FIRST)
    assert reserve(patient, NOW, SECOND, FIRST) == Paid(FIRST)
    assert reserve(patient, NOW, FIRST) == Wait(NOW + 30, first=True)
    assert reserve(patient, NOW, FIRST) == Wait(NOW + 30)
    assert reserve(patient, NOW + 30, FIRST) == Paid(FIRST)
    assert reserve(patient, NOW + 30, FIRST) == Wait(NOW + 90, first=True)


def test_a_known_browser_uses_nobody_elses_tries(patient: SQLStore) -> None:
    """What a known browser tried costs the account nothing, and another user knows it not."""
    know(patient, FIRST)
    while isinstance(reserve(patient, NOW, FIRST), Paid):
        pass

    assert [reserve(patient, NOW) for _ in range(3)] == [Paid()] * 3
    assert reserve(patient, NOW, FIRST, user=BOB) == Paid()


def test_a_right_answer_clears_the_budget_it_came_through(patient: SQLStore) -> None:
    """The owner's right code clears the owner's browser, never the stranger's wait."""
    know(patient, FIRST)
    waiting = remade(patient, Throttle(free=1, known_free=1))
    reserve(waiting, NOW)
    reserve(waiting, NOW, FIRST)
    with waiting.transaction() as transaction:
        transaction.clear_failures(ANN, FIRST)

    assert isinstance(reserve(waiting, NOW), Wait)
    assert reserve(waiting, NOW, FIRST) == Paid(FIRST)


def test_a_replaced_reference_is_a_strangers(patient: SQLStore) -> None:
    """After a sign-in only the newest reference is known; a copy of the old one is not."""
    know(patient, FIRST)
    know(patient, SECOND, replaces=FIRST)

    assert patient.knows_browser(ANN, [SECOND])
    assert not patient.knows_browser(ANN, [FIRST])
    assert not patient.knows_browser(BOB, [SECOND])
    assert reserve(patient, NOW, FIRST) == Paid()


def test_forgotten_browsers_are_strangers(patient: SQLStore) -> None:
    """A reset forgets every browser of one person."""
    know(patient, FIRST)
    know(patient, SECOND, user=BOB)
    with patient.transaction() as transaction:
        transaction.forget_browsers(ANN)

    assert not patient.knows_browser(ANN, [FIRST, SECOND])
    assert patient.knows_browser(BOB, [FIRST, SECOND])


def test_failures_in_a_row_are_the_methods(store: SQLStore) -> None:
    """All authenticators of a method count together; a new one, or a right answer, starts anew."""
    with store.transaction() as transaction:
        transaction.add_authenticator(ANN, authenticator("a" * 32))
        transaction.add_authenticator(ANN, authenticator("b" * 32, method="other"))
        counted = [transaction.count_failure(ANN, "totp") for _ in range(3)]
    assert counted == [1, 2, 3]
    assert [one.failures for one in store.authenticators(ANN)] == [3, 0]

    with store.transaction() as transaction:
        transaction.add_authenticator(ANN, authenticator("c" * 32))
        assert transaction.count_failure(ANN, "totp") == 1
        transaction.enable_method(ANN, "totp")
        assert transaction.count_failure(ANN, "totp") == 1
        assert transaction.count_failure(ANN, "none") == 0


def test_unlocking_gives_every_try_back(patient: SQLStore) -> None:
    """After an unlock neither the day nor a wait nor a row of failures stands."""
    know(patient, FIRST)
    with patient.transaction() as transaction:
        transaction.add_authenticator(ANN, authenticator())
        transaction.count_failure(ANN, "totp")
    for browsers in ((), (FIRST,)):
        while isinstance(reserve(patient, NOW, *browsers), Paid):
            pass
    with patient.transaction() as transaction:
        transaction.unlock(ANN)

    assert [reserve(patient, NOW) for _ in range(3)] == [Paid()] * 3
    assert reserve(patient, NOW, FIRST) == Paid(FIRST)
    assert patient.authenticators(ANN)[0].failures == 0


def test_no_pace_buys_more_than_the_cap(patient: SQLStore) -> None:
    """Trying every half hour for ten days gives three tries in each 24 hours at most."""
    paid = [
        at
        for at in (NOW + step * HOUR / 2 for step in range(480))
        if isinstance(reserve(patient, at), Paid)
    ]

    busiest = max(sum(start <= at < start + DAY for at in paid) for start in paid)
    assert (busiest, len(paid)) == (3, 30)
