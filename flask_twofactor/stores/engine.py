"""How connections to the store are made: short, own, and never the host's."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from .patience import WAIT_SECONDS, Patience, give
from .servers import LIMITS, connect_arguments

SWITCH_TRIES = 10


@dataclass(frozen=True, slots=True)
class Reach:
    """How many connections a process keeps and adds when busy, and how long anything waits."""

    pool_size: int = 5
    pool_overflow: int = 10
    wait_seconds: int = WAIT_SECONDS


DEFAULT_REACH = Reach()


def make_engine(uri: str | URL, reach: Reach = DEFAULT_REACH) -> Engine:
    """Make an engine with its own pool; parameters never reach its errors or logs."""
    url = make_url(uri)
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, reach)
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=reach.pool_size,
        max_overflow=reach.pool_overflow,
        pool_timeout=reach.wait_seconds,
        isolation_level="READ COMMITTED",
        connect_args=connect_arguments(url.get_backend_name(), reach.wait_seconds),
    )
    return _prepared(engine, reach)


def adopt_engine(host: Engine, reach: Reach = DEFAULT_REACH) -> Engine:
    """Make an engine that reaches the host's database through a pool of its own."""
    pool = host.pool.recreate()
    if isinstance(pool, QueuePool):
        # The host may wait as long as it likes; our share of its workers' time is limited.
        pool._timeout = min(pool._timeout, reach.wait_seconds)  # noqa: SLF001
    options: dict[str, Any] = {"hide_parameters": True, "pool": pool}
    if host.dialect.name != "sqlite":
        options["isolation_level"] = "READ COMMITTED"
        pool._pre_ping = True  # noqa: SLF001 - a restarted server must not be noticed
    return _prepared(create_engine(host.url, **options), reach)


def reader(engine: Engine) -> Engine:
    """Give an engine on the same connections for single reads, which need no transaction."""
    if engine.dialect.name == "sqlite":
        # Without the listener that begins, a read takes half of SQLAlchemy's calls: it is on each page.
        plain = Engine(engine.pool, engine.dialect, engine.url, hide_parameters=True)
        return _safe_to_fork(plain)
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="AUTOCOMMIT")
    # Here the change of mode and back would be two more messages to the server, for one.
    return engine


def is_memory(url: URL) -> bool:
    """Say whether this SQLite address names a database that lives in memory only."""
    return url.database in {None, "", ":memory:"}


def _sqlite_engine(url: URL, reach: Reach) -> Engine:
    # A database in memory is one connection: a pool of one makes the others wait their turn.
    memory = is_memory(url)
    engine = create_engine(
        url,
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=1 if memory else reach.pool_size,
        max_overflow=0 if memory else reach.pool_overflow,
        pool_timeout=reach.wait_seconds,
        connect_args={"timeout": reach.wait_seconds, "check_same_thread": False},
    )
    return _prepared(engine, reach)


def _prepared(engine: Engine, reach: Reach) -> Engine:
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_preparer(reach.wait_seconds))
        event.listen(engine, "begin", _begin_immediate)
        return _safe_to_fork(engine)
    patience, limit = Patience(reach.wait_seconds), LIMITS.get(engine.dialect.name)
    give(engine, patience)
    event.listen(engine, "handle_error", patience.note_error)
    event.listen(engine, "checkout", patience.at_checkout)
    if limit is not None:
        # Before SQLAlchemy's own listener, which looks at the modes that are set here.
        event.listen(engine, "connect", lambda new, _: limit(new, patience), insert=True)
    return _safe_to_fork(engine)


def _safe_to_fork(engine: Engine) -> Engine:
    os.register_at_fork(after_in_child=lambda: engine.dispose(close=False))
    return engine


def _sqlite_preparer(wait_seconds: int) -> Callable[[Any, object], None]:
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {wait_seconds * 1000}")
        connection.execute("PRAGMA synchronous = FULL")
        _switch_to_wal(connection)

    return prepare


def _switch_to_wal(connection: Any) -> None:
    for _ in range(SWITCH_TRIES):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except connection.OperationalError:
            # At this switch, made once in a file's life, SQLite does not wait for others.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        else:
            return


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
