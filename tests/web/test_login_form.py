"""The code field on the host's own login page."""

from __future__ import annotations

import pytest
from cachelib import SimpleCache
from flask import session
from flask_login.signals import user_logged_in
from flask_session import Session

from .support.host import cookie, session_of
from .support.login_form import FormHost, form_host, protected_host
from .support.portal import CHALLENGE, form, make_codes, read
from .support.trust import come_back, names_of_events


def test_a_right_code_finishes_the_login_at_once() -> None:
    """Password and code together: in, on to where the host's own answer leads, keys given back."""
    with protected_host() as host:
        client = host.client()
        answer = host.give(client, host.code())

        assert (answer.status_code, answer.location) == (303, "/account")
        assert answer.headers["Cache-Control"] == "no-store"
        assert host.lets_in(client, host.vic)
        assert session_of(client)["role"] == "admin"
        assert names_of_events(host)[-2:] == ["challenge_required", "verified"]


def test_without_a_code_the_challenge_asks() -> None:
    """An empty field is the two-step flow; nothing is counted and no error shown."""
    with protected_host() as host:
        client = host.client()

        assert host.give(client, "  ").location == CHALLENGE
        assert client.get(CHALLENGE).status_code == 200
        assert host.failures() == 0
        assert form(client, CHALLENGE, code=host.code()).location == "/account"


def test_a_wrong_code_leads_to_the_challenge_with_its_error() -> None:
    """The error stands at the challenge's field once, is counted once, and a right code enters."""
    with protected_host() as host:
        client = host.client()
        assert host.give(client, "000000").location == CHALLENGE
        assert not host.lets_in(client, host.vic)

        page = client.get(CHALLENGE)
        assert page.status_code == 400
        assert "That code is not right" in page.text
        assert 'aria-invalid="true"' in page.text
        again = client.get(CHALLENGE)
        assert (again.status_code, "not right" in again.text) == (200, False)
        assert host.failures() == 1
        assert form(client, CHALLENGE, code=host.code()).location == "/account"
        assert host.lets_in(client, host.vic)


def test_a_backup_code_is_taken() -> None:
    """A backup code enters once, says what is left, and a second time is refused as spent."""
    with protected_host() as host:
        (code, *_) = make_codes(host.enter())
        client = host.client()
        page = host.give(client, code.lower())

        assert page.status_code == 200
        assert "You used a backup code, 9 left" in page.text
        assert page.headers["Cache-Control"] == "no-store"
        assert host.lets_in(client, host.vic)

        thief = host.client()
        assert host.give(thief, code).location == CHALLENGE
        page = thief.get(CHALLENGE)
        assert "already used" in page.text
        assert 'value="backup_code"' in page.text
        assert not host.lets_in(thief, host.vic)


def test_the_tick_remembers_the_device() -> None:
    """With a right code the tick trusts this browser: the next login asks for nothing."""
    with protected_host() as host:
        client = host.client()
        host.give(client, host.code(), remember_device="y")

        assert "device_trusted" in names_of_events(host)
        assert come_back(host, client)


def test_without_the_tick_no_device_is_remembered() -> None:
    """A right code alone trusts nothing."""
    with protected_host() as host:
        client = host.client()
        host.give(client, host.code())

        assert "device_trusted" not in names_of_events(host)
        assert not come_back(host, client)


@pytest.mark.parametrize("code", ["", "000000"])
def test_the_tick_goes_along_to_the_challenge(code: str) -> None:
    """Whoever ticked and has to go on at the challenge finds the box ticked, also on reload."""
    with protected_host() as host:
        client = host.client()
        host.give(client, code, remember_device="y")

        pages = [client.get(CHALLENGE).text for _ in range(2)]
        assert all('value="1" checked' in page for page in pages)
        other = host.client()
        host.give(other, code)
        assert "checked" not in other.get(CHALLENGE).text


def test_a_backup_code_trusts_no_device() -> None:
    """The tick beside a backup code does nothing."""
    with protected_host() as host:
        (code, *_) = make_codes(host.enter())
        client = host.client()
        host.give(client, code, remember_device="y")

        assert host.lets_in(client, host.vic)
        assert not come_back(host, client)


