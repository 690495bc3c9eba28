"""A real PostgreSQL server for the tests, in a folder of its own."""

import os
import secrets
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from tests.support.need import program
from tests.support.servers import Server, hand_over, run


@contextmanager
def server() -> Iterator[URL]:
    """Give the address of a server whose account may create databases: the developer's or ours."""
    if given := os.environ.get("TWOFACTOR_TEST_POSTGRESQL"):
        yield make_url(given)
        return
    with own_server() as (_, url):
        yield url


@contextmanager
def own_server(*options: str) -> Iterator[tuple[Server, URL]]:
    """Start a server that nobody else uses, with options like `name=value`; give its address."""
    initdb = program("initdb", package="postgresql", folders="postgresql/*/bin")
    with tempfile.TemporaryDirectory(prefix="twofactor-postgresql-") as name:
        folder, password = Path(name), secrets.token_urlsafe()
        _initialise(initdb, folder, password)
        settings = [word for option in ("fsync=off", *options) for word in ("-c", option)]

        def command(port: int) -> list[str | Path]:
            place = ["-D", "data", "-h", "127.0.0.1", "-p", str(port), "-k", ""]
            return [initdb.with_name("postgres"), *place, *settings]

        def address(port: int) -> URL:
            return URL.create(
                "postgresql+psycopg", "postgres", password, "127.0.0.1", port, "postgres"
            )

        def answers(port: int) -> None:
            administer(address(port), "SELECT 1")

        # On SIGTERM the server would wait for connections that a pool still holds.
        own = Server(folder, command, answers, quits_on=signal.SIGINT)
        own.start()
        try:
            yield own, address(own.port)
        finally:
            own.stop()


@contextmanager
def database(server_url: URL) -> Iterator[str]:
    """Give the address of a fresh, empty database, and drop it afterwards."""
    name = f"twofactor_{secrets.token_hex(8)}"
    administer(server_url, f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield server_url.set(database=name).render_as_string(hide_password=False)
    finally:
        administer(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def administer(url: URL, statement: str) -> None:
    """Run one statement that may not stand in a transaction."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(statement))


def _initialise(initdb: Path, folder: Path, password: str) -> None:
    password_file = folder / "password"
    password_file.write_text(password, encoding="ascii")
    hand_over(folder, password_file)
    command = [initdb, "--pgdata=data", "--username=postgres", f"--pwfile={password_file.name}"]
    options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]
    run([*command, *options], folder)
