"""The settings page and its changes: rename, remove, turn off, cancel, lost device."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from flask_twofactor.methods.backup_codes import BackupCodes
from flask_twofactor.methods.totp import TOTP
from flask_twofactor.web.state import app_state

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
    Portal,
    finish_setup,
    form,
    portal,
    read,
    send,
)


def authenticators(client: FlaskClient) -> dict[str, str]:
    """Give the names that the settings page shows, with their ids."""
    return {one["name"]: one["id"] for one in read(client, OVERVIEW)["authenticators"]}


def change(client: FlaskClient, name: str, what: str) -> str:
    """Give the address of a change to one authenticator."""
    return f"{PAGES}/authenticators/{authenticators(client)[name]}/{what}"


def with_two(host: Portal) -> FlaskClient:
    """Open a browser of a person with two phones."""
    client = host.protected()
    assert finish_setup(host, client, name="Pixel 9").status_code == 200
    return client


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


def test_a_phone_is_renamed() -> None:
    """The new name is tidied: one line, printable, at most eighty characters."""
    with portal() as host:
        client = host.protected()
        answer = form(
            client, change(client, "Test phone", "rename"), name="  Anns\n\x00 old\u202e one "
        )
        assert (answer.status_code, answer.location) == (303, OVERVIEW)
        assert [*authenticators(client)] == ["Anns old one"]

        answer = send(client, change(client, "Anns old one", "rename"), name="x" * 300)
        assert answer.get_json() == {"ok": True, "next": OVERVIEW}
        assert [*authenticators(client)] == ["x" * 80]


def test_phones_that_nobody_named() -> None:
    """Each has a number of its own that stays, and the field for a new name is empty."""
    with portal() as host:
        client = host.plain()
        for _ in range(2):
            finish_setup(host, client)
        assert [*authenticators(client)] == ["Authenticator app", "Authenticator app 2"]
        assert 'value="Authenticator app' not in client.get(OVERVIEW).text

        form(client, change(client, "Authenticator app", "remove"))
        finish_setup(host, client)
        assert [*authenticators(client)] == ["Authenticator app 2", "Authenticator app 3"]
        form(client, change(client, "Authenticator app 2", "rename"), name="Pixel 9")
        assert [*authenticators(client)] == ["Pixel 9", "Authenticator app 3"]


def test_a_host_reads_names_too() -> None:
    """What `status` and `import_totp` give has the names that people see."""
    with portal() as host:
        client = host.plain()
        finish_setup(host, client)
        with host.app.test_request_context():
            added = host.twofactor.import_totp(host.vic, "A" * 32, "")
            names = [one.name for one in host.twofactor.status(host.vic).authenticators]

        assert added.name == "Authenticator app 2"
        assert sorted(names) == ["Authenticator app", "Authenticator app 2", "Backup code"]


def test_renaming_asks_for_a_fresh_code() -> None:
    """As any change does; afterwards the person is back on the settings page, and may rename."""
    with portal() as host:
        client = host.protected()
        path = change(client, "Test phone", "rename")
        host.clock.move(600)

        assert form(client, path, name="Taken over").location == f"{STEP_UP}?next={OVERVIEW}"
        assert [*authenticators(client)] == ["Test phone"]
        answer = form(client, f"{STEP_UP}?next={OVERVIEW}", method="totp", code=host.code())
        assert answer.location == OVERVIEW
        assert form(client, path, name="Pixel 9").location == OVERVIEW
        assert [*authenticators(client)] == ["Pixel 9"]


@pytest.mark.parametrize("name", ["<b>bold</b>", "'\"><script>", "{{ 7 * 7 }}", "\U0001f4f1"])
def test_a_name_is_shown_as_it_was_typed(name: str) -> None:
    """A name is text on every page, never markup."""
    with portal() as host:
        client = host.protected()
        form(client, change(client, "Test phone", "rename"), name=name)

        assert [*authenticators(client)] == [name]
        assert "<b>bold" not in client.get(OVERVIEW).text
        assert "<script>" not in client.get(OVERVIEW).text


@pytest.mark.parametrize("what", ["rename", "remove"])
def test_nobody_changes_what_is_somebody_elses(what: str) -> None:
    """Another person's authenticator is as good as none."""
    with portal() as host:
        host.guard.protect(host.ann)
        theirs = change(host.enter(host.ann), "Test phone", what)
        client = with_two(host)

        for path in (theirs, f"{PAGES}/authenticators/nothing/{what}"):
            answer = send(client, path, name="Mine now")
            assert answer.status_code == 400
            assert answer.get_json()["error"] == "unknown_authenticator"
        assert [*authenticators(host.enter(host.ann))] == ["Test phone"]


def test_one_of_two_phones_is_removed() -> None:
    """The removed phone no longer answers; the session that removed it goes on."""
    with portal() as host:
        client = with_two(host)
        answer = form(client, change(client, "Test phone", "remove"))

        assert (answer.status_code, answer.location) == (303, OVERVIEW)
        assert [*authenticators(client)] == ["Pixel 9"]
        assert send(host.held(), CHALLENGE, method="totp", code=host.code()).status_code == 400
        assert [one.name for one in host.events].count("removed") == 1


def test_the_last_phone_is_not_removed_but_turned_off() -> None:
    """Removing the last authenticator asks the same as turning off, and does the same."""
    with portal() as host:
        client = host.protected()
        path = change(client, "Test phone", "remove")
        host.clock.move(600)
        assert form(client, path).location.startswith(STEP_UP)

        form(client, STEP_UP, method="totp", code=host.code())
        assert form(client, path).status_code == 303
        assert read(client, OVERVIEW)["protected"] is False
        assert "disabled" in [one.name for one in host.events]


def test_a_backup_device_is_one_click_away() -> None:
    """Who is off is told first what it is; who knows goes straight to the one way there is."""
    with portal() as host:
        off = host.plain().get(OVERVIEW).text
        client = host.protected()
        on = client.get(OVERVIEW).text

        assert f'href="{PAGES}/setup"' in off
        assert f'href="{SETUP}"' not in off
        assert f'href="{SETUP}"' in on
        assert f'href="{PAGES}/setup"' not in on
        assert "<h1>Add a backup device</h1>" in client.get(f"{PAGES}/setup").text


def test_where_there_are_several_ways_one_chooses() -> None:
    """With two methods the way to a backup device is the page that offers both."""

    class Watch(TOTP):
        name = "watch"

    with portal() as host:
        client = host.protected()
        object.__setattr__(app_state(host.app).ports, "methods", [TOTP(), Watch(), BackupCodes()])

        assert f'href="{PAGES}/setup"' in client.get(OVERVIEW).text
        choice = client.get(f"{PAGES}/setup").text
        assert f'href="{SETUP}"' in choice
        assert f'href="{PAGES}/setup/watch"' in choice


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
        last = send(client, change(client, "Test phone", "remove"))
        assert last.get_json()["error"] == "required_by_rule"
        assert read(client, OVERVIEW)["protected"] is True


def test_a_rule_that_comes_later_finds_those_who_turned_it_off() -> None:
    """The session that turned it off is led to setup as soon as a rule asks for it."""
    with portal() as host:
        client = host.protected()
        form(client, DISABLE)
        state = host.app.extensions["twofactor"]
        object.__setattr__(state.settings, "required_for", "all")

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
        for path in (DISABLE, CODES, change(client, "Test phone", "remove"), CANCEL):
            answer = client.post(path, data={"csrf_token": token})
            assert answer.status_code in {303, 400}
            assert answer.status_code == 303 or "open for too long" in answer.text
        assert read(client, OVERVIEW)["protected"] is True
