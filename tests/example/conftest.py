"""The example app, and a browser in front of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.example.hosting import make_app

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """The example app in a folder of its own."""
    return make_app(tmp_path)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without cookies."""
    return app.test_client()
