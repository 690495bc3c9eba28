"""Starting real servers for the tests: unprivileged, on free ports, in folders of their own."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

START_SECONDS = 30
STOP_SECONDS = 10
PORT_TRIES = 3


def account() -> dict[str, Any]:
    """Give the account to run a server by: database servers refuse to be root."""
    if os.geteuid() != 0:
        return {}
    return {"user": "nobody", "group": "nogroup", "extra_groups": []}


def hand_over(*paths: Path) -> None:
    """Give files to the account that the server runs by."""
    if by := account():
        for path in paths:
            shutil.chown(path, by["user"], by["group"])


def free_port() -> int:
    """Give a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def family(process: int) -> list[int]:
    """Give a process and all that it and its children started, as PostgreSQL does."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except FileNotFoundError:
        return [process]
    return [process, *(one for child in children for one in family(int(child)))]


def run(command: Sequence[str | Path], folder: Path) -> None:
    """Run a program that prepares a server's folder."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, **account()
    )
    assert done.returncode == 0, done.stdout + done.stderr


@dataclass(slots=True)
class Server:
    """A server of a test's own, which may be stopped, killed, paused and started again.

    `answers` raises while it does not; `quits_on` is the signal that it ends on at once.
    """

    folder: Path
    command: Callable[[int], Sequence[str | Path]]
    answers: Callable[[int], object]
    quits_on: signal.Signals = signal.SIGTERM
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it: at first on a free port, later on the same one."""
        if self.port:
            assert self._try(self.port), self._log()
            return
        # Another program may take the free port before the server does: then try the next one.
        for _ in range(PORT_TRIES):
            if self._try(port := free_port()):
                self.port = port
                return
        raise AssertionError(self._log())

    def stop(self) -> None:
        """End it in good order."""
        self._end(self.quits_on)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Let it hang: connections stand, and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _try(self, port: int) -> bool:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(port),
                cwd=self.folder,
                stdout=log,
                stderr=log,
                **account(),
            )
        try:
            return self._comes_up(self.process, port)
        except BaseException:
            self.kill()
            raise

    def _comes_up(self, process: subprocess.Popen[bytes], port: int) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None:
            try:
                self.answers(port)
            except Exception:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return True
        return False

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        for one in family(self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(one, number)

    def _end(self, number: signal.Signals) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self._signal(signal.SIGCONT)
        if number is signal.SIGKILL:
            self._signal(number)
        else:
            self.process.send_signal(number)
        try:
            self.process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self.process.wait()

    def _log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")
