"""A check that could not be made is told to the app, and lets nobody in."""

from __future__ import annotations

from typing import Any

import pytest

from flask_twofactor.core.errors import StoreError
from flask_twofactor.web.state import app_state

from .support.portal import CHALLENGE, OVERVIEW, Portal, form, portal


def fail(*_: Any, **__: Any) -> Any:
    """Be a store that is down."""
    message = "down"
    raise StoreError(message)


def told(host: Portal) -> list[tuple[str, str | None]]:
    """Give whom and what the app was told of it."""
    return [(one.user_key, one.reason) for one in host.events if one.name == "guard_error"]


def test_a_visit_that_cannot_be_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page answers 503, and the signal says where; it names nobody."""
    with portal() as host:
        client = host.protected()
        monkeypatch.setattr(app_state(host.app).ports.store, "standing", fail)
        assert client.get("/account").status_code == 503
        assert told(host) == [("", "visit")]


def test_a_login_that_cannot_be_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same at the password step; once the store is back, a login works as before."""
    with portal() as host:
        host.guard.protect(host.vic)
        with monkeypatch.context() as broken:
            broken.setattr(app_state(host.app).ports.store, "standing", fail)
            client = host.client()
            assert host.log_in(client, host.vic).status_code == 503
        assert told(host) == [("", "login")]
        assert form(host.held(host.vic), CHALLENGE, code=host.code()).status_code == 303


def test_a_page_of_ours_that_cannot_be_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same where the store fails in the middle of a page."""
    with portal() as host:
        client = host.protected()
        monkeypatch.setattr(app_state(host.app).ports.store, "authenticators", fail)
        assert client.get(OVERVIEW).status_code == 503
        assert told(host) == [("", "page")]
