"""The example app as its tests start and use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from example_app import create_app
from example_app.database import session
from example_app.models import Account
from example_app.seed import DEMO_PASSWORD

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

ANN = "ann@maple.test"


def make_app(folder: Path, **config: Any) -> Flask:
    """Make the example app in *folder*, quick to hash and without CSRF tokens."""
    quick = {"TESTING": True, "WTF_CSRF_ENABLED": False, "PASSWORD_METHOD": "pbkdf2:sha256:1"}
    return create_app(quick | config, instance_path=str(folder))


def log_in(
    client: FlaskClient, email: str = ANN, password: str = DEMO_PASSWORD, address: str = "/login"
) -> TestResponse:
    """Send the login form."""
    return client.post(address, data={"email": email, "password": password})


def emails(app: Flask) -> set[str]:
    """Addresses of all accounts."""
    with app.app_context():
        return set(session().scalars(select(Account.email)))
