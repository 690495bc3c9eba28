"""A setup that is sent twice: the browser shows the second answer and keeps the first one's cookie."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from flask_twofactor.core.rules import floor
from flask_twofactor.web.state import app_state

from .support.portal import (
    CODES,
    OVERVIEW,
    SETUP,
    Portal,
    make_codes,
    portal,
    read,
    scanned_code,
    token,
)

Enter = Callable[[Portal], FlaskClient]


def _plain(host: Portal) -> FlaskClient:
    return host.plain()


def _protected(host: Portal) -> FlaskClient:
    return host.protected()


def _required(host: Portal) -> FlaskClient:
    object.__setattr__(app_state(host.app).ports, "floor", floor("all", ()))
    return host.must_set_up()


@pytest.mark.parametrize("enter", [_plain, _protected, _required])
def test_a_setup_sent_twice_makes_one_authenticator(enter: Enter) -> None:
    """A double click leaves one authenticator, and the second answer says what to do.

    It sends no cookie, so the browser is in by what the first answer gave, and can make the codes
    anew that it never showed.
    """
    with portal() as host:
        client = enter(host)
        data = {"csrf_token": token(client, SETUP), "code": scanned_code(host, client)}
        twin, later = host.copy_of(client), host.copy_of(client)
        had = len(app_state(host.app).ports.store.authenticators(f"@Person:{host.vic.id}"))
        first, second = client.post(SETUP, data=data), twin.post(SETUP, data=data)

        assert first.status_code == second.status_code == 200
        assert "Set-Cookie" not in second.headers
        assert "This setup was already finished." in second.text
        assert f'href="{CODES}"' in second.text
        assert not host.lets_in(twin, host.vic)
        assert host.lets_in(client, host.vic)
        assert len(read(client, OVERVIEW)["authenticators"]) == had + 1
        assert len(make_codes(client)) == 10
        host.clock.move(600)
        assert later.post(SETUP, data=data).status_code == 401


@pytest.mark.parametrize("enter", [_plain, _protected, _required])
@pytest.mark.parametrize("call", ["pending_setup", "transaction"])
def test_a_setup_that_is_overtaken(
    enter: Enter, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two requests at the same moment: the slower one harms no session and says the same."""
    with portal() as host:
        client = enter(host)
        data = {"csrf_token": token(client, SETUP), "code": scanned_code(host, client)}
        slow, store = host.copy_of(client), app_state(host.app).ports.store
        real, answers = getattr(store, call), []

        def overtaking(*values: Any) -> Any:
            monkeypatch.setattr(store, call, real)
            answers.append(client.post(SETUP, data=data))
            return real(*values)

        monkeypatch.setattr(store, call, overtaking)
        second = slow.post(SETUP, data=data)

        assert [one.status_code for one in answers] == [200]
        assert "This setup was already finished." in second.text
        assert "Set-Cookie" not in second.headers
        assert host.lets_in(client, host.vic)
        assert not host.lets_in(slow, host.vic)
