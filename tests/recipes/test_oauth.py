"""The recipe for OAuth: a login by another site is held like one by password."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from flask_twofactor.testing import frozen_clock

from .kitchen import CHALLENGE, VIC, by_email, cook, protect, prove, shows
from .provider import make_provider


@pytest.fixture
def app(live_server: Callable[..., str]) -> Flask:
    """The recipe's app, and a provider on this machine."""
    made: Flask = cook(
        "oauth-authlib", provider=live_server(make_provider()), find_by_email=by_email
    )["app"]
    return made


def come_back(client: FlaskClient) -> str:
    """Go to the provider, say yes there, and give the address that leads back."""
    there = client.get("/login").location
    answer = requests.get(there, allow_redirects=False, timeout=10)
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def enter(client: FlaskClient) -> Any:
    """Sign in with the provider."""
    return client.get(come_back(client))


def test_a_login_by_another_site_is_held(app: Flask) -> None:
    """The whole way by a real provider; what the callback keeps in the session comes back."""
    client = prove(app, shows("/account", f"The account of {VIC.email}, by provider."), enter)

    held = app.test_client()
    assert enter(held).location == CHALLENGE
    with held.session_transaction() as session:
        assert "provider" not in session
    assert client.get("/account").status_code == 200


def test_the_way_back_works_once(app: Flask) -> None:
    """A copied callback address opens no second hold, nor a session."""
    protect(app)
    client, thief = app.test_client(), app.test_client()
    address = come_back(client)
    assert client.get(address).location == CHALLENGE

    assert thief.get(address).location == "/login"
    assert thief.get("/account").location.startswith("/login")


def test_who_has_no_password_here_signs_in_again(app: Flask) -> None:
    """The first setup sends people to the provider once more, and back to the setup."""
    client = app.test_client()
    with frozen_clock(app) as clock:
        enter(client)
        clock.move(3600)
        page = client.get("/two-factor/setup/totp", follow_redirects=True)
        assert page.request.path == "/two-factor/confirm-password"
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert token is not None
        address = "/two-factor/confirm-password?next=/two-factor/setup/totp"
        answer = client.post(address, data={"csrf_token": token[1]})
        assert answer.location == "/login?next=%2Ftwo-factor%2Fsetup%2Ftotp"
        enter(client)
        assert client.get("/two-factor/setup/totp").status_code == 200
