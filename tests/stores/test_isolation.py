"""On servers of every default, ours is READ COMMITTED, and a deadlock costs nobody the answer."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import URL, text

from flask_twofactor.core.errors import ContentionError
from flask_twofactor.core.records import Claim
from flask_twofactor.core.repeating import repeated
from flask_twofactor.stores.sqlalchemy import SQLStore
from tests.support import mariadb, postgresql

from .support.contests import ALL, STEP, phone
from .support.places import ANN, BOB, NOW, Where, dispose
from .support.racing import Threads

LEVELS = ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")
ASK = {
    "postgresql": "SHOW transaction_isolation",
    "mysql": "SELECT @@tx_isolation",
}


@contextmanager
def postgresql_at(server: URL, level: str) -> Iterator[Where]:
    """Give a database whose sessions begin at a level."""
    with postgresql.database(server) as uri:
        name = uri.rpartition("/")[2]
        ask = f"ALTER DATABASE {name} SET default_transaction_isolation = '{level.lower()}'"
        postgresql.administer(server, ask)
        yield Where.at(uri)


@contextmanager
def mariadb_at(server: URL, level: str) -> Iterator[Where]:
    """Give a database on a server whose sessions begin at a level."""
    mariadb.administer(server, f"SET GLOBAL TRANSACTION ISOLATION LEVEL {level}")
    try:
        with mariadb.database(server) as uri:
            yield Where.at(uri)
    finally:
        mariadb.administer(server, "SET GLOBAL TRANSACTION ISOLATION LEVEL REPEATABLE READ")


@pytest.fixture(
    params=[
        pytest.param(("postgresql", level), marks=pytest.mark.postgresql, id=f"postgresql-{level}")
        for level in LEVELS
    ]
    + [
        pytest.param(("mariadb", level), marks=pytest.mark.mariadb, id=f"mariadb-{level}")
        for level in LEVELS
    ]
)
def where(request: pytest.FixtureRequest) -> Iterator[Where]:
    """A database on a server with each default."""
    kind, level = request.param
    at = postgresql_at if kind == "postgresql" else mariadb_at
    with at(request.getfixturevalue(f"{kind}_server"), level) as found:
        yield found


def prepare(where: Where) -> tuple[SQLStore, str, str]:
    """Give a store, a new person and their authenticator."""
    store, user = where.store(), f"user:{secrets.token_hex(8)}"
    made = phone(store, user, 1)[0]
    for one in (user, ANN, BOB):
        store.ensure_account(one)
    return store, user, made


def test_our_transactions_ask_for_read_committed(where: Where) -> None:
    """Whatever the server's default, our transactions are READ COMMITTED."""
    store = where.store()
    with store.transaction() as transaction:
        connection = transaction._connection
        found = connection.execute(text(ASK[connection.dialect.name])).scalar_one()
    dispose(store)

    assert found.replace("-", " ").upper() == "READ COMMITTED"


@pytest.mark.parametrize(
    "name", ["answer by one app code", "answer to one hold", "setup confirmed"]
)
def test_one_of_many_wins(where: Where, name: str) -> None:
    """A race has one winner and fifteen refusals, and no error, on every default."""
    user, store = f"user:{secrets.token_hex(8)}", where.store()
    given = ALL[name].prepare(store, user, 16)
    dispose(store)

    assert Threads().race(name, where, user, given, naive=False) == 1


def deadlocked(store: SQLStore, user: str, made: str, run: Callable[..., bool]) -> list[bool]:
    """Let two claim one code, each holding a row that the other then wants."""
    both_hold = threading.Barrier(2, timeout=20)
    claim = Claim(made, counter=STEP)
    tries = {"claims first": 0, "claims last": 0}

    def claims_first() -> bool:
        tries["claims first"] += 1
        with store.transaction() as transaction:
            won = transaction.claim(user, claim, NOW)
            if tries["claims first"] == 1:
                both_hold.wait()
            transaction.unlock(BOB)
            return won

    def claims_last() -> bool:
        tries["claims last"] += 1
        with store.transaction() as transaction:
            transaction.unlock(BOB)
            if tries["claims last"] == 1:
                both_hold.wait()
            return transaction.claim(user, claim, NOW)

    with ThreadPoolExecutor(2) as threads:
        runs = [threads.submit(run, each) for each in (claims_first, claims_last)]
        results = [each.result(timeout=30) for each in runs]
    assert sum(tries.values()) > 2 or run is not again
    return results


def again(function: Callable[[], bool]) -> bool:
    """Call as a flow does."""
    return repeated(function)()


def once(function: Callable[[], bool]) -> bool:
    """Call as a flow without repetition would."""
    return function()


def test_a_deadlock_refuses_nobody(where: Where) -> None:
    """Who was given up tries again and meets the row count: one wins, the other is refused."""
    store, user, made = prepare(where)
    results = deadlocked(store, user, made, again)
    dispose(store)

    assert sorted(results) == [False, True]


def test_without_repetition_a_deadlock_is_an_error(where: Where) -> None:
    """The test bites: the database does give one of the two up."""
    store, user, made = prepare(where)
    with pytest.raises(ContentionError):
        deadlocked(store, user, made, once)
    dispose(store)
