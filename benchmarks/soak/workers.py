"""gunicorn with four workers, which can be killed and replaced."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.client import Client
from benchmarks.soak.remote import NoAnswerError, Remote

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 30


class Workers:
    """A running server on a free port."""

    def __init__(self, count: int, environment: dict[str, str]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        # Loaded once and then forked, so that a worker that replaces another is there at once.
        options = ["--preload", "--workers", str(count), "--bind", f"127.0.0.1:{self.port}"]
        quiet = ["--log-level", "critical", "--backlog", "512", "--graceful-timeout", "5"]
        command = [sys.executable, "-m", "gunicorn", *options, *quiet]
        values = os.environ | {"PYTHONPATH": str(ROOT)} | environment
        app = "benchmarks.soak.app:create_app()"
        # What the host and the extension say while the database is away is no news here.
        self.process = subprocess.Popen(
            [*command, app],
            cwd=ROOT,
            env=values,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def await_start(self) -> None:
        """Wait until it answers."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            assert self.process.poll() is None, "the server did not start"
            with suppress(NoAnswerError):
                Client(Remote(self.port)).get("/")
                return
            time.sleep(0.05)
        raise AssertionError("the server does not answer")

    def kill_one(self) -> None:
        """Kill a worker as a machine out of memory would; gunicorn starts another."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        if found := children.read_text(encoding="ascii").split():
            os.kill(int(found[0]), signal.SIGKILL)

    def replace_all(self) -> None:
        """Start new workers and let the old ones finish, as a deployment does."""
        self.process.send_signal(signal.SIGHUP)


@contextmanager
def workers(count: int, folder: Path, uri: str, key: str = "") -> Iterator[Workers]:
    """Serve the host from this folder and database; without a key the bare host."""
    environment = {"SOAK_FOLDER": str(folder), "SOAK_URI": uri} | ({"SOAK_KEY": key} if key else {})
    running = Workers(count, environment)
    try:
        running.await_start()
        yield running
    finally:
        # Nothing waits for them any more, and gunicorn would take some seconds.
        os.killpg(running.process.pid, signal.SIGKILL)
        running.process.wait(PATIENCE)
