"""What a database owes the store, as tests that a host's own engine can be held to.

    class TestOurDatabase(StoreContract):
        def make_engine(self): return create_engine(EMPTY_DATABASE)

They write and leave rows: give a database for tests.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

import pytest
from sqlalchemy import Engine

from flask_twofactor.core.records import Authenticator, Claim, Hold
from flask_twofactor.core.throttle import Throttle
from flask_twofactor.core.tokens import new_id
from flask_twofactor.stores.bootstrap import Place
from flask_twofactor.stores.keys import new_key, parse_keys
from flask_twofactor.stores.sqlalchemy import SQLStore
from flask_twofactor.web.witness import RequestWitness

NOW = 1_800_000_000.123456
MANY = 16
KEYS = parse_keys([new_key()])
CODE = "AE6E603S0TRM1Q1EV4BQM93ND"


class StoreContract:
    """Subclass it, give an engine on an empty database, and pytest runs the promises."""

    @abstractmethod
    def make_engine(self) -> Engine:
        """Make the engine as the app does, on a database that is empty at the first call."""

    @contextmanager
    def opened(self) -> Iterator[SQLStore]:
        """Make a store there."""
        place = Place(connect=self.make_engine, keys=KEYS, makes_itself=True)
        store = SQLStore(lambda: place, lambda: NOW, Throttle(), RequestWitness())
        try:
            yield store
        finally:
            store.opened().engine.dispose()

    def test_times_and_texts_come_back_as_they_were(self) -> None:
        """Microseconds stay, and so does every letter of a name."""
        made = _phone("Größe کوڈ 📱", NOW)
        with self.opened() as store:
            user = _person(store)
            with store.transaction() as transaction:
                transaction.add_authenticator(user, made)
            (found,) = store.authenticators(user)
        assert (found.name, found.created_at, found.data) == (made.name, made.created_at, made.data)

    def test_keys_are_told_apart_by_each_letter(self) -> None:
        """Capitals, accents and blanks at the end make another person."""
        with self.opened() as store:
            user = _person(store)
            for other in (user.upper(), f"{user} ", user.replace("e", "é")):
                store.ensure_account(other)
            with store.transaction() as transaction:
                transaction.add_authenticator(user, _phone("Phone", NOW))
            others = (user.upper(), f"{user} ", user.replace("e", "é"))
            assert not any(store.authenticators(other) for other in others)
            assert store.standing(user, None).protected

    def test_a_block_that_raises_writes_nothing(self) -> None:
        """What was written before the error is not there, also for other connections."""
        with self.opened() as store:
            user = _person(store)

            def fail() -> None:
                with store.transaction() as transaction:
                    transaction.add_authenticator(user, _phone("Phone", NOW))
                    raise ZeroDivisionError

            with pytest.raises(ZeroDivisionError):
                fail()
            assert store.authenticators(user) == ()

    def test_one_time_step_is_good_once(self) -> None:
        """Of many who bring one code at one moment, one gets in (RFC 6238 section 5.2)."""
        with self.opened() as store:
            user, phone = _person(store), _phone("Phone", NOW)
            with store.transaction() as transaction:
                transaction.add_authenticator(user, phone)
            claim = Claim(phone.id, counter=42)
            assert _race(lambda: _claims(store, user, claim)) == 1

    def test_one_backup_code_is_good_once(self) -> None:
        """Of many who bring one backup code at one moment, one gets in."""
        with self.opened() as store:
            user = _person(store)
            set_id = new_id()
            with store.transaction() as transaction:
                transaction.add_authenticator(user, _codes(set_id))
                transaction.replace_codes(user, set_id, [CODE], NOW)
            claim = Claim(set_id, spent=CODE)
            assert _race(lambda: _claims(store, user, claim)) == 1

    def test_one_hold_is_released_once(self) -> None:
        """A login that is held is finished by one request of many."""
        with self.opened() as store:
            user = _person(store)
            held = Hold(new_id() * 2, user, 0, "challenge", NOW, NOW + 600, NOW)
            with store.transaction() as transaction:
                transaction.open_hold(held, replaces=None)

            def release() -> bool:
                with store.transaction() as transaction:
                    return transaction.consume_hold(held.id, NOW, released=True)

            assert _race(release) == 1


def _person(store: SQLStore) -> str:
    user = f"person:{new_id()}e"
    store.ensure_account(user)
    return user


def _phone(name: str, at: float) -> Authenticator:
    return Authenticator(new_id(), "totp", name, at, data={"secret": "JBSWY3DPEHPK3PXP"})


def _codes(set_id: str) -> Authenticator:
    return Authenticator(set_id, "backup_code", "", NOW, protects=False, data={})


def _claims(store: SQLStore, user: str, claim: Claim) -> bool:
    with store.transaction() as transaction:
        return transaction.claim(user, claim, NOW)


def _race(attempt: Callable[[], bool]) -> int:
    gate = Barrier(MANY)

    def run(_: int) -> bool:
        gate.wait()
        return attempt()

    with ThreadPoolExecutor(MANY) as pool:
        return sum(pool.map(run, range(MANY)))