def test_a_code_typed_on_a_trusted_device_is_looked_at() -> None:
    """A wrong one is an error there too; a right one is used up and counts as a full factor."""
    with protected_host() as host:
        client = host.client()
        host.give(client, host.code(), remember_device="y")
        client.post("/logout")
        assert host.give(client, "000000").location == CHALLENGE
        assert names_of_events(host)[-1] == "failed"

        code = host.code()
        assert host.give(client, code).location == "/account"
        assert names_of_events(host)[-1] == "verified"
        assert host.give(host.client(), code).location == CHALLENGE
        assert come_back(host, client), "the device is still trusted"


def test_the_wish_to_stay_signed_in_is_kept() -> None:
    """The remember-me cookie comes with the right code and never with a wrong one."""
    with protected_host() as host:
        client = host.client()
        host.give(client, "000000", remember="y")
        assert cookie(client, "remember_token") is None
        host.give(client, host.code(), remember="y")

        assert cookie(client, "remember_token") is not None


def test_the_host_sees_a_hold_and_then_a_release() -> None:
    """The view sees a hold; the second signal and `after_release` see somebody who is in."""
    with protected_host() as host:
        signals, released = [], []

        def hear(*_: object, **__: object) -> None:
            signals.append(host.twofactor.is_held())

        @host.twofactor.after_release
        def note(user: object, answer: object) -> None:
            released.append((user, host.twofactor.is_held()))
            session["greeted"] = True

        user_logged_in.connect(hear, sender=host.app)
        client = host.client()
        host.give(client, host.code())

        assert host.was_held
        assert signals == [True, False]
        assert released == [(host.vic, False)]
        assert session_of(client)["greeted"]


def test_a_session_on_the_server_gets_a_new_id() -> None:
    """With Flask-Session the login of one request enters too, under another id than it came with."""
    host = FormHost()
    host.app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
    Session(host.app)
    host.guard.protect(host.vic)
    client = host.client()
    host.give(client)
    before = cookie(client)
    host.give(client, host.guard.code(host.vic))

    assert host.lets_in(client, host.vic)
    assert cookie(client) != before


def test_json_clients_are_told_where_to_go_on() -> None:
    """Right: `ok` and `next`. Wrong: the stable code, a token, and the challenge's address."""
    with protected_host() as host:
        client = host.client()
        wrong = host.say(client, "000000")
        assert wrong.status_code == 400
        assert wrong.get_json()["error"] == "wrong_code"
        assert wrong.get_json()["challenge_url"] == CHALLENGE
        assert read(client, CHALLENGE)["method"] == "totp"
        none = host.say(client)
        assert (none.status_code, none.get_json()["error"]) == (401, "two_factor_required")

        right = host.say(client, host.code(), remember_device=True)
        assert right.get_json() == {"ok": True, "next": "/account", "device_trusted": True}
        assert host.lets_in(client, host.vic)


def test_the_error_waits_for_a_page_that_shows_it() -> None:
    """A script's or a link checker's look at the challenge does not take the error away."""
    with protected_host() as host:
        client = host.client()
        host.give(client, "000000")
        assert read(client, CHALLENGE)["method"] == "totp"
        client.head(CHALLENGE)

        assert "That code is not right" in client.get(CHALLENGE).text


def test_the_hosts_own_answer_to_held_people_stays() -> None:
    """With a `held_handler` a JSON client gets its answer, not ours, whatever it typed."""
    with protected_host() as host:
        host.twofactor.held_handler(lambda _request, reason: {"mine": reason})
        client = host.client()

        assert host.say(client, "000000").get_json() == {"mine": "challenge"}
        assert host.failures() == 1
        assert not host.lets_in(client, host.vic)


def test_who_has_nothing_set_up_may_type_what_they_like() -> None:
    """A code for somebody without two-factor authentication changes and counts nothing."""
    with protected_host() as host:
        client = host.client()
        answer = host.give(client, "000000", email=host.ann.email, remember_device="y")

        assert (answer.status_code, answer.location) == (302, "/account")
        assert host.lets_in(client, host.ann)
        assert host.failures(host.ann) == 0
        assert names_of_events(host) == ["enrolled"], "only Vic's, from before"


def test_who_must_set_up_is_led_there() -> None:
    """A code cannot stand in for a setup that is required."""
    with form_host(TWOFACTOR_REQUIRED_FOR="all") as host:
        client = host.client()

        assert host.give(client, "000000").location == "/two-factor/setup"
        assert not host.lets_in(client, host.vic)
        assert host.failures() == 0
