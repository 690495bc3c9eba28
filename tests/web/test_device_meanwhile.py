"""A trusted device that ends in the middle of a login, and every other way to the password step."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask_login.signals import user_logged_in

from flask_twofactor.web.state import app_state

from .support.guard import break_store, mend_store
from .support.host import cookie, put_cookie, who
from .support.portal import (
    CHALLENGE,
    DISABLE,
    PAGES,
    STEP_UP,
    Portal,
    form,
    portal,
)
from .support.trust import (
    come_back,
    copy,
    names_of_events,
    put,
    remember,
    rows,
    tick,
    value,
)


def _revoke(host: Portal) -> None:
    (row,) = rows(host)
    with app_state().ports.store.transaction() as transaction:
        transaction.end_device(row.user_key, row.id, host.clock.now)


MEANWHILE: dict[str, Callable[[Portal], object]] = {
    "revoked": _revoke,
    "password changed": lambda host: host.twofactor.password_changed(host.vic),
    "signed out everywhere": lambda host: host.twofactor.sign_out_everywhere(host.vic),
    "reset": lambda host: host.twofactor.reset(host.vic, actor="support", reason="lost"),
    "forgotten": lambda host: host.twofactor.forget_user(host.vic),
}


@pytest.mark.parametrize("meanwhile", MEANWHILE)
def test_trust_that_ends_during_the_login_lets_nobody_in(meanwhile: str) -> None:
    """Between the look at the device and the end of the request it is gone: no login."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        client.post("/logout")

        def meddle(*_: object, **__: object) -> None:
            MEANWHILE[meanwhile](host)

        with user_logged_in.connected_to(meddle, sender=host.app):
            answer = host.log_in(client, host.vic, remember="1")

        assert answer.location in {CHALLENGE, "/account"}
        assert cookie(client, "remember_token") is None
        assert not host.lets_in(client, host.vic)


def test_a_revoked_login_can_be_finished_with_a_code() -> None:
    """What was held because the device ended meanwhile goes on as any held login."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        client.post("/logout")
        with user_logged_in.connected_to(lambda *_, **__: _revoke(host), sender=host.app):
            assert host.log_in(client, host.vic).location == CHALLENGE

        assert form(client, CHALLENGE, method="totp", code=host.code()).location == "/account"
        assert host.lets_in(client, host.vic)


def test_a_device_that_ends_during_a_remember_me_visit_shows_nothing() -> None:
    """The page of that very request is replaced, not only the next one."""
    with portal() as host:
        secrets = "the balance"

        def balance() -> str:
            if who() != "nobody":
                _revoke(host)
            return secrets

        host.view("/balance", "balance", balance)
        host.guard.protect(host.vic)
        client = host.client()
        host.log_in(client, host.vic, remember="1")
        tick(host, client)
        client.delete_cookie("session")

        assert secrets not in client.get("/balance").text
        assert not host.lets_in(client, host.vic)


def test_the_store_down_lets_nobody_in() -> None:
    """A look at the device that fails, or a value that cannot be taken, is no login."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        client.post("/logout")
        break_store(host.app)

        assert host.log_in(client, host.vic).status_code == 503
        mend_store(host.app)
        assert not host.lets_in(client, host.vic)
        assert come_back(host, client)


def test_a_remember_me_visit_is_released_by_the_device() -> None:
    """The remember-me cookie stands for the password, the device for the code: no question."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = host.client()
        host.log_in(client, host.vic, remember="1")
        tick(host, client)
        client.delete_cookie("session")

        assert host.lets_in(client, host.vic)
        assert names_of_events(host)[-1] == "device_used"
        assert STEP_UP in (form(client, DISABLE).location or "")


def test_remember_me_alone_is_still_held() -> None:
    """Without the device's cookie the same visit leads to the challenge."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = host.client()
        host.log_in(client, host.vic, remember="1")
        tick(host, client)
        client.delete_cookie("session")
        put(host, client, None)

        assert not host.lets_in(client, host.vic)
        assert client.get("/account").location == CHALLENGE


def test_the_challenge_looks_for_the_device_again() -> None:
    """A login from another site brings no Lax cookie; the challenge page has it and asks nothing."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        client.post("/logout")
        kept = value(host, client)
        put(host, client, None)
        assert host.log_in(client, host.vic, remember="1").location == CHALLENGE
        put(host, client, kept)

        assert client.head(CHALLENGE).status_code == 200
        assert client.get(CHALLENGE).location == "/account"
        assert cookie(client, "remember_token")
        assert host.lets_in(client, host.vic)
        assert value(host, client) != kept
        assert come_back(host, client)


def test_the_challenge_releases_a_hold_once() -> None:
    """The same request sent twice lets one browser in, and the copy of the hold nobody."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        kept = value(host, client)
        held = host.held()
        second = copy(host, kept)
        put_cookie(second, cookie(held))
        put(host, held, kept)

        assert held.get(CHALLENGE).location == "/account"
        assert "You are signed in" in second.get(CHALLENGE).text
        assert not host.lets_in(second, host.vic)


def test_a_copy_at_the_challenge_is_a_theft_and_asks() -> None:
    """An old value at the challenge ends the device, and the page asks for the code."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        stolen = value(host, client)
        assert come_back(host, client)
        assert come_back(host, client)
        thief = host.held()
        put(host, thief, stolen)

        assert thief.get(CHALLENGE).status_code == 200
        assert "device_stale_used" in names_of_events(host)
        assert not come_back(host, client)


def test_a_device_does_not_answer_for_a_setup() -> None:
    """Somebody who must set up first is not released by a cookie of whoever."""
    with portal(TWOFACTOR_REQUIRED_FOR="all") as host:
        host.guard.protect(host.vic)
        client = remember(host)
        client.post("/logout")

        assert host.log_in(client, host.ann).location == f"{PAGES}/setup"
        assert client.get(CHALLENGE).location == f"{PAGES}/setup"
        assert not host.lets_in(client, host.ann)
