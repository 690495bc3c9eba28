"""What can happen to a database server, and what a host sees of it; each is made and mended."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from sqlalchemy import URL, event

from flask_twofactor.stores.keys import new_key
from flask_twofactor.stores.sqlalchemy import SQLStore
from flask_twofactor.testing import reset_store
from flask_twofactor.web.state import app_state
from tests.support import mariadb, postgresql
from tests.support.need import program
from tests.support.servers import Server, account, family

from .browsing import OurHost

WAIT_SECONDS = 2
"""How long the hosts of these tests wait for their store."""


@dataclass(slots=True)
class Backend:
    """A server of a test's own with one database, and hosts whose store is there."""

    kind: str
    server: Server
    admin: URL
    uri: str
    keys: list[str] = field(default_factory=lambda: [new_key()])

    def host(self, **config: Any) -> OurHost:
        """Give a host on an empty store."""
        where = {"TWOFACTOR_DATABASE_URI": self.uri, "TWOFACTOR_KEYS": self.keys}
        wait = {"TWOFACTOR_STORE_WAIT_SECONDS": WAIT_SECONDS}
        return Emptied(**where, **wait, **config)

    def ask(self, statement: str) -> None:
        """Run a statement as the server's administrator."""
        tool = postgresql if self.kind == "postgresql" else mariadb
        tool.administer(self.admin, statement)


class Emptied(OurHost):
    """A host that empties its store before anybody comes."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**config, TWOFACTOR_REQUIRED_FOR="none")
        with self.app.app_context():
            app_state(self.app).keeper.make()
        reset_store(self.app)
        self.guard.protect(self.vic)


def store_of(app: Flask) -> SQLStore:
    """Give an app's store."""
    store = app_state(app).ports.store
    assert isinstance(store, SQLStore)
    return store


@contextmanager
def backend(kind: str) -> Iterator[Backend]:
    """Start a server; the hosts' account has no right that would pass a lock of writes."""
    if kind == "postgresql":
        with postgresql.own_server() as (server, admin), postgresql.database(admin) as uri:
            yield Backend(kind, server, admin, uri)
        return
    # A server that answers before it wrote forgets the last second when it is killed.
    durable = "innodb-flush-log-at-trx-commit=1"
    with mariadb.own_server(durable) as (server, admin), mariadb.database(admin) as uri:
        mariadb.administer(admin, "CREATE USER app@'127.0.0.1' IDENTIFIED BY 'app'")
        mariadb.administer(admin, "GRANT ALL ON `twofactor\\_%`.* TO app@'127.0.0.1'")
        own = URL.create(
            "mysql+pymysql", "app", "app", "127.0.0.1", admin.port, uri.rpartition("/")[2]
        )
        yield Backend(kind, server, admin, own.render_as_string(hide_password=False))


@contextmanager
def stopped(there: Backend) -> Iterator[None]:
    """The server was ended in good order, and comes back."""
    there.server.stop()
    try:
        yield
    finally:
        there.server.start()


@contextmanager
def killed(there: Backend) -> Iterator[None]:
    """The server's machine lost its power, and comes back."""
    there.server.kill()
    try:
        yield
    finally:
        there.server.start()


@contextmanager
def paused(there: Backend) -> Iterator[None]:
    """Connections stand, and nothing answers."""
    there.server.pause()
    try:
        yield
    finally:
        there.server.resume()


@contextmanager
def slow(there: Backend) -> Iterator[None]:
    """Nothing answers for twice as long as is waited for it; then all goes on."""
    there.server.pause()
    timer = threading.Timer(2 * WAIT_SECONDS, there.server.resume)
    timer.start()
    try:
        yield
    finally:
        timer.join()


@contextmanager
def read_only(there: Backend) -> Iterator[None]:
    """The server takes no writes, as a replica that was not promoted."""
    refuse_writes(there, "on")
    try:
        yield
    finally:
        refuse_writes(there, "off")


def refuse_writes(there: Backend, state: str) -> None:
    """Tell a server whether to take writes."""
    if there.kind == "postgresql":
        there.ask(f"ALTER SYSTEM SET default_transaction_read_only = {state}")
        there.ask("SELECT pg_reload_conf()")
    else:
        there.ask(f"SET GLOBAL read_only = {state}")


@contextmanager
def disk_full(there: Backend) -> Iterator[None]:
    """No file of the server grows any more; what is written fails."""
    assert there.server.process is not None
    limit_files(there.server.process.pid, 4096)
    try:
        yield
    finally:
        # Some of these servers end at that, and some do not: somebody made room and starts it.
        there.server.kill()
        there.server.start()


def limit_files(process: int, size: int) -> None:
    """Limit the size of what a server and all its processes write."""
    for one in family(process):
        # Only its own account may do that to a process, even where we are root.
        command = [program("prlimit", package="util-linux"), f"--pid={one}", f"--fsize={size}:"]
        subprocess.run(command, check=True, **account())


OUTAGES: dict[str, Callable[[Backend], Any]] = {
    "stopped": stopped,
    "killed": killed,
    "paused": paused,
    "slow": slow,
    "read-only": read_only,
    "disk full": disk_full,
}


def hang_up(connection: Any) -> None:
    """Cut a driver's connection, as a network does."""
    number = connection.fileno() if hasattr(connection, "fileno") else connection._sock.fileno()
    wire = socket.socket(fileno=os.dup(number))
    wire.shutdown(socket.SHUT_RDWR)
    wire.close()


class Cut:
    """Cuts the wire of one app's store before its n-th statement or commit.

    With `after` it is the n-th commit, and the wire is cut when it was done: its answer is lost.
    """

    def __init__(self, app: Flask, *, after: bool) -> None:
        opened = store_of(app).opened()
        self._after, self._left, self.hit = after, 0, ""
        self._dialect = opened.engine.dialect
        self._commit = self._dialect.do_commit
        self._dialect.do_commit = self._commits  # type: ignore[method-assign]
        if not after:
            for engine in {opened.engine, opened.reader}:
                event.listen(engine, "before_cursor_execute", self._statement)

    @contextmanager
    def at(self, number: int) -> Iterator[None]:
        """Cut it once inside the block."""
        self._left, self.hit = number, ""
        try:
            yield
        finally:
            self._left = 0

    def _is_due(self, name: str) -> bool:
        self._left -= 1
        if self._left == 0:
            self.hit = name
        return self._left == 0

    def _statement(self, _connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if self._is_due(f"before {statement}"):
            hang_up(cursor.connection)

    def _commits(self, connection: Any) -> None:
        due = self._is_due("commit")
        if due and not self._after:
            hang_up(connection.dbapi_connection)
        self._commit(connection)
        if due and self._after:
            hang_up(connection.dbapi_connection)
            message = "the wire was cut"
            raise self._dialect.loaded_dbapi.OperationalError(message)


CUTS: dict[str, Callable[[Flask], Cut]] = {
    "cut before": lambda app: Cut(app, after=False),
    "answer of the commit lost": lambda app: Cut(app, after=True),
}
