"""A browser that the person ticked as theirs: no code is asked there, for as long as it is theirs."""

from __future__ import annotations

from typing import Any

import pytest
from flask import redirect, render_template_string
from flask_login import login_user

from flask_twofactor.web.who import is_trusted_only

from .support.host import cookie
from .support.portal import (
    CHALLENGE,
    CODES,
    DISABLE,
    OVERVIEW,
    SETUP,
    STEP_UP,
    form,
    make_codes,
    portal,
    read,
    send,
)
from .support.trust import (
    DAY,
    come_back,
    names_of_events,
    put,
    remember,
    rows,
    tick,
    value,
)


def test_a_remembered_browser_is_asked_no_code() -> None:
    """The box once, then the password is enough, again and again; each time is recorded."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)

        assert all(come_back(host, client) for _ in range(3))
        seen = names_of_events(host)
        assert seen.count("device_trusted") == 1
        assert seen.count("device_used") == 3
        assert seen.count("challenge_required") == 1


def test_without_the_tick_nothing_is_remembered() -> None:
    """A right code alone trusts nobody and sets no such cookie."""
    with portal() as host:
        client = host.protected()

        assert value(host, client) is None
        assert not come_back(host, client)
        assert rows(host) == []


def test_a_wrong_code_trusts_nobody_and_keeps_the_tick() -> None:
    """The box stays ticked for the next try, and only a right code counts."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = host.held()
        answer = form(client, CHALLENGE, method="totp", code="000000", remember_device="1")

        assert 'value="1" checked' in answer.text
        assert value(host, client) is None
        tick(host, client)
        assert come_back(host, client)


@pytest.mark.parametrize(("days", "words"), [(1, "1 day<"), (30, "30 days<"), (365, "365 days<")])
def test_the_box_names_the_real_number_of_days(days: int, words: str) -> None:
    """What is promised is what the setting says, in words and as JSON."""
    with portal(TWOFACTOR_TRUSTED_DEVICE_DAYS=days) as host:
        host.guard.protect(host.vic)
        client = host.held()

        assert f"Remember this device for {words}" in client.get(CHALLENGE).text
        assert read(client, CHALLENGE)["trusted_device_days"] == days


def test_no_box_where_nothing_is_remembered() -> None:
    """At 0 there is no box, no list, and who ticks it all the same is not remembered."""
    with portal(TWOFACTOR_TRUSTED_DEVICE_DAYS=0) as host:
        host.guard.protect(host.vic)
        client = host.held()

        assert "remember_device" not in client.get(CHALLENGE).text
        tick(host, client)
        assert value(host, client) is None
        assert "Trusted devices" not in client.get(OVERVIEW).text
        assert not come_back(host, client)


@pytest.mark.parametrize(
    ("sent", "trusted"),
    [(True, True), ("1", True), ("on", True), (False, False), ("false", False), (None, False)],
)
def test_json_ticks_the_box_too(sent: object, trusted: object) -> None:
    """A script says true or false, and is told what became of it."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = host.held()
        answer = send(client, CHALLENGE, method="totp", code=host.code(), remember_device=sent)

        assert answer.get_json()["device_trusted"] is trusted
        assert (value(host, client) is not None) is trusted


def test_a_backup_code_trusts_nobody() -> None:
    """A backup code lets in, but is no sign of a device: no box, and no trust for asking."""
    with portal() as host:
        code = make_codes(host.protected())[0]
        client = host.held()

        assert "remember_device" not in client.get(f"{CHALLENGE}?method=backup_code").text
        form(client, CHALLENGE, method="backup_code", code=code, remember_device="1")
        assert host.lets_in(client, host.vic)
        assert value(host, client) is None


def test_a_trusted_login_has_shown_no_second_factor() -> None:
    """It satisfies no step-up, setup, removal or disable, and the host can tell."""
    with portal() as host:
        host.view(
            "/trusted", "trusted", lambda: render_template_string("{{ twofactor.trusted() }}")
        )
        host.view("/state", "state", lambda: str(host.twofactor.status(host.vic).trusted))
        host.guard.protect(host.vic)
        client = remember(host)
        assert client.get("/trusted").text == client.get("/state").text == "False"
        assert come_back(host, client)

        assert client.get("/trusted").text == client.get("/state").text == "True"
        assert STEP_UP in (client.get(SETUP).location or "")
        for path in (DISABLE, CODES):
            assert STEP_UP in (form(client, path).location or "")
        assert form(client, STEP_UP, method="totp", code=host.code()).status_code == 303
        assert client.get("/trusted").text == "False"
        assert form(client, DISABLE).location == OVERVIEW


def test_the_host_can_tell_within_the_login_request() -> None:
    """The login view itself sees a login that is not held and is only trusted."""
    seen: list[tuple[bool, bool]] = []
    with portal() as host:

        def login() -> Any:
            login_user(host.vic)
            seen.append((host.twofactor.is_held(), is_trusted_only(host.vic)))
            return redirect("/account")

        host.view("/enter", "enter", login, "POST")
        host.guard.protect(host.vic)
        client = remember(host)
        client.post("/logout")

        assert client.post("/enter").location == "/account"
        assert seen == [(False, True)]
        assert not is_trusted_only()


def test_the_hosts_own_answer_and_session_stay() -> None:
    """On a remembered browser the login view's answer is the one that is sent."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        client.post("/logout")
        before = host.log_in(client, host.vic, remember="1")

        assert before.location == "/account"
        assert cookie(client, "remember_token")
        with client.session_transaction() as kept:
            assert kept["role"] == "admin"
            assert "_tf_hold" not in kept


def test_one_cookie_serves_several_people() -> None:
    """Two people share a browser, each ticks once, each is asked no code."""
    with portal() as host:
        host.guard.protect(host.vic)
        host.guard.protect(host.ann)
        client = remember(host)
        client.post("/logout")
        host.log_in(client, host.ann)
        tick(host, client, host.ann)

        assert come_back(host, client)
        assert come_back(host, client, host.ann)
        assert come_back(host, client)


def test_one_persons_trust_is_not_anothers() -> None:
    """Vic's cookie lets nobody else past the code, and stays good for Vic."""
    with portal() as host:
        host.guard.protect(host.vic)
        host.guard.protect(host.ann)
        client = remember(host)

        assert not come_back(host, client, host.ann)
        assert come_back(host, client)


def test_ticking_again_replaces_the_older_trust() -> None:
    """A browser is one device in the list, however often the box is ticked."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        size = len(value(host, client) or "")
        put_aside = value(host, client)
        put(host, client, None)
        host.clock.move(DAY)
        assert not come_back(host, client)
        put(host, client, put_aside)
        tick(host, client)

        assert len(rows(host)) == 1
        assert len(value(host, client) or "") == size
        assert come_back(host, client)
