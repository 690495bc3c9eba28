"""An environment for each peer, made once from its pins, under `.venv/peers`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PINS = Path(__file__).parent / "requirements"
PLACE = ROOT / ".venv/peers"


def python(name: str) -> Path:
    """Give the interpreter of a peer's environment; ours where it has no pins of its own."""
    pins = PINS / f"{name}.txt"
    if not pins.exists():
        return Path(sys.executable)
    folder, made = PLACE / name, PLACE / name / "made-from.txt"
    if not made.exists() or made.read_bytes() != pins.read_bytes():
        print(f"making the environment of {name} …", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([folder / "bin/python", *install, "--requirement", pins], check=True)
        shutil.copyfile(pins, made)
    return folder / "bin/python"
