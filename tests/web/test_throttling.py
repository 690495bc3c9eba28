"""The guess limit as people, scripts and attackers meet it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from .support.host import PASSWORD
from .support.portal import (
    CANCEL,
    CHALLENGE,
    CONFIRM,
    SETUP,
    STEP_UP,
    Portal,
    finish_setup,
    form,
    make_codes,
    portal,
    read,
    scanned_code,
    send,
)

WRONG_BACKUP = "0" * 25
Guess = Callable[[Portal, FlaskClient], TestResponse]


def guess(client: FlaskClient, path: str = CHALLENGE, code: str = "000000") -> TestResponse:
    """Send a wrong code."""
    return send(client, path, method="totp", code=code)


def spend_free_tries(client: FlaskClient, path: str = CHALLENGE) -> None:
    """Guess wrong until the door is about to shut."""
    assert [guess(client, path).status_code for _ in range(5)] == [400] * 5


def test_five_wrong_codes_then_a_wait() -> None:
    """The sixth is not looked at: 429, Retry-After, plain words, form kept, told once."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = host.held()
        spend_free_tries(client)
        page = form(client, CHALLENGE, method="totp", code="000000")

        assert (page.status_code, page.headers["Retry-After"]) == (429, "30")
        assert "Too many tries. Wait 30 seconds, then enter a new code." in page.text
        assert 'name="code"' in page.text
        assert 'aria-invalid="true"' in page.text

        host.clock.move(12)
        body = guess(client)
        assert (body.status_code, body.headers["Retry-After"]) == (429, "18")
        assert body.get_json()["error"] == "throttled"
        assert body.get_json()["retry_after"] == 18
        assert [one.name for one in host.events].count("throttled") == 1


def test_a_blocked_try_is_neither_looked_at_nor_counted() -> None:
    """The right code during the wait is refused, costs nothing, and is still good after it."""
    with portal() as host:
        client = host.protected()
        (backup, *_) = make_codes(client)
        held = host.held()
        spend_free_tries(held)
        code = host.guard.code(host.vic)

        for _ in range(20):
            assert guess(held, code=code).status_code == 429
            blocked = send(held, CHALLENGE, method="backup_code", code=backup)
            assert blocked.status_code == 429
        assert host.failures() == 5

        host.clock.move(30)
        assert send(held, CHALLENGE, method="backup_code", code=backup).status_code == 200
        assert host.failures() == 0


def test_the_same_right_code_works_after_the_wait() -> None:
    """A code that was typed too early was not used up."""
    with portal(TWOFACTOR_THROTTLE_WAIT_SECONDS=10) as host:
        host.guard.protect(host.vic)
        client = host.held()
        host.clock.now += 30 - host.clock.now % 30  # a step begins
        code = host.guard.code(host.vic)
        spend_free_tries(client)
        assert guess(client, code=code).status_code == 429

        host.clock.move(10)
        assert guess(client, code=code).status_code == 200
        assert host.lets_in(client, host.vic)


def test_waits_double_up_to_the_cap() -> None:
    """Each further wrong code costs twice the wait, never more than the longest."""
    with portal(
        TWOFACTOR_THROTTLE_FREE=2,
        TWOFACTOR_THROTTLE_MAX_WAIT_SECONDS=200,
        TWOFACTOR_HOLD_MINUTES=10,
    ) as host:
        host.guard.protect(host.vic)
        waits = []
        guess(host.held())
        for _ in range(7):
            client = host.held()
            assert guess(client).status_code == 400
            wait = guess(client).get_json()["retry_after"]
            host.clock.move(wait - 1)
            assert guess(host.held()).status_code == 429
            host.clock.move(1)
            waits.append(wait)

        assert waits == [30, 60, 120, 200, 200, 200, 200]


def test_minutes_are_told_as_minutes() -> None:
    """A long wait is told in minutes, rounded up."""
    with portal(TWOFACTOR_THROTTLE_WAIT_SECONDS=3600) as host:
        host.guard.protect(host.vic)
        client = host.held()
        spend_free_tries(client)
        host.clock.move(61)

        assert "Wait 59 minutes, then" in form(client, CHALLENGE, method="totp", code="1").text


