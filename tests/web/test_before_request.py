"""Hosts that wall off, or sign people in, before every request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import redirect, request
from flask_login import current_user, login_user

from flask_twofactor.web import session as keys

from .support.host import session_of
from .support.portal import CHALLENGE, Portal, form, portal

HEADER = "X-Remote-User"


@pytest.fixture
def host() -> Iterator[Portal]:
    """A host whose clock stands still, with Vic protected."""
    with portal() as opened:
        opened.guard.protect(opened.vic)
        yield opened


@pytest.mark.parametrize("redirects", [False, True])
def test_a_login_wall_lets_the_challenge_pass(host: Portal, *, redirects: bool) -> None:
    """The wall of the how-to keeps strangers out and leads a held person to the challenge."""

    def wall() -> Any:
        if request.blueprint == "twofactor" or request.endpoint in {"login", "static"}:
            return None
        if current_user.is_authenticated:
            return None
        return redirect("/login") if redirects else host.manager.unauthorized()

    host.app.before_request(wall)
    assert host.client().get("/whoami").location.startswith("/login")
    client = host.held()
    assert client.get("/whoami", follow_redirects=True).request.path == CHALLENGE
    assert form(client, CHALLENGE, method="totp", code=host.code()).status_code == 303
    assert host.lets_in(client, host.vic)


@pytest.fixture
def signed_on(host: Portal) -> Portal:
    """The same host, which signs people in by a header."""

    def sign_on() -> None:
        if not current_user.is_authenticated and HEADER in request.headers:
            login_user(host.load(request.headers[HEADER]))

    host.app.before_request(sign_on)
    return host


def test_single_sign_on_reaches_the_challenge_and_gets_through(signed_on: Portal) -> None:
    """The header comes with each request; the hold goes on at our pages, and the code lets in."""
    client = signed_on.client()
    client.environ_base["HTTP_X_REMOTE_USER"] = signed_on.vic.get_id()
    assert client.get("/account").location == CHALLENGE
    held = session_of(client)[keys.HOLD]
    page = client.get(CHALLENGE)
    assert page.status_code == 200
    assert session_of(client)[keys.HOLD] == held
    assert not signed_on.lets_in(client, signed_on.vic)

    assert form(client, CHALLENGE, method="totp", code=signed_on.code()).status_code == 303
    assert signed_on.lets_in(client, signed_on.vic)


def test_the_hold_of_another_person_does_not_go_on(signed_on: Portal) -> None:
    """If the header names somebody else, the old hold ends and that person is held."""
    signed_on.guard.protect(signed_on.ann)
    client = signed_on.held()
    before = session_of(client)[keys.HOLD]
    client.environ_base["HTTP_X_REMOTE_USER"] = signed_on.ann.get_id()
    assert client.get(CHALLENGE).location == CHALLENGE
    assert session_of(client)[keys.HOLD] != before

    right_for_vic = form(client, CHALLENGE, method="totp", code=signed_on.code())
    assert right_for_vic.status_code == 400
    assert not signed_on.lets_in(client, signed_on.vic)


def test_an_expired_hold_is_replaced(signed_on: Portal) -> None:
    """After ten minutes single sign-on holds the person anew, without a loop."""
    client = signed_on.client()
    client.environ_base["HTTP_X_REMOTE_USER"] = signed_on.vic.get_id()
    client.get("/account")
    signed_on.clock.move(601)

    assert client.get(CHALLENGE).location == CHALLENGE
    assert client.get(CHALLENGE).status_code == 200
