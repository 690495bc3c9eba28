"""Begun setups in Redis: used once, gone with their time, their owner or Redis, never given back."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import redis as driver

from flask_twofactor.core.errors import ContentionError, RefusedError, StoreError
from flask_twofactor.core.records import PendingSetup
from flask_twofactor.stores.redis import RedisStore, Setups
from tests.support import redis
from tests.support.servers import Server

from .support.places import ANN, NOW, Where, authenticator, dispose, pending_setup
from .support.racing import Processes

pytestmark = pytest.mark.redis
COMPETITORS = 16
ID = "s" * 64


@pytest.fixture
def where(tmp_path: Path, redis_uri: str) -> Where:
    """A store in a file whose setups are in Redis."""
    return replace(Where.at(f"sqlite:///{tmp_path / 'store.sqlite'}"), redis=redis_uri)


@pytest.fixture
def store(where: Where) -> Iterator[RedisStore]:
    """That store, open."""
    opened = where.store()
    assert isinstance(opened, RedisStore)
    opened.open()
    yield opened
    dispose(opened)


def begin(store: RedisStore, **values: object) -> PendingSetup:
    """Begin a setup."""
    pending = pending_setup(ID, **values)
    with store.transaction() as transaction:
        transaction.keep_setup(pending)
    return pending


def finish(store: RedisStore) -> bool:
    """Use it up."""
    with store.transaction() as transaction:
        return transaction.finish_setup(ID, ANN)


def raw(uri: str) -> driver.Redis:
    """Look at Redis itself."""
    return driver.Redis.from_url(uri, decode_responses=True)


def test_nothing_readable_lies_there(store: RedisStore, redis_uri: str) -> None:
    """What Redis keeps is sealed, and expires by itself with the setup."""
    begin(store)
    with raw(redis_uri) as client:
        names = list(client.scan_iter(f"*{store.open()}*"))
        kept = [str(client.hgetall(name)) for name in names if client.type(name) == "hash"]
        left = [client.pttl(name) for name in names]

    assert len(names) == 2
    assert not any("PENDING" in one or "secret" in one for one in kept)
    assert all(0 < one <= 600_000 for one in left)


def test_it_is_gone_when_its_time_is_over(store: RedisStore) -> None:
    """Redis forgets a setup by itself, at its time."""
    begin(store, expires_at=NOW + 0.02)
    deadline = time.monotonic() + 5
    while store.pending_setup(ID) is not None:
        assert time.monotonic() < deadline
    assert not finish(store)


@pytest.mark.parametrize("error", [RefusedError("wrong_setup_code"), ContentionError("again")])
def test_a_transaction_that_came_to_nothing_leaves_it_open(
    store: RedisStore, error: Exception
) -> None:
    """Where nothing was written the setup goes on: a typo at the end does not cost the page."""
    pending = begin(store)

    def finish_and_fail() -> None:
        with store.transaction() as transaction:
            assert transaction.finish_setup(ID, ANN)
            raise error

    with pytest.raises(type(error)):
        finish_and_fail()
    assert store.pending_setup(ID) == pending
    assert finish(store)


def test_a_transaction_that_may_have_been_written_ends_it(store: RedisStore) -> None:
    """Where nobody knows, the setup is gone: a new page at most."""
    begin(store)

    def finish_and_write_twice() -> None:
        with store.transaction() as transaction:
            transaction.finish_setup(ID, ANN)
            for _ in range(2):
                transaction.add_authenticator(ANN, authenticator())

    with pytest.raises(StoreError):
        finish_and_write_twice()
    assert store.pending_setup(ID) is None
    assert not finish(store)
    assert store.authenticators(ANN) == ()


@pytest.mark.parametrize("what", ["hash", "set"])
def test_an_evicted_half_ends_it(store: RedisStore, redis_uri: str, what: str) -> None:
    """Whichever of its two keys Redis throws away: the setup is gone, and no error."""
    begin(store)
    with raw(redis_uri) as client:
        for name in client.scan_iter(f"*{store.open()}*"):
            if client.type(name) == what:
                client.delete(name)

    assert store.pending_setup(ID) is None
    assert not finish(store)


def attempt(where: Where, *, naive: bool = False) -> int:
    """Let four threads finish one setup at the same moment; give how many did."""
    store = where.store()
    assert isinstance(store, RedisStore)
    gate = threading.Barrier(4, timeout=20)
    if naive:
        careless(store.setups, gate)

    def one(_: int) -> bool:
        gate.wait()
        with store.transaction() as transaction:
            return transaction.finish_setup(ID, ANN)

    store.open()
    with ThreadPoolExecutor(4) as threads:
        counted = sum(threads.map(one, range(4)))
    dispose(store)
    return counted


def careless(setups: Setups, gate: threading.Barrier) -> None:
    """Look, then write: what the script must not be."""

    def look_then_write(store_id: str, pending_id: str, _user_key: str) -> str | None:
        found = setups.read(store_id, pending_id)
        gate.wait()
        if found is None or not found["kept"]:
            return None
        setups.drop(store_id, pending_id)
        return found["kept"]

    setups.finish = look_then_write  # type: ignore[method-assign]


def test_one_of_sixteen_finishes(
    where: Where, store: RedisStore, four_processes: Processes
) -> None:
    """Of sixteen competitors in four processes exactly one uses the setup up."""
    begin(store)
    assert sum(four_processes.together(attempt, where)) == 1


@pytest.mark.parametrize("turn", range(3))
def test_one_of_four_threads_finishes(where: Where, store: RedisStore, turn: int) -> None:
    """In one process too."""
    begin(store)
    assert attempt(where) == 1


def test_a_look_before_the_write_lets_many_finish(where: Where, store: RedisStore) -> None:
    """The race bites: over look-then-write more than one wins."""
    begin(store)
    setups = store.setups
    seen = threading.Barrier(4, timeout=20)
    careless(setups, seen)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: setups.finish(store.open(), ID, ANN), range(4)))
    assert sum(one is not None for one in found) > 1


@pytest.fixture(scope="module")
def own() -> Iterator[tuple[Server, str]]:
    """A Redis that these tests may treat as they like."""
    with redis.own_server("maxmemory 4mb", "maxmemory-policy allkeys-random") as found:
        yield found


@pytest.fixture
def there(tmp_path: Path, own: tuple[Server, str]) -> Iterator[tuple[Server, RedisStore]]:
    """A store whose setups are there."""
    server, uri = own
    opened = replace(Where.at(f"sqlite:///{tmp_path / 'store.sqlite'}"), redis=uri).store()
    assert isinstance(opened, RedisStore)
    yield server, opened
    dispose(opened)


@pytest.mark.parametrize("how", ["stop", "kill", "pause"])
def test_a_redis_that_goes_away(there: tuple[Server, RedisStore], how: str) -> None:
    """StoreError in limited time, everything else goes on, and it works again by itself."""
    server, store = there
    begin(store)
    getattr(server, how)()
    began = time.monotonic()
    with pytest.raises(StoreError):
        finish(store)
    assert time.monotonic() - began < 4
    with store.transaction() as transaction:
        transaction.add_authenticator(ANN, authenticator())
    if how == "pause":
        # Who asks now is not kept waiting.
        began = time.monotonic()
        with pytest.raises(StoreError):
            store.pending_setup(ID)
        assert time.monotonic() - began < 1
        server.resume()
        store.setups._patience.note_answer()
    else:
        server.start()
        assert store.pending_setup(ID) is None
    # What was asked of it may have been done all the same: then a new page.
    begin(store)
    assert finish(store)
    assert len(store.authenticators(ANN)) == 1


def test_a_redis_that_evicts(there: tuple[Server, RedisStore]) -> None:
    """Under memory pressure setups vanish one by one; each is whole or gone."""
    _, store = there
    ids = [secrets.token_hex(32) for _ in range(300)]
    for number, one in enumerate(ids):
        kept = {"secret": "S" * 20_000}
        pending = pending_setup(one, user_key=f"user:{number % 7}", kept=kept)
        with store.transaction() as transaction:
            transaction.keep_setup(pending)
    found = [store.pending_setup(one) for one in ids]

    assert None in found
    assert all(one is None or len(one.kept["secret"]) == 20_000 for one in found)
