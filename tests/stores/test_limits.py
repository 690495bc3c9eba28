"""Every wait for a server ends, and our sessions are what our statements rely on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text, update

from flask_twofactor.core.errors import ContentionError, StoreError
from flask_twofactor.stores import patience, schema, servers
from flask_twofactor.stores.bootstrap import Place
from flask_twofactor.stores.engine import Reach, make_engine
from flask_twofactor.stores.keys import new_key, parse_keys
from flask_twofactor.stores.patience import Patience
from flask_twofactor.stores.sqlalchemy import SQLStore

from .support.places import ANN, NOW, Bystander, dispose, reserve, throttle

WAIT = 2


@pytest.fixture(
    params=[
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ]
)
def store(request: pytest.FixtureRequest) -> Iterator[SQLStore]:
    """An empty store on each kind of server, whose users wait for two seconds at most."""
    uri: str = request.getfixturevalue(f"{request.param}_uri")
    keys, reach = parse_keys([new_key()]), Reach(1, 0, WAIT)

    def place() -> Place:
        return Place(lambda: make_engine(uri, reach), keys, makes_itself=True)

    opened = SQLStore(place, lambda: NOW, throttle(), Bystander())
    opened.ensure_account(ANN)
    yield opened
    dispose(opened)


def in_time(began: float) -> bool:
    """Say whether the limit was kept, with some seconds for a busy machine."""
    return time.monotonic() - began < WAIT + 4


def test_a_lock_is_waited_for_in_limited_time(store: SQLStore) -> None:
    """Where somebody keeps a row, a write of it fails in time, is not repeated, and works later."""
    other = create_engine(store.opened().engine.url)
    with other.connect() as connection:
        mine = schema.account.c.user_key == ANN
        connection.execute(update(schema.account).where(mine).values(failures=0))
        began = time.monotonic()
        with pytest.raises(StoreError) as caught:
            reserve(store, ANN)
        assert in_time(began)
        assert not isinstance(caught.value, ContentionError)
        connection.rollback()
    other.dispose()

    assert reserve(store, ANN) is None


def test_a_statement_is_waited_for_in_limited_time(store: SQLStore) -> None:
    """A statement that takes too long is given up by the server, and the connection goes on."""
    engine = store.opened().engine
    sleep = "pg_sleep(20)" if engine.dialect.name == "postgresql" else "sleep(20)"
    began = time.monotonic()
    with engine.connect() as connection, pytest.raises(Exception, match=r"(?i)timeout|execution"):
        connection.execute(text(f"SELECT {sleep}"))
    assert in_time(began)
    assert store.codes_left(ANN) == 0


def test_a_connection_is_waited_for_in_limited_time(store: SQLStore) -> None:
    """Where all connections are in use, whoever comes next is told in time."""
    with store.opened().engine.connect():
        began = time.monotonic()
        with pytest.raises(StoreError):
            store.codes_left(ANN)
        assert in_time(began)
    assert store.codes_left(ANN) == 0


def test_an_operator_is_given_time(store: SQLStore) -> None:
    """Once a process asked for upkeep, its statements may take long."""
    store.codes_left(ANN)
    store.upkeep()
    engine = store.opened().engine
    asked = (
        "SHOW statement_timeout"
        if engine.dialect.name == "postgresql"
        else "SELECT @@max_statement_time"
    )
    with engine.connect() as connection:
        assert float(connection.execute(text(asked)).scalar_one()) == 0


def test_a_value_that_does_not_fit_is_refused(store: SQLStore) -> None:
    """Too long a key is an error and never cut, so that nobody becomes somebody else."""
    with pytest.raises(StoreError):
        store.ensure_account("x" * 256)
    with store.opened().engine.connect() as connection:
        keys = connection.execute(select(schema.account.c.user_key)).scalars().all()
    assert keys == [ANN]


def test_mysql_is_refused() -> None:
    """Its way of comparing and of assigning would let one be taken for another."""

    class MySQL:
        def get_server_info(self) -> str:
            return "8.4.3"

    with pytest.raises(StoreError, match="only MariaDB"):
        servers.limit_mariadb(MySQL(), Patience(5))


def test_after_a_silence_few_are_kept_waiting() -> None:
    """At once one caller is let through from time to time, the others are told; then all again."""
    now = [100.0]
    patience_of_one = Patience(5, lambda: now[0])
    patience_of_one.check()
    patience_of_one.note_silence()
    assert let_through(patience_of_one) == 0
    now[0] += 5
    assert let_through(patience_of_one) == 1
    now[0] += 9
    assert let_through(patience_of_one) == 0
    now[0] += 1
    assert let_through(patience_of_one) == 1
    patience_of_one.note_answer()
    assert let_through(patience_of_one) == 3


def let_through(one: Patience) -> int:
    """Let three come; give how many were let through."""
    through = 0
    for _ in range(3):
        try:
            one.check()
        except StoreError:
            continue
        through += 1
    return through


@pytest.mark.parametrize(
    ("error", "silent"),
    [(TimeoutError(), True), (OSError(), False), (ValueError(), False), (None, False)],
)
def test_only_a_wait_that_ran_out_is_a_silence(error: Any, silent: bool) -> None:  # noqa: FBT001
    """A refused connection is an answer; a wait that ran out is none, however wrapped."""
    wrapped = RuntimeError("wrapped")
    wrapped.__cause__ = error
    assert patience.is_silence(error) is silent
    assert patience.is_silence(wrapped) is silent
