"""A process that is killed between any two statements: the audit and the state agree."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

DEEDS = {"login": 5, "answer": 10, "confirm setup": 15}


@pytest.mark.parametrize("deed", DEEDS)
def test_killed_between_any_two_statements(deed: str, tmp_path: Path) -> None:
    """Before each statement and commit in turn: what the audit says happened is what is there."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.web.support.killing", deed, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    *killed, _ = done.stdout.splitlines()
    assert len(killed) >= DEEDS[deed]
    assert all(f" {int(signal.SIGKILL)} True " in line for line in killed)
