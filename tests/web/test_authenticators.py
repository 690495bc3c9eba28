"""Authenticators on the settings page: names, rename, remove, add."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from flask_twofactor.methods.backup_codes import BackupCodes
from flask_twofactor.methods.totp import TOTP
from flask_twofactor.web.state import app_state

from .support.portal import (
    CHALLENGE,
    OVERVIEW,
    PAGES,
    SETUP,
    STEP_UP,
    Portal,
    authenticators,
    change_of,
    finish_setup,
    form,
    portal,
    read,
    send,
)


def with_two(host: Portal) -> FlaskClient:
    """Open a browser of a person with two phones."""
    client = host.protected()
    assert finish_setup(host, client, name="Pixel 9").status_code == 200
    return client


def test_a_phone_is_renamed() -> None:
    """The new name is tidied: one line, printable, at most eighty characters."""
    with portal() as host:
        client = host.protected()
        answer = form(
            client, change_of(client, "Test phone", "rename"), name="  Anns\n\x00 old\u202e one "
        )
        assert (answer.status_code, answer.location) == (303, OVERVIEW)
        assert [*authenticators(client)] == ["Anns old one"]

        answer = send(client, change_of(client, "Anns old one", "rename"), name="x" * 300)
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

        form(client, change_of(client, "Authenticator app", "remove"))
        finish_setup(host, client)
        assert [*authenticators(client)] == ["Authenticator app 2", "Authenticator app 3"]
        form(client, change_of(client, "Authenticator app 2", "rename"), name="Pixel 9")
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
        path = change_of(client, "Test phone", "rename")
        host.clock.move(600)

        asked = f"{STEP_UP}?next={OVERVIEW}&again=1"
        assert form(client, path, name="Taken over").location == asked
        assert [*authenticators(client)] == ["Test phone"]
        answer = form(client, asked, method="totp", code=host.code())
        assert answer.location == OVERVIEW
        assert form(client, path, name="Pixel 9").location == OVERVIEW
        assert [*authenticators(client)] == ["Pixel 9"]


@pytest.mark.parametrize("name", ["<b>bold</b>", "'\"><script>", "{{ 7 * 7 }}", "\U0001f4f1"])
def test_a_name_is_shown_as_it_was_typed(name: str) -> None:
    """A name is text on every page, never markup."""
    with portal() as host:
        client = host.protected()
        form(client, change_of(client, "Test phone", "rename"), name=name)

        assert [*authenticators(client)] == [name]
        assert "<b>bold" not in client.get(OVERVIEW).text
        assert "<script>" not in client.get(OVERVIEW).text


@pytest.mark.parametrize("what", ["rename", "remove"])
def test_nobody_changes_what_is_somebody_elses(what: str) -> None:
    """Another person's authenticator is as good as none."""
    with portal() as host:
        host.guard.protect(host.ann)
        theirs = change_of(host.enter(host.ann), "Test phone", what)
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
        answer = form(client, change_of(client, "Test phone", "remove"))

        assert (answer.status_code, answer.location) == (303, OVERVIEW)
        assert [*authenticators(client)] == ["Pixel 9"]
        assert send(host.held(), CHALLENGE, method="totp", code=host.code()).status_code == 400
        assert [one.name for one in host.events].count("removed") == 1


def test_the_last_phone_is_not_removed_but_turned_off() -> None:
    """Removing the last authenticator asks the same as turning off, and does the same."""
    with portal() as host:
        client = host.protected()
        path = change_of(client, "Test phone", "remove")
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
