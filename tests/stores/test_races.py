"""What counts once counts once, however many ask for it at the same moment."""

from __future__ import annotations

import secrets

import pytest

from flask_twofactor.core.records import Claim

from .support.contests import ALL, CONTESTS, GUARDED_TWICE, GUESSES, SUCCESSORS
from .support.places import NOW, Where, dispose
from .support.racing import Processes, Threads

COMPETITORS = 16
GUESSERS = 50
Runner = Threads | Processes


@pytest.fixture(params=["threads", "processes"])
def runner(request: pytest.FixtureRequest) -> Runner:
    """Competitors in one process, or in four."""
    if request.param == "threads":
        return Threads()
    found: Processes = request.getfixturevalue("four_processes")
    return found


def race(
    name: str, where: Where, runner: Runner, count: int = COMPETITORS, *, naive: bool = False
) -> tuple[int, str]:
    """Prepare a contest for a new person and run it; give the successes and the person."""
    user, store = f"user:{secrets.token_hex(8)}", where.store()
    given = ALL[name].prepare(store, user, count)
    dispose(store)
    return runner.race(name, where, user, given, naive=naive), user


@pytest.mark.parametrize("name", [*CONTESTS, *GUARDED_TWICE])
def test_one_of_many_wins(name: str, where: Where, runner: Runner) -> None:
    """Exactly one of sixteen competitors succeeds."""
    assert race(name, where, runner)[0] == 1


@pytest.mark.parametrize("name", CONTESTS)
def test_a_read_before_the_write_lets_many_win(name: str, where: Where, runner: Runner) -> None:
    """The race bites: the same contest over read-then-write has more than one winner."""
    assert race(name, where, runner, naive=True)[0] > 1


@pytest.mark.parametrize("name", GUESSES)
def test_five_of_fifty_guesses_are_looked_at(name: str, where: Where, runner: Runner) -> None:
    """Of fifty parallel guesses exactly the five free ones are evaluated."""
    assert race(name, where, runner, GUESSERS)[0] == 5


@pytest.mark.parametrize("name", GUESSES)
def test_a_count_before_the_write_lets_all_guess(name: str, where: Where, runner: Runner) -> None:
    """The race bites: over read-then-write far more than the free guesses are evaluated."""
    assert race(name, where, runner, GUESSERS, naive=True)[0] == GUESSERS


@pytest.mark.parametrize("name", SUCCESSORS)
def test_four_of_sixteen_get_a_successor(name: str, where: Where, runner: Runner) -> None:
    """One value of a trusted device gives at most four logins, however parallel."""
    assert race(name, where, runner)[0] == 4


@pytest.mark.parametrize("name", SUCCESSORS)
def test_a_read_before_the_write_gives_more(name: str, where: Where, runner: Runner) -> None:
    """The race bites: over read-then-write all sixteen get one."""
    assert race(name, where, runner, naive=True)[0] == COMPETITORS


def test_losers_use_nothing_up(where: Where, runner: Runner) -> None:
    """Of sixteen right codes for one hold only the winner's is spent."""
    wins, user = race("answer to one hold", where, runner)
    store = where.store()
    left = store.codes_left(user)
    dispose(store)

    assert (wins, left) == (1, 63)


def test_one_confirmation_makes_one_authenticator(where: Where, runner: Runner) -> None:
    """Sixteen tabs that confirm one setup make one authenticator, and its step is used."""
    wins, user = race("setup confirmed", where, runner)
    store = where.store()
    owned = [one for one in store.authenticators(user) if one.protects]
    with store.transaction() as transaction:
        again = transaction.claim(user, Claim(owned[0].id, counter=owned[0].counter), NOW)
    dispose(store)

    assert (wins, len(owned), again) == (1, 1, False)
