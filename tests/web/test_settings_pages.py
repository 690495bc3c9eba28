"""The settings page and its changes: turn off, cancel, lost device."""

from __future__ import annotations

import pytest

from flask_twofactor.core.rules import floor

from .support.guard import JSON
from .support.portal import (
    CANCEL,
    CHALLENGE,
    CODES,
    CONFIRM,
    DISABLE,
    OVERVIEW,
    PAGES,
    SETUP,
    STEP_UP,
    change_of,
    finish_setup,
    form,
    portal,
    read,
    send,
)


def test_the_overview_of_somebody_without_a_second_factor() -> None:
    """It says that it is off, and leads to setup."""
    with portal() as host:
        client = host.plain()
        facts, page = read(client, OVERVIEW), client.get(OVERVIEW).text

        assert (facts["protected"], facts["required"], facts["authenticators"]) == (
            False,
            False,
            [],
        )
        assert "Two-factor authentication is off" in page
        assert f'href="{PAGES}/setup"' in page
        assert DISABLE not in page


def test_the_overview_of_somebody_protected() -> None:
    """It says that it is on, since when, which phones, how many codes, and how to turn it off."""
    with portal() as host:
        client = host.protected()
        facts, page = read(client, OVERVIEW), client.get(OVERVIEW).text
        (mine,) = facts["authenticators"]

        assert facts["protected"] is True
        assert facts["csrf_token"]
        assert {*mine} == {"id", "method", "name", "named", "created_at", "last_used_at"}
        assert (mine["method"], mine["name"]) == ("totp", "Test phone")
        assert mine["last_used_at"] == int(host.clock.now)
        assert "Two-factor authentication is on" in page
        assert "Test phone" in page
        assert f'action="{DISABLE}"' in page


def test_turning_off_deletes_everything() -> None:
    """Afterwards the password alone logs in, and this session goes on."""
    with portal() as host:
        client = host.protected()
        assert form(client, DISABLE).location == OVERVIEW

        assert read(client, OVERVIEW)["protected"] is False
        assert host.lets_in(client, host.vic)
        assert host.log_in(host.client(), host.vic).location == "/account"
        assert send(client, DISABLE).get_json()["error"] == "not_protected"


def test_turning_off_is_refused_where_a_rule_requires_it() -> None:
    """The refusal says why, and the button is not offered."""
    with portal(TWOFACTOR_REQUIRED_FOR="all") as host:
        client = host.protected()
        answer = form(client, DISABLE)

        assert answer.status_code == 400
        assert "is required here and stays on" in answer.text
        assert DISABLE not in client.get(OVERVIEW).text
        last = send(client, change_of(client, "Test phone", "remove"))
        assert last.get_json()["error"] == "required_by_rule"
        assert read(client, OVERVIEW)["protected"] is True


def test_a_rule_that_comes_later_finds_those_who_turned_it_off() -> None:
    """The session that turned it off is led to setup as soon as a rule asks for it."""
    with portal() as host:
        client = host.protected()
        form(client, DISABLE)
        ports = host.app.extensions["twofactor"].ports
        object.__setattr__(ports, "floor", floor("all", ()))

        assert client.get("/account").location == f"{PAGES}/setup"
        assert not host.lets_in(client, host.vic)


@pytest.mark.parametrize("path", [OVERVIEW, CODES, SETUP, f"{PAGES}/setup", STEP_UP, CONFIRM])
def test_pages_of_a_person_are_no_strangers(path: str) -> None:
    """Strangers are led to the login page, held people to the challenge; JSON gets a 401."""
    with portal() as host:
        host.guard.protect(host.vic)
        stranger, held = host.client(), host.held()

        assert stranger.get(path).location.startswith("/login")
        assert stranger.get(path, headers=JSON).status_code == 401
        assert held.get(path).location == CHALLENGE
        assert held.get(path, headers=JSON).get_json()["error"] == "two_factor_required"


def test_cancel_ends_a_held_login() -> None:
    """The hold is gone, and a right code comes too late."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = host.held()
        assert form(client, CANCEL).location == "/login"

        answer = form(client, CHALLENGE, method="totp", code=host.code())
        assert answer.status_code == 401
        assert not host.lets_in(client, host.vic)


def test_the_lost_device_page_names_the_ways() -> None:
    """A backup code where there is one, the saved key, and support, for held and strangers."""
    with portal(TWOFACTOR_SUPPORT_URL="https://help.test/") as host:
        client = host.plain()
        finish_setup(host, client)
        page = host.held().get(f"{PAGES}/lost-device").text

        assert f'href="{CHALLENGE}?method=backup_code"' in page
        assert "Use your saved key" in page
        assert 'href="https://help.test/"' in page
        assert host.client().get(f"{PAGES}/lost-device").status_code == 200


@pytest.mark.parametrize("path", [OVERVIEW, CODES, SETUP, f"{PAGES}/setup", STEP_UP, CONFIRM])
def test_every_page_speaks_json(path: str) -> None:
    """JSON of a page carries its facts and a token that opens the next POST, no-store."""
    with portal() as host:
        client = host.protected()
        answer = client.get(path, headers=JSON)

        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
        headers = JSON | {"X-CSRFToken": answer.get_json()["csrf_token"]}
        assert client.post(DISABLE, json={}, headers=headers).get_json()["ok"] is True


@pytest.mark.parametrize("token", ["", "stale", "null"])
def test_no_change_without_the_token(token: str) -> None:
    """A form from elsewhere changes nothing; the page says that it was open for too long."""
    with portal() as host:
        client = host.protected()
        for path in (DISABLE, CODES, change_of(client, "Test phone", "remove"), CANCEL):
            answer = client.post(path, data={"csrf_token": token})
            assert answer.status_code in {303, 400}
            assert answer.status_code == 303 or "open for too long" in answer.text
        assert read(client, OVERVIEW)["protected"] is True
