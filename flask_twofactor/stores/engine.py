"""How connections to the store are made: short, own, and never the host's."""

from __future__ import annotations

import os
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

WAIT_SECONDS = 5
SWITCH_TRIES = 10


def make_engine(uri: str | URL) -> Engine:
    """Make an engine with its own pool; parameters never reach its errors or logs."""
    url = make_url(uri)
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    return _prepared(
        create_engine(
            url,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_timeout=WAIT_SECONDS,
            isolation_level="READ COMMITTED",
            connect_args=_patience(url),
        )
    )


def adopt_engine(host: Engine) -> Engine:
    """Make an engine that reaches the host's database through a pool of its own."""
    options: dict[str, Any] = {"hide_parameters": True, "pool": host.pool.recreate()}
    if host.dialect.name != "sqlite":
        options["isolation_level"] = "READ COMMITTED"
    return _prepared(create_engine(host.url, **options))


def reader(engine: Engine) -> Engine:
    """Give an engine on the same connections for single reads, which need no transaction."""
    if engine.dialect.name != "sqlite":
        return engine.execution_options(isolation_level="AUTOCOMMIT")
    # Without the listener that begins, a read takes half of SQLAlchemy's calls: it is on each page.
    return _safe_to_fork(Engine(engine.pool, engine.dialect, engine.url, hide_parameters=True))


def is_memory(url: URL) -> bool:
    """Say whether this SQLite address names a database that lives in memory only."""
    return url.database in {None, "", ":memory:"}


def _sqlite_engine(url: URL) -> Engine:
    memory = is_memory(url)
    # A database in memory is one connection: a pool of one makes the others wait their turn.
    size: dict[str, int] = {"pool_size": 1, "max_overflow": 0} if memory else {}
    arguments = {"timeout": WAIT_SECONDS, "check_same_thread": False}
    return _prepared(
        create_engine(
            url,
            hide_parameters=True,
            poolclass=QueuePool,
            pool_timeout=WAIT_SECONDS,
            connect_args=arguments,
            **size,
        )
    )


def _patience(url: URL) -> dict[str, Any]:
    if url.get_backend_name() == "postgresql":
        return {"connect_timeout": WAIT_SECONDS}
    return {}


def _prepared(engine: Engine) -> Engine:
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    return _safe_to_fork(engine)


def _safe_to_fork(engine: Engine) -> Engine:
    os.register_at_fork(after_in_child=lambda: engine.dispose(close=False))
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute("PRAGMA synchronous = FULL")
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
