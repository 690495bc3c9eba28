"""The running example app, and people in front of browsers of their own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from example_app import create_app
from flask_twofactor.testing import frozen_clock

from .walking import Customer, Place


@pytest.fixture
def place(
    tmp_path: Path, live_server: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> Iterator[Place]:
    """The example app as `make demo` starts it, but for its folder, quick hashing and the clock."""
    caplog.set_level(logging.WARNING, "werkzeug")  # the steps are what a failure should show
    # The browser keeps styles and scripts, as it would behind a web server.
    quick = {"PASSWORD_METHOD": "pbkdf2:sha256:1", "SEND_FILE_MAX_AGE_DEFAULT": 3600}
    app = create_app(quick, instance_path=str(tmp_path))
    address = live_server(app)
    with frozen_clock(app) as clock:
        yield Place(address, clock)


@pytest.fixture
def meet(place: Place, open_page: Callable[..., Page]) -> Callable[..., Customer]:
    """Put somebody in front of a browser: `meet("ann@maple.test", width=390)`."""
    return lambda email, **profile: Customer(place, open_page(**profile), email)
