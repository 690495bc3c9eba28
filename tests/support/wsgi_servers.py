"""Real WSGI servers in processes of their own, as hosts start them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .need import missing

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent
GUNICORN = ["gunicorn", "--bind", "127.0.0.1:{port}", "--log-level", "warning"]
COMMANDS = {
    "gunicorn sync": [*GUNICORN, "--workers", "2", "{app}"],
    "gunicorn gthread": [*GUNICORN, "--worker-class", "gthread", "--threads", "4", "{app}"],
    "waitress": ["waitress-serve", "--listen", "127.0.0.1:{port}", "{app}"],
    "uwsgi": [
        "uwsgi",
        *("--http-socket", "127.0.0.1:{port}", "--module", "{app}", "--processes", "2"),
        *("--threads", "2", "--master", "--need-app", "--die-on-term", "--disable-logging"),
    ],
}
PATIENCE = 60


@contextmanager
def server(kind: str, app: str, **environment: str) -> Iterator[int]:
    """Serve `module:name` and give the port."""
    port = free_port()
    program, *arguments = (part.format(port=port, app=app) for part in COMMANDS[kind])
    if not (BIN / program).exists():
        missing(program, "nothing: it is among requirements/dev.txt for this system, so")
    values = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    with subprocess.Popen([BIN / program, *arguments], env=values, cwd=ROOT) as process:
        try:
            await_port(process, port)
            yield port
        finally:
            process.terminate()
            process.wait(PATIENCE)


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def await_port(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait until a server listens; AssertionError if it ended instead."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, "the server did not start"
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the server does not listen")
