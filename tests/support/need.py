"""What a test needs beside Python, and what happens where it is missing."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest


def missing(what: str, package: str) -> NoReturn:
    """Skip the test, or fail it where everything must be there, naming the Debian package."""
    text = f"{what} not found: install Debian's {package}, or run `make deps-system`"
    if os.environ.get("TWOFACTOR_TEST_REQUIRE") == "1":
        pytest.fail(text, pytrace=False)
    pytest.skip(text)


def program(*names: str, package: str, folders: str = "") -> Path:
    """Find the first of these programs on PATH, or in folders given as a glob below /usr/lib."""
    for name in names:
        if found := shutil.which(name):
            return Path(found)
        for candidate in sorted(Path("/usr/lib").glob(f"{folders}/{name}")) if folders else []:
            return candidate
    missing(names[0], package)
