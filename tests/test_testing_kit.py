"""`flask_twofactor.testing`, as the tests of a host use it."""

from __future__ import annotations

import time

import pytest
from flask.testing import FlaskClient

from flask_twofactor import testing
from flask_twofactor.web.state import app_state
from tests.web.support.guard import Ours
from tests.web.support.host import Host, Person
from tests.web.support.texting import E164, TextingHost


def make_host(**config: object) -> Host:
    """Make a host with the extension."""
    return Host(Ours(), **config)


def held(host: Host, user: Person | None = None) -> FlaskClient:
    """Open a browser whose login is held."""
    client = host.client()
    assert host.log_in(client, user or host.vic).status_code == 302
    assert not host.lets_in(client, user or host.vic)
    return client


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"WTF_CSRF_ENABLED": False},
        {"TWOFACTOR_URL_PREFIX": "/account/security"},
        {"TWOFACTOR_ISSUER": "A Bank"},
    ],
    ids=["plain", "without CSRF", "elsewhere", "named"],
)
def test_a_challenge_is_passed(config: dict[str, object]) -> None:
    """After `pass_challenge` the browser is signed in as the user."""
    host = make_host(**config)
    testing.set_up_totp(host.app, host.vic)
    client = held(host)

    testing.pass_challenge(client, host.vic)

    assert host.lets_in(client, host.vic)


def test_any_number_of_logins_pass_without_waiting() -> None:
    """A code that was used in the test before is no obstacle, on a clock that runs."""
    host = make_host()
    testing.set_up_totp(host.app, host.vic)
    for _ in range(3):
        client = held(host)
        testing.pass_challenge(client, host.vic)
        assert host.lets_in(client, host.vic)


def test_a_challenge_is_passed_with_several_phones() -> None:
    """Whichever phones the user has, and whatever names they carry."""
    host = make_host()
    secrets = {testing.set_up_totp(host.app, host.vic, name) for name in ("One", "Two", "Three")}
    client = held(host)
    testing.pass_challenge(client, host.vic)

    assert len(secrets) == 3
    assert host.lets_in(client, host.vic)


def test_who_is_not_held_is_told_so() -> None:
    """A test that forgot to log in, or is signed in already, fails with a clear word."""
    host = make_host()
    testing.set_up_totp(host.app, host.vic)
    inside = held(host)
    testing.pass_challenge(inside, host.vic)

    for client in (host.client(), inside):
        with pytest.raises(AssertionError, match="this client is not held"):
            testing.pass_challenge(client, host.vic)


def test_who_has_no_phone_is_told_so() -> None:
    """A test that forgot to set the user up is told what to call."""
    host = make_host()
    with pytest.raises(AssertionError, match="call set_up_totp first"):
        testing.pass_challenge(host.client(), host.vic)


def test_nobody_passes_the_challenge_of_another() -> None:
    """The browser must be held for this user; else nobody is let in."""
    host = make_host()
    testing.set_up_totp(host.app, host.vic)
    testing.set_up_totp(host.app, host.ann)
    client = held(host, host.ann)

    with pytest.raises(AssertionError, match="was not passed"):
        testing.pass_challenge(client, host.vic)
    assert not host.lets_in(client, host.ann)
    assert not host.lets_in(client, host.vic)


def test_the_clock_stands_until_it_is_moved() -> None:
    """Inside the block time is the test's; afterwards it is Python's again."""
    host = make_host()
    clock = app_state(host.app).ports.clock
    with testing.frozen_clock(host.app, at=1000.0) as frozen:
        assert (clock(), clock()) == (1000.0, 1000.0)
        frozen.move(30)
        assert clock() == 1030.0
        frozen.move(-40)
        assert clock() == 990.0
        with testing.frozen_clock(host.app, at=5.0):
            assert clock() == 5.0
        assert clock() == 990.0

    assert abs(clock() - time.time()) < 60


def test_the_clock_comes_back_after_a_failure() -> None:
    """A test that fails inside the block does not stop the clock of the next one."""
    host = make_host()
    with pytest.raises(ValueError, match="oh"), testing.frozen_clock(host.app):
        raise ValueError("oh")

    assert abs(app_state(host.app).ports.clock() - time.time()) < 60


@pytest.mark.parametrize("at", [0.0, 29.0, 59.0, 1_800_000_000.0, 4_000_000_000.0])
def test_a_hold_ends_when_the_clock_says_so(at: float) -> None:
    """Ten minutes of hold pass in no time, at any date a test picks."""
    host = make_host()
    testing.set_up_totp(host.app, host.vic)
    with testing.frozen_clock(host.app, at) as clock:
        client, late = held(host), held(host)
        clock.move(599)
        testing.pass_challenge(client, host.vic)
        assert host.lets_in(client, host.vic)
        clock.move(1)
        with pytest.raises(AssertionError, match="this client is not held"):
            testing.pass_challenge(late, host.vic)


def test_the_code_of_now_follows_the_clock() -> None:
    """`current_code` is what an app would show at the time of the test."""
    host = make_host()
    secret = testing.set_up_totp(host.app, host.vic)
    with testing.frozen_clock(host.app) as clock:
        first = testing.current_code(host.app, secret)
        assert testing.current_code(host.app, secret) == first
        clock.move(30)
        assert testing.current_code(host.app, secret) != first


def test_an_emptied_store_knows_nobody() -> None:
    """After `reset_store` a protected user is a new one, and sessions with a proof have ended."""
    host = make_host()
    testing.set_up_totp(host.app, host.vic)
    inside = held(host)
    testing.pass_challenge(inside, host.vic)

    testing.reset_store(host.app)

    assert not host.lets_in(inside, host.vic)
    fresh = host.client()
    host.log_in(fresh, host.vic)
    assert host.lets_in(fresh, host.vic)


def test_two_apps_in_one_test_do_not_share() -> None:
    """Clocks and stores belong to their app."""
    one, two = make_host(), make_host()
    testing.set_up_totp(one.app, one.vic)
    with testing.frozen_clock(one.app, at=1000.0):
        assert abs(app_state(two.app).ports.clock() - time.time()) < 60
    client = two.client()
    two.log_in(client, two.vic)

    assert two.lets_in(client, two.vic)
    testing.reset_store(two.app)
    held(one)


def test_texts_are_collected() -> None:
    """Inside the block texts are in the list and reach no phone; after it they go out again."""
    host = TextingHost()
    client = host.client()
    host.log_in(client, host.ann)
    with testing.captured_texts(host.app) as texts:
        host.name_number(client)
    assert [number for number, _ in texts] == [E164]
    assert host.phones.texts == []
    assert app_state(host.app).ports.sender is host.phones


def test_an_app_without_texts_says_so() -> None:
    """Nothing to collect is an error of the test, told in words."""
    with (
        pytest.raises(LookupError, match="no sender of texts"),
        testing.captured_texts(make_host().app),
    ):
        pass
