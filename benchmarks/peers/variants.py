"""Who is measured, and the process of each."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from benchmarks.peers.environments import ROOT, python


@dataclass(frozen=True)
class Variant:
    """A peer's file, with its second factor or without; `beside` is the same host without one."""

    name: str
    module: str
    beside: str = ""

    @property
    def second_factor(self) -> bool:
        """Whether it has one."""
        return bool(self.beside)


BARE = "Flask-Login alone"
AGAIN = "the same again"
OURS, HAND = "flask_twofactor", "by hand, the floor"
VARIANTS = (
    Variant(BARE, "bare"),
    Variant(AGAIN, "bare"),
    Variant(HAND, "hand", BARE),
    Variant(OURS, "ours", BARE),
    Variant("Flask-Security-Too, no second factor", "security_too"),
    Variant("Flask-Security-Too", "security_too", "Flask-Security-Too, no second factor"),
    Variant("Django alone", "two_factor_auth"),
    Variant("django-two-factor-auth", "two_factor_auth", "Django alone"),
    Variant("django-allauth, no second factor", "allauth_mfa"),
    Variant("django-allauth MFA", "allauth_mfa", "django-allauth, no second factor"),
)


def command(variant: Variant, folder: Path, *options: str) -> list[str]:
    """Give the command of a process for it, with a database in this folder."""
    without = () if variant.second_factor else ("--without",)
    worker = ["-m", "benchmarks.peers.worker", str(folder), variant.module]
    return [str(python(variant.module)), *worker, *without, *options]


def environment(pyc: Path) -> dict[str, str]:
    """Let every process find the benchmarks, and keep compiled files."""
    kept = {"PYTHONPYCACHEPREFIX": str(pyc), "PYTHONDONTWRITEBYTECODE": ""}
    return os.environ | kept | {"PYTHONPATH": str(ROOT)}


class Process:
    """A peer that waits for work. A context manager: it ends with the block."""

    def __init__(self, variant: Variant, folder: Path, pyc: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            command(variant, folder, *options),
            env=environment(pyc),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.works: list[str] = self._hear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()

    def do(self, work: str, times: int = 1) -> Any:
        """Do this work and give what it cost."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps([work, times]) + "\n")
        self.process.stdin.flush()
        return self._hear()

    def _hear(self) -> Any:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, f"a peer gave up: {self.process.args}"
        return json.loads(line)
