"""The password, asked again inside a session."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from .support.guard import JSON, fail
from .support.host import PASSWORD
from .support.portal import (
    CODES,
    CONFIRM,
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


def stale(host: Portal) -> FlaskClient:
    """Open a browser that signed in by password ten minutes ago."""
    client = host.plain()
    host.clock.move(600)
    return client


def confirmed(client: FlaskClient) -> bool:
    """Say whether setup is open to this browser."""
    return client.get(SETUP).status_code == 200


def test_the_right_password_opens_setup() -> None:
    """It leads back to where it was asked, for STEP_UP_MINUTES."""
    with portal() as host:
        client = stale(host)
        answer = form(client, f"{CONFIRM}?next={SETUP}", password=PASSWORD)
        assert (answer.status_code, answer.location) == (303, SETUP)
        assert confirmed(client)

        host.clock.move(300)
        assert not confirmed(client)
        assert send(client, CONFIRM, password=PASSWORD).get_json() == {
            "ok": True,
            "next": OVERVIEW,
        }
        assert confirmed(client)


def test_a_wrong_password_is_told_at_the_field() -> None:
    """Any number of wrong passwords touches no guess limit."""
    with portal() as host:
        client = stale(host)
        for _ in range(20):
            answer = form(client, CONFIRM, password="wrong")
            assert answer.status_code == 400
        assert "That password is not right" in answer.text
        assert 'aria-invalid="true"' in answer.text
        assert PASSWORD not in answer.text
        assert host.failures() == 0
        assert not confirmed(client)


@pytest.mark.parametrize(
    "checker",
    [
        lambda _user, _typed: None,
        lambda _user, _typed: 1,
        lambda _user, _typed: "yes",
        lambda user, _typed: user,
    ],
    ids=["None", "1", "text", "user"],
)
def test_only_true_is_right(checker: Any) -> None:
    """A checker that gives anything but True did not say yes."""
    with portal(asks_password=False) as host:
        host.twofactor.password_checker(checker)
        client = stale(host)

        assert send(client, CONFIRM, password=PASSWORD).get_json()["error"] == "wrong_password"
        assert not confirmed(client)


def test_a_checker_that_raises_refuses(caplog: pytest.LogCaptureFixture) -> None:
    """The page says that it cannot be checked now; the log says why; nothing is opened."""
    with portal(asks_password=False) as host:
        host.twofactor.password_checker(fail("no directory"))
        client = stale(host)
        answer = form(client, CONFIRM, password=PASSWORD)

        assert answer.status_code == 503
        assert 'role="alert"' in answer.text
        assert "password_checker failed" in caplog.text
        assert not confirmed(client)


def test_the_checker_sees_the_user_and_the_password_as_typed() -> None:
    """Blanks belong to a password; the user is the host's own object."""
    seen: list[Any] = []
    with portal(asks_password=False) as host:
        host.twofactor.password_checker(lambda user, typed: seen.append((user, typed)))
        form(stale(host), CONFIRM, password="  a b  ")

        assert seen == [(host.vic, "  a b  ")]


def test_without_a_checker_one_signs_in_again() -> None:
    """A POST logs out and leads to the login page with the way back."""
    with portal(asks_password=False) as host:
        client = stale(host)
        page = client.get(f"{CONFIRM}?next={SETUP}")
        assert 'type="password"' not in page.text
        assert "Sign in again" in page.text

        answer = form(client, CONFIRM, next=SETUP)
        assert answer.location == f"/login?next={SETUP.replace('/', '%2F')}"
        assert not host.lets_in(client, host.vic)
        host.log_in(client, host.vic)
        assert confirmed(client)


def test_a_get_logs_nobody_out() -> None:
    """Looking at the page changes nothing."""
    with portal(asks_password=False) as host:
        client = stale(host)
        client.get(CONFIRM)

        assert host.lets_in(client, host.vic)


def test_the_password_is_no_second_factor() -> None:
    """Of a protected person it opens no change that asks for a code."""
    with portal() as host:
        client = host.protected()
        host.clock.move(600)
        assert form(client, CONFIRM, password=PASSWORD).location == OVERVIEW

        assert client.get(SETUP).location.startswith(STEP_UP)
        assert form(client, CODES).location.startswith(STEP_UP)


def test_somebody_held_until_setup_may_confirm() -> None:
    """A required setup that took long asks for the password, not for a new login."""
    with portal(TWOFACTOR_REQUIRED_FOR="all") as host:
        client = host.client()
        assert host.log_in(client, host.vic).location == f"{PAGES}/setup"
        host.clock.move(301)
        assert client.get(SETUP).location == f"{CONFIRM}?next={SETUP}"

        assert form(client, f"{CONFIRM}?next={SETUP}", password=PASSWORD).location == SETUP
        assert finish_setup(host, client).status_code == 200
        assert host.lets_in(client, host.vic)


def test_somebody_held_at_the_challenge_may_not() -> None:
    """The password was already given: the page leads to the challenge."""
    with portal() as host:
        host.guard.protect(host.vic)
        answer = host.held().get(CONFIRM, headers=JSON)

        assert (answer.status_code, answer.get_json()["error"]) == (401, "two_factor_required")


def test_the_page_speaks_json() -> None:
    """A script gets the token to send and where it will be led."""
    with portal() as host:
        facts = read(stale(host), f"{CONFIRM}?next=/whoami")

        assert facts["next"] == "/whoami"
        assert facts["csrf_token"]