def test_a_right_code_gives_the_free_tries_back() -> None:
    """Four wrong codes, a right one, and four more wrong ones lead to no wait."""
    with portal() as host:
        host.guard.protect(host.vic)
        for _ in range(3):
            client = host.held()
            assert [guess(client).status_code for _ in range(4)] == [400] * 4
            assert guess(client, code=host.code()).status_code == 200
        assert host.failures() == 0


def test_a_new_hold_or_browser_or_cookie_gives_nothing_back() -> None:
    """The budget is of the account, whatever the client does."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = host.held()
        before = client.get_cookie("session")
        assert before is not None
        guess(client)
        client.set_cookie("session", before.value)
        guess(client)
        form(client, CANCEL)
        host.log_in(client, host.vic)
        guess(client)
        guess(host.held())
        elsewhere = host.client(address="203.0.113.9", agent="Another")
        host.log_in(elsewhere, host.vic)
        guess(elsewhere)

        assert guess(host.held()).status_code == 429


def _at_challenge(host: Portal, _client: FlaskClient) -> TestResponse:
    return guess(host.held())


def _by_backup_code(host: Portal, _client: FlaskClient) -> TestResponse:
    return send(host.held(), CHALLENGE, method="backup_code", code=WRONG_BACKUP)


def _at_step_up(_host: Portal, client: FlaskClient) -> TestResponse:
    return guess(client, STEP_UP)


def _at_setup(_host: Portal, client: FlaskClient) -> TestResponse:
    return guess(client, SETUP)


@pytest.mark.parametrize("last", [_at_challenge, _by_backup_code, _at_step_up, _at_setup])
def test_one_budget_over_all_methods_and_pages(last: Guess) -> None:
    """Challenge, step-up, setup and backup codes draw from the same tries."""
    with portal() as host:
        client = host.protected()
        make_codes(client)
        host.become_unknown(client)
        for attempt in (_at_challenge, _by_backup_code, _at_step_up, _at_setup, last):
            assert attempt(host, client).status_code == 400

        assert host.failures() == 5
        for attempt in (_at_challenge, _by_backup_code, _at_step_up, _at_setup):
            assert attempt(host, client).status_code == 429
        assert host.failures() == 5


def test_a_first_setup_is_limited_too() -> None:
    """Nobody can try codes on the setup page without end; the secret stays the same."""
    with portal() as host:
        client = host.plain()
        key = read(client, SETUP)["key"]
        spend_free_tries(client, SETUP)
        code = scanned_code(host, client)
        host.clock.move(-30)
        assert send(client, SETUP, code=code).status_code == 429

        host.clock.move(30)
        assert read(client, SETUP)["key"] == key
        assert finish_setup(host, client).status_code == 200
        assert host.failures() == 0


def test_accounts_do_not_share() -> None:
    """Guessing at one account shuts no other."""
    with portal() as host:
        host.guard.protect(host.vic)
        host.guard.protect(host.ann)
        spend_free_tries(host.held())

        assert guess(host.held(host.ann), code=host.code(host.ann)).status_code == 200


def test_wrong_passwords_never_count() -> None:
    """Neither at the host's login nor at our page: nobody can lock an owner out by them."""
    with portal() as host:
        client = host.protected()
        for _ in range(30):
            host.client().post("/login", data={"email": host.vic.email, "password": "wrong"})
            form(client, CONFIRM, password="wrong")
        form(client, CONFIRM, password=PASSWORD)

        assert host.failures() == 0
        assert guess(host.held(), code=host.code()).status_code == 200


def test_who_is_signed_in_is_not_disturbed() -> None:
    """A wait at the challenge ends no session that passed before, nor its browser's own tries."""
    with portal() as host:
        client = host.protected()
        spend_free_tries(host.held())
        assert guess(host.held()).status_code == 429

        assert host.lets_in(client, host.vic)
        assert guess(client, STEP_UP, code=host.code()).status_code == 200


def test_a_script_may_leave_the_method_out() -> None:
    """Without a method the one is asked that the page asks first; an unknown one is never right."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = host.held()
        code = host.code()
        assert send(client, CHALLENGE, method="none", code=code).get_json()["error"] == (
            "unknown_method"
        )

        assert send(client, CHALLENGE, code=code).status_code == 200
