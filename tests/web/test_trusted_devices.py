"""A browser that the person ticked as theirs: no code is asked there, for as long as it is theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import redirect, render_template_string
from flask_login import login_user
from flask_login.signals import user_logged_in

from flask_twofactor.web.state import app_state
from flask_twofactor.web.who import is_trusted_only

from .support.guard import break_store, mend_store
from .support.host import cookie, put_cookie, who
from .support.portal import (
    CHALLENGE,
    CODES,
    DISABLE,
    OVERVIEW,
    PAGES,
    SETUP,
    STEP_UP,
    Portal,
    form,
    make_codes,
    portal,
    read,
    send,
)
from .support.trust import (
    DAY,
    come_back,
    copy,
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
            "/trusted", "trusted", lambda: render_template_string("{{ twofactor_trusted() }}")
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


# -- rotation ------------------------------------------------------------------------------


def test_a_lost_answer_is_no_theft() -> None:
    """The answer with the new value never arrives, up to three times: the old one still works."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        kept = value(host, client)
        for _ in range(3):
            put(host, client, kept)
            assert come_back(host, client)

        assert come_back(host, client)
        assert "device_stale_used" not in names_of_events(host)


def test_four_lost_answers_ask_for_the_code() -> None:
    """A value that was used four times and whose successors were never seen is worn, no theft."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        kept = value(host, client)
        passed = []
        for _ in range(6):
            put(host, client, kept)
            passed.append(come_back(host, client))

        assert passed == [True] * 4 + [False] * 2
        assert "device_stale_used" not in names_of_events(host)
        assert len(read(host.enter(), OVERVIEW)["trusted_devices"]) == 1


def test_two_tabs_with_one_value_both_pass() -> None:
    """Two logins with the same value each get a successor; whichever is kept goes on."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        other = copy(host, value(host, client))

        assert come_back(host, client)
        assert come_back(host, other)
        put(host, client, value(host, other))
        assert come_back(host, client)
        assert "device_stale_used" not in names_of_events(host)


def test_a_copy_that_comes_back_ends_the_device() -> None:
    """A thief's copy of an older value asks for a code, ends the device, and is recorded."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        stolen = value(host, client)
        assert come_back(host, client)
        assert come_back(host, client)

        thief = copy(host, stolen)
        assert host.log_in(thief, host.vic).location == CHALLENGE
        assert not host.lets_in(thief, host.vic)
        assert names_of_events(host).count("device_stale_used") == 1
        assert not host.lets_in(client, host.vic)
        assert not come_back(host, client)
        again = copy(host, stolen)
        assert host.log_in(again, host.vic).location == CHALLENGE
        assert names_of_events(host).count("device_stale_used") == 1


def test_the_loser_of_a_stolen_value_ends_it() -> None:
    """Thief and owner both got a successor: the second of the two to come back ends the device."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        thief = copy(host, value(host, client))
        assert come_back(host, client)
        assert come_back(host, thief)
        assert come_back(host, client)

        assert not come_back(host, thief)
        assert "device_stale_used" in names_of_events(host)
        assert not come_back(host, client)


# -- what happens meanwhile ----------------------------------------------------------------


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


# -- the other ways to the password step ----------------------------------------------------


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


# -- the list --------------------------------------------------------------------------------


def test_the_list_names_the_browser_and_this_one() -> None:
    """Name, dates, address; only the browser that asks is "this one"."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        host.clock.move(DAY)
        phone = host.client("192.0.2.9", "Mozilla/5.0 (iPhone) Version/18.0 Mobile Safari/604.1")
        host.log_in(phone, host.vic)
        tick(host, phone)
        mine = read(phone, OVERVIEW)["trusted_devices"]

        assert [one["name"] for one in mine] == ["Safari on iPhone", "Unknown browser"]
        assert [one["is_this"] for one in mine] == [True, False]
        assert [one["address"] for one in mine] == ["192.0.2.9", "127.0.0.1"]
        assert mine[0]["created_at"] > mine[1]["created_at"]
        assert "Safari on iPhone" in phone.get(OVERVIEW).text
        assert come_back(host, client)
        first, _ = read(client, OVERVIEW)["trusted_devices"]
        assert (first["name"], first["last_used_at"]) == ("Unknown browser", int(host.clock.now))


def test_an_empty_list_says_how_to_begin() -> None:
    """Who trusts no device reads how to; nothing can be revoked."""
    with portal() as host:
        text = host.protected().get(OVERVIEW).text

        assert "tick the box when you sign in" in text
        assert "Stop trusting" not in text


def test_a_device_can_be_renamed() -> None:
    """A new name, tidied; a refused one stays in its field; another person's device is none."""
    with portal() as host:
        host.guard.protect(host.vic)
        host.guard.protect(host.ann)
        client, other = remember(host), remember(host, host.ann)
        (mine,) = read(client, OVERVIEW)["trusted_devices"]
        path = f"{PAGES}/devices/{mine['id']}/rename"

        assert form(client, path, name=" My \t laptop ").location == OVERVIEW
        assert read(client, OVERVIEW)["trusted_devices"][0]["name"] == "My laptop"
        refused = form(client, path, name=" ")
        assert refused.status_code == 400
        assert "Enter a name." in refused.text
        assert send(other, path, name="x").get_json()["error"] == "unknown_device"
        host.clock.move(600)
        assert STEP_UP in (form(client, path, name="x").location or "")


def test_revoking_asks_nothing_and_works_at_once() -> None:
    """From another browser, without a code: the phone may be what was lost."""
    with portal() as host:
        host.guard.protect(host.vic)
        client, other = remember(host), host.enter()
        (mine,) = read(other, OVERVIEW)["trusted_devices"]
        host.clock.move(3600)
        path = f"{PAGES}/devices/{mine['id']}/revoke"

        assert form(other, path).location == OVERVIEW
        assert host.lets_in(client, host.vic), "trust is about the next login"
        assert not come_back(host, client)
        assert send(other, path).get_json()["error"] == "unknown_device"
        assert names_of_events(host).count("device_revoked") == 1


def test_somebody_elses_device_cannot_be_revoked() -> None:
    """An id of another person is refused as unknown, and their trust stays."""
    with portal() as host:
        host.guard.protect(host.vic)
        host.guard.protect(host.ann)
        client, other = remember(host), remember(host, host.ann)
        (mine,) = read(client, OVERVIEW)["trusted_devices"]

        answer = send(other, f"{PAGES}/devices/{mine['id']}/revoke")
        assert (answer.status_code, answer.get_json()["error"]) == (400, "unknown_device")
        form(other, f"{PAGES}/devices/revoke")
        assert come_back(host, client)
        assert not come_back(host, other, host.ann)
