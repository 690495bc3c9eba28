"""What each kind of database server, and its driver, is told at the start of a connection."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, func, select

from flask_twofactor.core.errors import StoreError

from .patience import Patience

GRACE_SECONDS = 1
"""How much longer than the server this side waits: who can still speak shall say what it is."""

IDLE_TIMES = 6
"""How many limits long a transaction may lie idle: its worker was stopped or lost."""

POSTGRESQL = """
SELECT set_config('statement_timeout', %s, false),
       set_config('lock_timeout', %s, false),
       set_config('idle_in_transaction_session_timeout', %s, false),
       set_config('synchronous_commit', CASE current_setting('synchronous_commit')
                  WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)
"""

# Too long a value is an error, never cut; of one UPDATE's assignments each sees the old row.
MARIADB = """
SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,SIMULTANEOUS_ASSIGNMENT',
            max_statement_time = %s, innodb_lock_wait_timeout = %s, lock_wait_timeout = %s,
            idle_transaction_timeout = %s
"""
NEVER = 1_000_000
"""What stands for no limit where MariaDB wants a number of seconds."""


def limit_postgresql(connection: Any, patience: Patience) -> None:
    """Limit all waits of a new connection; a commit is on disk when it is answered."""
    limit = f"{round(patience.seconds * 1000)}ms"
    idle = f"{round(patience.seconds * 1000 * IDLE_TIMES)}ms"
    _execute(connection, POSTGRESQL, (limit, limit, idle))
    connection.commit()
    # libpq knows no limit for an answer; psycopg hands us its steps while it waits.
    if patience.seconds and _driver(connection) == "psycopg":
        connection.wait = _limited(connection, patience.seconds + GRACE_SECONDS)


def limit_mariadb(connection: Any, patience: Patience) -> None:
    """Limit all waits of a new connection, and set the modes that our statements rely on."""
    server = str(connection.get_server_info())
    if "mariadb" not in server.lower():
        message = f"the database server is {server}, and only MariaDB is supported of its family."
        raise StoreError(message)
    seconds = patience.seconds
    idle = round(seconds * IDLE_TIMES)
    _execute(connection, MARIADB, (seconds, *(round(seconds) or NEVER,) * 2, idle))
    if _driver(connection) == "pymysql":
        limit = seconds + GRACE_SECONDS if seconds else None
        connection._read_timeout = connection._write_timeout = limit  # noqa: SLF001 - no setter


LIMITS: dict[str, Callable[[Any, Patience], None]] = {
    "postgresql": limit_postgresql,
    "mysql": limit_mariadb,
    "mariadb": limit_mariadb,
}


def connect_arguments(backend: str, seconds: int) -> dict[str, Any]:
    """Give what limits the making of a connection."""
    if backend == "postgresql":
        return {"connect_timeout": seconds}
    return dict.fromkeys(("connect_timeout", "read_timeout", "write_timeout"), seconds)


@contextmanager
def making_alone(connection: Connection, seconds: int = 60) -> Iterator[None]:
    """Let no other process make or move tables meanwhile, where that is no transaction."""
    if connection.dialect.name not in {"mysql", "mariadb"}:
        yield
        return
    name = f"twofactor {connection.engine.url.database}"[:64]
    connection.execute(select(func.get_lock(name, seconds)))
    try:
        yield
    finally:
        connection.execute(select(func.release_lock(name)))


def _execute(connection: Any, statement: str, values: tuple[Any, ...]) -> None:
    cursor = connection.cursor()
    try:
        cursor.execute(statement, values)
    finally:
        cursor.close()


def _driver(connection: Any) -> str:
    return type(connection).__module__.partition(".")[0]


def _limited(connection: Any, seconds: float) -> Callable[..., Any]:
    kind: Any = type(connection)
    here: Callable[[], Any] = weakref.ref(connection)

    def limited(steps: Generator[Any, Any, Any], *rest: Any, **named: Any) -> Any:
        mine = here()
        try:
            return kind.wait(mine, _until(steps, time.monotonic() + seconds), *rest, **named)
        except TimeoutError as error:
            # What came next on this connection would be the answer to another question.
            mine.close()
            message = "no answer in time"
            raise kind.OperationalError(message) from error

    return limited


def _until(steps: Generator[Any, Any, Any], deadline: float) -> Generator[Any, Any, Any]:
    """Take a driver's steps while there is time; it reports each time it waited for nothing."""
    try:
        wanted = next(steps)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() >= deadline:
                raise TimeoutError
            wanted = steps.send(ready)
    except StopIteration as end:
        return end.value
