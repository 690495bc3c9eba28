"""gunicorn with four workers, which can be killed and replaced."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 30


class Workers:
    """A running server on a free port."""

    def __init__(self, count: int, environment: dict[str, str]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        options = ["--workers", str(count), "--bind", f"127.0.0.1:{self.port}"]
        quiet = ["--log-level", "critical", "--backlog", "512", "--graceful-timeout", "10"]
        command = [sys.executable, "-m", "gunicorn", *options, *quiet]
        values = os.environ | {"PYTHONPATH": str(ROOT)} | environment
        app = "benchmarks.soak.app:create_app()"
        # What the host and the extension say while the database is away is no news here.
        self.process = subprocess.Popen(
            [*command, app], cwd=ROOT, env=values, stderr=subprocess.DEVNULL
        )

    def await_start(self) -> None:
        """Wait until it listens."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            assert self.process.poll() is None, "the server did not start"
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("the server does not listen")

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
        running.process.terminate()
        running.process.wait(PATIENCE)
