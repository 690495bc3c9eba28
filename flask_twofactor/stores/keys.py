"""Where the keys come from: the setting, or a 0600 file beside the default SQLite store."""

from __future__ import annotations

import base64
import os
import re
import secrets
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

KEY_BYTES = 32
_KEY = re.compile(r"([A-Za-z0-9_-]{1,32}):([A-Za-z0-9_-]{43}=?)")


def new_key() -> str:
    """Make a key as the setting KEYS takes it: `id:base64url(32 random bytes)`."""
    body = base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode().rstrip("=")
    return f"{secrets.token_hex(4)}:{body}"


def parse_keys(lines: Sequence[str]) -> dict[str, bytes]:
    """Read keys, the writing one first. ValueError names the place, never the key."""
    keys: dict[str, bytes] = {}
    for place, line in enumerate(lines, start=1):
        found = _KEY.fullmatch(str(line).strip())
        if found is None:
            message = f"key {place} is not of the form id:base64url(32 bytes)"
            raise ValueError(message)
        if found[1] in keys:
            message = f"key {place} has an id that another key has"
            raise ValueError(message)
        keys[found[1]] = base64.urlsafe_b64decode(found[2].rstrip("=") + "=")
    return keys


def read_key_file(path: Path) -> dict[str, bytes]:
    """Read the key file; OSError or ValueError if that cannot be done."""
    return parse_keys(path.read_text(encoding="ascii").split())


def write_key_file(path: Path) -> dict[str, bytes]:
    """Make a key file that only its owner can read; it must not exist yet."""
    line = new_key()
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
    return parse_keys([line])


def put_key_in_front(path: Path) -> dict[str, bytes]:
    """Add a new first key to the key file, as one step; its owner stays.

    OSError if that cannot be done, ValueError if the file holds something else than keys.
    """
    old, line, status = path.read_text(encoding="ascii"), new_key(), path.stat()
    keys = parse_keys([line, *old.split()])
    descriptor, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{line}\n{old}")
            if os.geteuid() == 0:
                # The app must be able to read what root wrote.
                os.fchown(file.fileno(), status.st_uid, status.st_gid)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    _sync_folder(path.parent)
    return keys


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
