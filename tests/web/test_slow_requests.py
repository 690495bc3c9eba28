"""A request that takes long to arrive changes nothing once its session has ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pyotp
import pytest
from flask import request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_twofactor.core.records import Authenticator
from flask_twofactor.web.state import app_state

from .support.guard import JSON
from .support.host import cookie, put_cookie
from .support.portal import CODES, CONFIRM, DISABLE, PAGES, SETUP, Portal, portal, read, token
from .support.slow import SlowBody

Ending = Callable[[Portal, FlaskClient], None]


def password_changed(host: Portal, _owner: FlaskClient) -> None:
    """The owner changes the password elsewhere."""
    with host.app.app_context():
        host.twofactor.password_changed(host.vic)


def logged_out(_host: Portal, owner: FlaskClient) -> None:
    """The owner logs out of this session."""
    owner.post("/logout")


ENDINGS = [pytest.param(one, id=one.__name__) for one in (password_changed, logged_out)]
endings = pytest.mark.parametrize("ending", ENDINGS)


@pytest.fixture
def host() -> Iterator[Portal]:
    """A host whose clock stands still."""
    with portal() as opened:
        yield opened


def send_slowly(
    host: Portal, client: FlaskClient, ending: Ending, path: str, **fields: Any
) -> TestResponse:
    """Post JSON from a thief's copy of a session that ends before the body has arrived."""
    thief = host.client()
    put_cookie(thief, cookie(client))
    body = json.dumps({"csrf_token": token(thief, path), **fields}).encode()
    answer = thief.post(
        path,
        input_stream=SlowBody(body, lambda: ending(host, client)),
        content_length=len(body),
        content_type="application/json",
        headers=JSON,
    )
    assert not host.lets_in(thief, host.vic), "the thief is in"
    return answer


def what_vic_has(host: Portal) -> tuple[Any, int]:
    """Give Vic's authenticators and the number of his backup codes."""
    store = app_state(host.app).ports.store
    key = next(event.user_key for event in host.events)
    owned: tuple[Authenticator, ...] = store.authenticators(key)
    return [(one.id, one.name) for one in owned], store.codes_left(key)


@endings
def test_backup_codes_are_not_renewed(host: Portal, ending: Ending) -> None:
    """The codes that the owner saved stay the right ones, and no others are shown."""
    client = host.protected()
    before = what_vic_has(host)
    answer = send_slowly(host, client, ending, CODES)

    assert answer.get_json()["error"] == "changed_meanwhile"
    assert what_vic_has(host) == before


@endings
@pytest.mark.parametrize("change", ["rename", "remove", "disable"])
def test_authenticators_stay_as_they_are(host: Portal, ending: Ending, change: str) -> None:
    """Nothing is renamed, removed or turned off."""
    client = host.protected()
    before = what_vic_has(host)
    own = read(client, f"{PAGES}/")["authenticators"][0]["id"]
    path = DISABLE if change == "disable" else f"{PAGES}/authenticators/{own}/{change}"
    answer = send_slowly(host, client, ending, path, name="mine now")

    assert answer.get_json()["error"] == "changed_meanwhile"
    assert what_vic_has(host) == before


@endings
def test_no_authenticator_is_added(host: Portal, ending: Ending) -> None:
    """A thief's app is not set up, and no session of the thief's begins."""
    client = host.protected()
    before = what_vic_has(host)
    key = read(client, SETUP)["key"].replace(" ", "")
    host.clock.move(30)
    code = pyotp.TOTP(key).at(int(host.clock.now))
    answer = send_slowly(host, client, ending, SETUP, code=code)

    assert answer.get_json()["error"] == "changed_meanwhile"
    assert what_vic_has(host) == before


def test_a_late_password_makes_no_session_young(host: Portal) -> None:
    """A right password that arrives after the sessions were ended opens nothing."""
    client = host.plain()
    answer = send_slowly(host, client, password_changed, CONFIRM, password="a-password")

    assert answer.status_code == 200


def test_a_password_change_from_a_session_that_ended_ends_all(host: Portal) -> None:
    """`password_changed` ends every session even if its own one was logged out meanwhile."""
    host.view("/change", "change", lambda: change_password(host), "POST")
    client, other = host.protected(), host.enter()
    copy = host.client()
    put_cookie(copy, cookie(client))
    body = b"new"
    copy.post(
        "/change",
        input_stream=SlowBody(body, lambda: logged_out(host, client)),
        content_length=len(body),
    )

    assert not host.lets_in(other, host.vic)
    assert not host.lets_in(copy, host.vic)


def change_password(host: Portal) -> str:
    """Change the password of whoever is signed in, once the form has arrived."""
    request.get_data()
    host.twofactor.password_changed(host.vic)
    return "changed"
