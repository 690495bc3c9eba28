"""A PostgreSQL server of one's own that can be stopped, killed and started again."""

from __future__ import annotations

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

from sqlalchemy import URL, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from tests.support.need import program

PATIENCE = 30


class Database:
    """The server; it keeps its port and its folder."""

    def __init__(self, folder: Path) -> None:
        initdb = program("initdb", package="postgresql", folders="postgresql/*/bin")
        self.folder, self.postgres = folder, initdb.with_name("postgres")
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        password = secrets.token_urlsafe()
        self.url = URL.create("postgresql+psycopg", "postgres", password, "127.0.0.1", port)
        self.url = self.url.set(database="postgres")
        (folder / "password").write_text(password, encoding="ascii")
        if _account():
            for path in (folder, folder / "password"):
                shutil.chown(path, "nobody", "nogroup")
        command = [initdb, "--pgdata=data", "--username=postgres", "--pwfile=password"]
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            [*command, *options], cwd=folder, check=True, stdout=subprocess.DEVNULL, **_account()
        )

    @property
    def uri(self) -> str:
        """The address with its password."""
        return self.url.render_as_string(hide_password=False)

    def start(self) -> None:
        """Start it and wait until it answers."""
        place = ["-D", "data", "-h", "127.0.0.1", "-p", str(self.url.port), "-k", ""]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.postgres, *place, "-c", "fsync=off"],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                **_account(),
            )
        engine, end = create_engine(self.url, poolclass=NullPool), time.monotonic() + PATIENCE
        while True:
            try:
                with engine.connect() as connection:
                    connection.execute(text("SELECT 1"))
            except OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: by SIGINT in good order, by SIGQUIT at once, as a crash does."""
        self.process.send_signal(how)
        self.process.wait(PATIENCE)


@contextmanager
def own_database() -> Iterator[Database]:
    """Start a server in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="twofactor-soak-") as name:
        database = Database(Path(name))
        database.start()
        try:
            yield database
        finally:
            database.stop()


def _account() -> dict[str, Any]:
    # PostgreSQL refuses to run as root.
    if os.geteuid() != 0:
        return {}
    return {"user": "nobody", "group": "nogroup", "extra_groups": []}
