"""Setups that were begun, in Redis instead of the database; everything else stays in SQL.

What lies here may be lost at any moment, by eviction, expiry or a failover: that costs the
person a new setup page. Nothing that must not come back is here: the epoch that a finished
setup moves is in the database, and a setup of an older epoch is good for nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

from redis import ConnectionError as LostError
from redis import Redis, RedisError
from redis import TimeoutError as SilentError
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import Connection

from flask_twofactor.core.errors import (
    ContentionError,
    HoldGoneError,
    RefusedError,
    SealError,
    StoreError,
)
from flask_twofactor.core.ports import Clock, Witness
from flask_twofactor.core.records import PendingSetup
from flask_twofactor.core.throttle import Throttle

from .bootstrap import Opened, Place
from .patience import Patience
from .sqlalchemy import SQLStore
from .writing import FINISHED, SETUP, SQLTransaction

NOTHING_WRITTEN = (ContentionError, HoldGoneError, RefusedError)

# A setup counts only while its owner's list names it: dropping the list ends them all at once.
KEEP = """
redis.call('HSET', KEYS[1], 'user', ARGV[1], 'method', ARGV[2], 'expires', ARGV[3], 'kept', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('SADD', KEYS[2], KEYS[1])
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[5]) then redis.call('PEXPIRE', KEYS[2], ARGV[5]) end
"""
FINISH = """
local found = redis.call('HMGET', KEYS[1], 'user', 'kept')
if found[1] ~= ARGV[1] or not found[2] or found[2] == '' then return false end
if redis.call('SISMEMBER', KEYS[2], KEYS[1]) == 0 then return false end
redis.call('HSET', KEYS[1], 'kept', '')
return found[2]
"""
GIVE_BACK = """
if redis.call('HGET', KEYS[1], 'kept') == '' then redis.call('HSET', KEYS[1], 'kept', ARGV[1]) end
"""


class Setups:
    """The setups of one store in Redis, under names that begin with its id.

    StoreError, in limited time, if Redis does not answer as it should.
    """

    def __init__(self, uri: str, wait_seconds: int, clock: Clock) -> None:
        self._redis = Redis.from_url(
            uri,
            decode_responses=True,
            socket_timeout=wait_seconds,
            socket_connect_timeout=wait_seconds,
            # A connection from before a restart is made anew; a silence is not waited for twice.
            retry=Retry(NoBackoff(), 1, supported_errors=(LostError,)),
        )
        self._patience = Patience(wait_seconds)
        self._clock = clock
        self._keep = self._redis.register_script(KEEP)
        self._finish = self._redis.register_script(FINISH)
        self._give_back = self._redis.register_script(GIVE_BACK)

    def keep(self, store_id: str, pending: PendingSetup, sealed: str) -> None:
        """Keep a setup until it expires, by this side's clock."""
        left = max(1, round((pending.expires_at - self._clock()) * 1000))
        values = [pending.user_key, pending.method, repr(pending.expires_at), sealed, left]
        self._ask(self._keep, _names(store_id, pending.id, pending.user_key), values)

    def finish(self, store_id: str, pending_id: str, user_key: str) -> str | None:
        """Use a setup up, and give what was kept; None if it is gone or was used before."""
        names = _names(store_id, pending_id, user_key)
        found: str | None = self._ask(self._finish, names, [user_key])
        return found

    def give_back(self, store_id: str, pending_id: str, sealed: str) -> None:
        """Undo `finish`, where nothing came of it."""
        self._ask(self._give_back, [_name(store_id, pending_id)], [sealed])

    def drop(self, store_id: str, pending_id: str) -> None:
        """Forget a setup."""
        self._ask(self._redis.delete, _name(store_id, pending_id))

    def forget(self, store_id: str, user_key: str) -> None:
        """Forget all setups of a user."""
        self._ask(self._redis.delete, _list(store_id, user_key))

    def read(self, store_id: str, pending_id: str) -> dict[str, str] | None:
        """Give what is kept of a setup, or None."""
        name = _name(store_id, pending_id)
        found: dict[str, str] = self._ask(self._redis.hgetall, name)
        if not found:
            return None
        listed = self._ask(self._redis.sismember, _list(store_id, found["user"]), name)
        return found if listed else None

    def check(self) -> None:
        """See that Redis answers."""
        self._ask(self._redis.ping)

    def close(self) -> None:
        """Give the connections back."""
        self._redis.close()

    def _ask(self, function: Callable[..., Any], *values: Any) -> Any:
        self._patience.check()
        try:
            answer = function(*values)
        except RedisError as error:
            if isinstance(error, SilentError):
                self._patience.note_silence()
            message = f"Redis did not answer as it should ({type(error).__name__})."
            raise StoreError(message) from error
        self._patience.note_answer()
        return answer


