"""A real MariaDB server for the tests, in a folder of its own."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from tests.support.need import program
from tests.support.servers import Server, hand_over, run

SMALL = (
    "--innodb-buffer-pool-size=32M",
    "--innodb-log-file-size=32M",
    "--innodb-flush-log-at-trx-commit=0",
)


@contextmanager
def server() -> Iterator[URL]:
    """Give the address of a server whose account may create databases: the developer's or ours."""
    if given := os.environ.get("TWOFACTOR_TEST_MARIADB"):
        yield make_url(given)
        return
    with own_server() as (_, url):
        yield url


@contextmanager
def own_server(*options: str) -> Iterator[tuple[Server, URL]]:
    """Start a server that nobody else uses, with options like `name=value`; give its address."""
    installer = program("mariadb-install-db", package="mariadb-server")
    daemon = program("mariadbd", package="mariadb-server", folders="../sbin")
    with tempfile.TemporaryDirectory(prefix="twofactor-mariadb-") as name:
        folder, password = Path(name), secrets.token_urlsafe()
        hand_over(folder)
        place = ["--no-defaults", f"--datadir={folder / 'data'}", "--skip-name-resolve"]
        run(
            [installer, *place, "--auth-root-authentication-method=normal", "--skip-test-db"],
            folder,
        )
        # The server reads this before it listens: nobody meets an account without a password.
        first = folder / "first.sql"
        first.write_text(f"SET PASSWORD FOR root@'127.0.0.1' = PASSWORD('{password}');\n")
        first.chmod(0o600)
        hand_over(first)
        local = [f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}"]
        asked = [f"--{option}" for option in options]

        def command(port: int) -> list[str | Path]:
            reach = ["--bind-address=127.0.0.1", f"--port={port}", f"--init-file={first}"]
            return [daemon, *place, *local, *reach, *SMALL, *asked]

        def address(port: int) -> URL:
            return URL.create("mysql+pymysql", "root", password, "127.0.0.1", port)

        def answers(port: int) -> None:
            administer(address(port), "SELECT 1")

        own = Server(folder, command, answers)
        own.start()
        try:
            yield own, address(own.port)
        finally:
            own.stop()


@contextmanager
def database(server_url: URL) -> Iterator[str]:
    """Give the address of a fresh, empty database, and drop it afterwards."""
    name = f"twofactor_{secrets.token_hex(8)}"
    administer(server_url, f"CREATE DATABASE {name}")
    try:
        yield server_url.set(database=name).render_as_string(hide_password=False)
    finally:
        administer(server_url, f"DROP DATABASE {name}")


def administer(url: URL, statement: str) -> None:
    """Run one statement on the server."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(statement))
