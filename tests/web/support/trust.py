"""A browser that is remembered, what ends that, and the cookie it brings."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from flask_twofactor.stores import schema
from flask_twofactor.web import cookies
from flask_twofactor.web.state import app_state

from .host import Host, Person, cookie, put_cookie
from .portal import CHALLENGE, Portal, form

DAY = 86400


def remember(host: Portal, user: Person | None = None) -> FlaskClient:
    """Open a browser, tick the box at the challenge, and take the person all the way in."""
    client = host.held(user)
    tick(host, client, user)
    return client


def tick(host: Portal, client: FlaskClient, user: Person | None = None) -> None:
    """Give the right code and tick the box."""
    answer = form(client, CHALLENGE, method="totp", code=host.code(user), remember_device="1")
    assert answer.status_code == 303, answer.text


def come_back(host: Portal, client: FlaskClient, user: Person | None = None) -> bool:
    """Log out, give the password, and say whether no code is asked."""
    client.post("/logout")
    answer = host.log_in(client, user or host.vic)
    passed = answer.location != CHALLENGE
    assert passed == host.lets_in(client, user or host.vic)
    return passed


def name(host: Portal) -> str:
    """Give the name of the cookie."""
    with host.app.test_request_context():
        return cookies.name("trusted")


def value(host: Portal, client: FlaskClient) -> str | None:
    """Give the cookie's value in a browser."""
    return cookie(client, name(host))


def put(host: Portal, client: FlaskClient, kept: str | None) -> None:
    """Put a value of the cookie into a browser; None takes it out."""
    put_cookie(client, kept, name(host))


def copy(host: Portal, kept: str | None) -> FlaskClient:
    """Open another browser with a copy of the cookie."""
    client = host.client(agent="Thief")
    put(host, client, kept)
    return client


def names_of_events(host: Portal) -> list[str]:
    """Give the names of all that happened."""
    return [one.name for one in host.events]


def rows(host: Host, table: Any = schema.trusted_device) -> list[Any]:
    """Give the rows of a table of the store."""
    engine = app_state(host.app).ports.store.opened().engine  # type: ignore[attr-defined]
    with engine.connect() as connection:
        return list(connection.execute(select(table)))
