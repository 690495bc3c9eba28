"""A real PostgreSQL server for the tests, in a folder of its own."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from tests.support.need import program

START_SECONDS = 30
PORT_TRIES = 3


@contextmanager
def server() -> Iterator[URL]:
    """Give the address of a server whose account may create databases: the developer's or ours."""
    if given := os.environ.get("TWOFACTOR_TEST_POSTGRESQL"):
        yield make_url(given)
        return
    initdb = program("initdb", package="postgresql", folders="postgresql/*/bin")
    with tempfile.TemporaryDirectory(prefix="twofactor-postgresql-") as name:
        folder = Path(name)
        password = _initialise(initdb, folder)
        process, url = _start(initdb.with_name("postgres"), folder, password)
        try:
            yield url
        finally:
            _stop(process)


@contextmanager
def database(server_url: URL) -> Iterator[str]:
    """Give the address of a fresh, empty database, and drop it afterwards."""
    name = f"twofactor_{secrets.token_hex(8)}"
    _administer(server_url, f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield server_url.set(database=name).render_as_string(hide_password=False)
    finally:
        _administer(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(url: URL, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(statement))


def _account() -> dict[str, Any]:
    # PostgreSQL refuses to run as root.
    if os.geteuid() != 0:
        return {}
    return {"user": "nobody", "group": "nogroup", "extra_groups": []}


def _initialise(initdb: Path, folder: Path) -> str:
    password = secrets.token_urlsafe()
    password_file = folder / "password"
    password_file.write_text(password, encoding="ascii")
    if account := _account():
        for path in (folder, password_file):
            shutil.chown(path, account["user"], account["group"])
    command = [initdb, "--pgdata=data", "--username=postgres", f"--pwfile={password_file.name}"]
    options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]
    done = subprocess.run(
        [*command, *options], cwd=folder, capture_output=True, text=True, check=False, **_account()
    )
    assert done.returncode == 0, done.stderr
    return password


def _start(postgres: Path, folder: Path, password: str) -> tuple[subprocess.Popen[bytes], URL]:
    # Another program may take the free port before the server does: then try the next one.
    for _ in range(PORT_TRIES):
        url = URL.create("postgresql+psycopg", "postgres", password, "127.0.0.1", _free_port())
        command = [postgres, "-D", "data", "-h", "127.0.0.1", "-p", str(url.port), "-k", ""]
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [*command, "-c", "fsync=off"], cwd=folder, stdout=log, stderr=log, **_account()
            )
        try:
            if _answers(process, url.set(database="postgres")):
                return process, url.set(database="postgres")
        except BaseException:
            _stop(process)
            raise
    raise AssertionError((folder / "log").read_text(errors="replace"))


def _answers(process: subprocess.Popen[bytes], url: URL) -> bool:
    """Wait for the server: true when it answers, false when it has ended."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None:
        try:
            _administer(url, "SELECT 1")
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return True
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _stop(process: subprocess.Popen[bytes]) -> None:
    # On SIGTERM the server would wait for connections that a pool still holds.
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
