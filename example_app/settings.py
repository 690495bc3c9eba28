"""Settings of the client area, and the secret key it makes for itself."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

DEFAULTS: dict[str, Any] = {
    #: The company whose client area this is, before a tenant gives its own name.
    "BRAND": "Meridian",
    #: How werkzeug hashes passwords.
    "PASSWORD_METHOD": "scrypt",
    "MAX_CONTENT_LENGTH": 1024 * 1024,
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "REMEMBER_COOKIE_HTTPONLY": True,
    "REMEMBER_COOKIE_SAMESITE": "Lax",
    #: Where `python -m example_app` is found unless told otherwise; mails link to it.
    "TWOFACTOR_BASE_URL": "http://127.0.0.1:5000",
    "TWOFACTOR_BASE_TEMPLATE": "base.html",
    "TWOFACTOR_ISSUER": "Meridian",
    "TWOFACTOR_SMS_COUNTRIES": ("CA", "DE", "FR", "GB", "NL", "PK", "US"),
    "TWOFACTOR_SUPPORT_URL": "mailto:support@example.test",
}


def load(app: Flask, values: Mapping[str, Any] | None) -> None:
    """Set the defaults, then *values*, then what must be in the instance folder."""
    folder = Path(app.instance_path)
    app.config.from_mapping(DEFAULTS)
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{folder / 'client_area.sqlite'}"
    app.config.from_mapping(values)
    if not app.config["SECRET_KEY"]:
        app.config["SECRET_KEY"] = _kept_secret(folder / "secret_key")


def _kept_secret(path: Path) -> str:
    """Return the secret in *path*, which only its owner can read; make it if it is not there."""
    if not path.exists():
        _write_once(path, secrets.token_urlsafe(32))
    return path.read_text(encoding="ascii")


def _write_once(path: Path, text: str) -> None:
    """Write *path* whole or not at all; of several processes that try, the first one wins."""
    handle, draft = tempfile.mkstemp(dir=path.parent)  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()
