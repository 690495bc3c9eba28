"""`engine=`: the host's database through a pool of our own, and never in its transaction."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import current_app
from sqlalchemy import Engine, create_engine, inspect, text

from flask_twofactor import ConfigurationError, StoreError
from flask_twofactor.stores.keys import new_key

from .support.apps import close, is_in, make_app, the_store
from .support.places import ANN, NOW, authenticator, reserve

SERVERS = [
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]


@pytest.fixture(params=["sqlite", *SERVERS])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """The host's own engine, with a table of its own."""
    uri = f"sqlite:///{tmp_path}/host.sqlite"
    if request.param != "sqlite":
        uri = request.getfixturevalue(f"{request.param}_uri")
    engine = create_engine(uri)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE host_note (words TEXT)"))
    yield engine
    engine.dispose()


@pytest.mark.parametrize("called", [False, True])
def test_the_hosts_engine_gives_the_database(host: Engine, tmp_path: Path, called: bool) -> None:  # noqa: FBT001
    """An engine, or a callable asked at the first store call in an app context, is enough."""
    asked: list[str] = []

    def find() -> Engine:
        asked.append(current_app.name)
        return host

    app = make_app(
        tmp_path, engine=find if called else host, TWOFACTOR_KEYS=[new_key()], TESTING=True
    )
    assert asked == []
    client = app.test_client()
    client.post("/login")
    assert is_in(client)
    assert asked == (["host"] if called else [])
    assert "twofactor_proof" in inspect(host).get_table_names()
    close(app)


def test_the_pool_is_our_own(host: Engine, tmp_path: Path) -> None:
    """We never hold one of the host's connections, and change nothing of how it makes them."""
    app = make_app(tmp_path, engine=host, TWOFACTOR_KEYS=[new_key()], TESTING=True)
    ours = the_store(app).opened().engine
    assert ours.pool is not host.pool
    assert type(ours.pool) is type(host.pool)
    host.dispose()
    with host.connect() as connection, ours.connect() as our_connection:
        theirs, own = connection.connection.dbapi_connection, our_connection.connection
        assert theirs is not own.dbapi_connection
        if host.dialect.name == "sqlite":
            assert theirs is not None
            assert theirs.isolation_level == ""
            assert own.dbapi_connection.isolation_level is None  # type: ignore[union-attr]
    close(app)


@pytest.mark.parametrize("host", SERVERS, indirect=True)
def test_the_hosts_transaction_goes_on(host: Engine, tmp_path: Path) -> None:
    """What the host has begun is neither committed nor rolled back by our writes and failures.

    SQLite has one writer at a time: see the next test.
    """
    app = make_app(tmp_path, engine=host, TWOFACTOR_KEYS=[new_key()], TESTING=True)
    store = the_store(app)
    store.open()
    with host.connect() as connection, host.connect() as other:
        connection.execute(text("INSERT INTO host_note VALUES ('half done')"))
        with store.transaction() as transaction:
            transaction.add_authenticator(ANN, authenticator())
        with pytest.raises(StoreError), store.transaction() as transaction:
            transaction.add_authenticator(ANN, authenticator())
        assert other.execute(text("SELECT count(*) FROM host_note")).scalar() == 0
        assert connection.execute(text("SELECT count(*) FROM host_note")).scalar() == 1
        connection.rollback()
        other.rollback()
        assert other.execute(text("SELECT count(*) FROM host_note")).scalar() == 0

    assert store.authenticators(ANN) == (authenticator(),)
    close(app)


def test_a_host_that_holds_sqlites_one_lock_waits_for_nobody(tmp_path: Path) -> None:
    """On SQLite a write of the host shuts ours out, in limited time, and goes on unharmed."""
    host = create_engine(f"sqlite:///{tmp_path}/host.sqlite")
    with host.begin() as connection:
        connection.execute(text("CREATE TABLE host_note (words TEXT)"))
    app = make_app(
        tmp_path,
        engine=host,
        TWOFACTOR_KEYS=[new_key()],
        TWOFACTOR_STORE_WAIT_SECONDS=2,
        TESTING=True,
    )
    store = the_store(app)
    store.open()
    with host.connect() as connection:
        connection.execute(text("INSERT INTO host_note VALUES ('half done')"))
        began = time.monotonic()
        with pytest.raises(StoreError):
            store.ensure_account(ANN)
        assert time.monotonic() - began < 5
        assert store.standing(ANN, None).epoch == 0
        assert connection.execute(text("SELECT count(*) FROM host_note")).scalar() == 1
        connection.rollback()
    store.ensure_account(ANN)
    close(app)
    host.dispose()


def test_a_pools_size_is_not_given_with_an_engine(tmp_path: Path) -> None:
    """With `engine=` the pool is made like the engine's: a size beside it is a fault."""
    with pytest.raises(ConfigurationError, match="TWOFACTOR_POOL_SIZE"):
        make_app(
            tmp_path,
            engine=create_engine("sqlite://"),
            TWOFACTOR_KEYS=[new_key()],
            TWOFACTOR_POOL_SIZE=3,
        )


def test_the_hosts_rollback_takes_nothing_of_ours(host: Engine, tmp_path: Path) -> None:
    """What we committed stays when the host rolls back afterwards."""
    app = make_app(tmp_path, engine=host, TWOFACTOR_KEYS=[new_key()], TESTING=True)
    store = the_store(app)
    with host.connect() as connection:
        connection.execute(text("SELECT * FROM host_note"))
        store.ensure_account(ANN)
        connection.rollback()
    assert reserve(store, ANN, NOW) is None
    close(app)


def test_an_engine_and_an_address_are_a_fault(tmp_path: Path) -> None:
    """Both at once, without keys, are two faults, reported together."""
    with pytest.raises(ConfigurationError) as caught:
        make_app(tmp_path, engine=create_engine("sqlite://"), TWOFACTOR_DATABASE_URI="sqlite://")
    assert len(caught.value.faults) == 2
    assert "not both" in caught.value.faults[0]
    assert "new-key" in caught.value.faults[1]


def test_an_engine_that_cannot_be_found_lets_nobody_in(tmp_path: Path) -> None:
    """A callable that raises gives 503, and works as soon as it works."""
    broken = [True]

    def find() -> Engine:
        if broken:
            raise RuntimeError
        return create_engine(f"sqlite:///{tmp_path}/host.sqlite")

    app = make_app(tmp_path, engine=find, TWOFACTOR_KEYS=[new_key()], DEBUG=True)
    client = app.test_client()
    assert client.post("/login").status_code == 503
    assert not is_in(client)
    broken.clear()
    client.post("/login")
    assert is_in(client)
    close(app)
