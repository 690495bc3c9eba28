"""Of two equal requests the first may give the browser a new session; the second leaves it be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from cachelib import SimpleCache
from flask import session
from flask.testing import FlaskClient
from flask_session import Session
from werkzeug.test import TestResponse

from .support.guard import JSON
from .support.host import cookie, put_cookie
from .support.portal import CHALLENGE, DISABLE, PAGES, SETUP, Portal, portal, read, token
from .support.slow import SlowBody


def last_long() -> None:
    """Send the session again with every answer, as permanent sessions are."""
    session.permanent = True


@pytest.fixture(params=["none", "all"])
def host(request: pytest.FixtureRequest) -> Iterator[Portal]:
    """A host with permanent sessions, where nobody, or everybody, must have a second factor."""
    with portal(TWOFACTOR_REQUIRED_FOR=request.param) as opened:
        opened.app.before_request(last_long)
        yield opened


def together(
    host: Portal, client: FlaskClient, path: str, **fields: Any
) -> tuple[TestResponse, TestResponse]:
    """Post twice; the second is let in before the first changes anything, and arrives after it."""
    body, answers = json.dumps({"csrf_token": token(client, path), **fields}).encode(), []
    second = host.client()
    put_cookie(second, cookie(client))

    def click() -> None:
        answers.append(client.post(path, data=body, headers=JSON, content_type="application/json"))

    late = second.post(
        path,
        input_stream=SlowBody(body, click),
        content_length=len(body),
        content_type="application/json",
        headers=JSON,
    )
    return answers[0], late


def session_cookies(answer: TestResponse) -> list[str]:
    """Give the session cookies that an answer sets."""
    return [one for one in answer.headers.getlist("Set-Cookie") if one.startswith("session=")]


def setup_code(host: Portal, client: FlaskClient) -> str:
    """Give the code of the app that was just scanned."""
    return pyotp.TOTP(read(client, SETUP)["key"].replace(" ", "")).at(int(host.clock.now))


def test_a_setup_confirmed_twice_keeps_its_session(host: Portal) -> None:
    """The second confirmation sends no session cookie, so the person stays signed in."""
    client = host.plain(host.ann)
    won, lost = together(host, client, SETUP, code=setup_code(host, client))

    assert won.status_code == 200
    assert "codes" not in lost.get_json()
    assert session_cookies(won)
    assert session_cookies(lost) == []
    assert host.lets_in(client, host.ann)


@pytest.mark.parametrize("change", ["remove", "disable"])
def test_a_change_made_twice_keeps_its_session(change: str) -> None:
    """The same at the settings page."""
    with portal() as host:
        host.app.before_request(last_long)
        client = host.protected()
        own = read(client, f"{PAGES}/")["authenticators"][0]["id"]
        path = DISABLE if change == "disable" else f"{PAGES}/authenticators/{own}/remove"
        won, lost = together(host, client, path)

        assert (won.status_code, lost.status_code) == (200, 400)
        assert session_cookies(lost) == []
        assert host.lets_in(client, host.vic)


def test_a_refusal_that_lost_no_race_keeps_the_session_going() -> None:
    """A setup that ran out shows a new secret, and the browser learns which."""
    with portal() as host:
        host.app.before_request(last_long)
        client = host.plain(host.ann)
        before = read(client, SETUP)["key"]
        csrf = token(client, SETUP)
        host.clock.move(601)
        put_password(host, client)
        late = client.post(SETUP, json={"code": "123456"}, headers=JSON | {"X-CSRFToken": csrf})

        assert late.get_json()["error"] == "setup_expired"
        assert session_cookies(late)
        assert read(client, SETUP)["key"] != before


def put_password(host: Portal, client: FlaskClient) -> None:
    """Give the password again."""
    path = f"{PAGES}/confirm-password"
    fields = {"csrf_token": token(client, path), "password": "a-password"}
    assert client.post(path, data=fields).status_code == 303
    assert host.lets_in(client, host.ann)


@pytest.mark.parametrize("required", ["none", "all"])
def test_a_second_post_with_an_old_session_id_sets_none(required: str) -> None:
    """Server-side sessions get a new id at release; the second post's empty one is not sent."""
    with portal(TWOFACTOR_REQUIRED_FOR=required) as host:
        host.app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
        Session(host.app)
        if required == "none":
            host.guard.protect(host.vic)
            client, path = host.held(), CHALLENGE
            fields = {"method": "totp", "code": host.code()}
        else:
            client, path = host.plain(host.vic), SETUP
            fields = {"code": setup_code(host, client)}
        second, csrf = host.client(), token(client, path)
        put_cookie(second, cookie(client))

        def act(browser: FlaskClient) -> TestResponse:
            return browser.post(path, json=fields, headers=JSON | {"X-CSRFToken": csrf})

        assert act(client).status_code == 200
        assert cookie(client) != cookie(second)
        again = act(second)
        assert again.status_code == 401
        assert session_cookies(again) == []
        assert host.lets_in(client, host.vic)