class RedisTransaction(SQLTransaction):
    """A transaction in SQL whose setups are in Redis."""

    setups: Setups
    store_id: str
    finished: dict[str, str]

    def keep_setup(self, pending: PendingSetup) -> None:
        """Keep a setup that was begun."""
        sealed = self._ring.seal(pending.kept, SETUP, pending.id, pending.user_key)
        self.setups.keep(self.store_id, pending, sealed)

    def finish_setup(self, pending_id: str, user_key: str) -> bool:
        """Use a begun setup up; False if it was used before or is gone."""
        sealed = self.setups.finish(self.store_id, pending_id, user_key)
        if sealed is None:
            return False
        self.finished[pending_id] = sealed
        return True

    def remove_authenticators(self, user_key: str) -> int:
        """Remove all the user's authenticators, codes and begun setups; give their number."""
        self.setups.forget(self.store_id, user_key)
        return super().remove_authenticators(user_key)

    def forget(self, user_key: str) -> None:
        """Delete every row of the user, and their setups."""
        self.setups.forget(self.store_id, user_key)
        super().forget(user_key)

    def take_back(self, *, known: bool) -> None:
        """After a transaction that failed: open what it finished, if surely nothing came of it."""
        for pending_id, sealed in self.finished.items():
            # The error that brought us here says more than one of Redis would.
            with suppress(StoreError):
                if known:
                    self.setups.give_back(self.store_id, pending_id, sealed)
                else:
                    self.setups.drop(self.store_id, pending_id)


class RedisStore(SQLStore):
    """A store in SQL whose begun setups are in Redis. See `core.ports.Store`."""

    def __init__(
        self,
        find_place: Callable[[], Place],
        clock: Clock,
        throttle: Throttle,
        witness: Witness,
        setups: Setups,
    ) -> None:
        super().__init__(find_place, clock, throttle, witness)
        self.setups = setups

    def open(self) -> str:
        """Check that both answer and give the store's id."""
        self.setups.check()
        return super().open()

    @contextmanager
    def transaction(self) -> Iterator[SQLTransaction]:
        """Begin writes that are committed together at the end of the block, or not at all."""
        writes: RedisTransaction | None = None
        try:
            with super().transaction() as begun:
                writes = cast("RedisTransaction", begun)
                yield writes
        except BaseException as error:
            if writes is not None and writes.finished:
                writes.take_back(known=isinstance(error, NOTHING_WRITTEN))
            raise

    def pending_setup(self, pending_id: str) -> PendingSetup | None:
        """Read a setup that was begun, also if it was finished since; None if it is gone."""
        found = self.setups.read(self.opened().store_id, pending_id)
        if found is None:
            return None
        row = {"id": pending_id, "user_key": found["user"], "kept": found["kept"]}
        finished = found["kept"] == FINISHED
        try:
            kept = {} if finished else self._unsealed(SETUP, row)
        except SealError:
            return None
        expires_at = float(found["expires"])
        return PendingSetup(
            pending_id, found["user"], found["method"], expires_at, kept, finished=finished
        )

    def _writes(self, connection: Connection, opened: Opened) -> SQLTransaction:
        writes = RedisTransaction(connection, opened.ring, self._budgets, self._witness)
        writes.setups, writes.store_id, writes.finished = self.setups, opened.store_id, {}
        return writes


def _names(store_id: str, pending_id: str, user_key: str) -> list[str]:
    return [_name(store_id, pending_id), _list(store_id, user_key)]


# What stands in braces decides, in a cluster, which machine has it: all of one store's on one.


def _name(store_id: str, pending_id: str) -> str:
    return f"{{twofactor:{store_id}}}:setup:{pending_id}"


def _list(store_id: str, user_key: str) -> str:
    return f"{{twofactor:{store_id}}}:setups:{hashlib.sha256(user_key.encode()).hexdigest()}"
