"""The code field on the login page in the hands of somebody who should not get in."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_twofactor.web.state import app_state

from .support.guard import STORE_CALLS, mend_store
from .support.host import cookie, put_cookie, session_of
from .support.login_form import DOOR, FormHost, protected_host
from .support.portal import CHALLENGE, form, make_codes
from .support.trust import copy, names_of_events, value


def look(answer: TestResponse) -> tuple[Any, ...]:
    """Give what a stranger sees of an answer."""
    headers = [(name, text) for name, text in answer.headers if name != "Set-Cookie"]
    return answer.status_code, headers, answer.data.replace(b"ann@", b"vic@")


def asked(host: FormHost, **fields: Any) -> list[str]:
    """Give the calls of the store that one try at the login page, by a fresh browser, makes."""
    store, seen = app_state(host.app).ports.store, []

    def heard(name: str) -> Callable[..., Any]:
        call = getattr(store, name)

        def noting(*arguments: Any, **options: Any) -> Any:
            seen.append(name)
            return call(*arguments, **options)

        return noting

    for name in STORE_CALLS:
        setattr(store, name, heard(name))
    host.give(host.client(), **fields)
    mend_store(host.app)
    return seen


def test_a_wrong_password_with_the_right_code() -> None:
    """The code is not looked at: nothing is counted, asked or told, and it is still good."""
    with protected_host() as host:
        code = host.code()
        seen = names_of_events(host)
        for _ in range(20):
            assert host.give(host.client(), code, password="wrong").status_code == 400
        assert asked(host, code=code, password="wrong") == []

        assert names_of_events(host) == seen
        assert host.failures() == 0
        client = host.client()
        host.give(client, code)
        assert host.lets_in(client, host.vic)


@pytest.mark.parametrize("code", ["", "000000", "0" * 25, "no code"])
def test_a_stranger_cannot_tell_who_has_two_factor_authentication(code: str) -> None:
    """Without the password the page and the answers are the same for both, to the byte."""
    with protected_host() as host:
        pages, answers = [], []
        for person in (host.vic, host.ann):
            client = host.client()
            pages.append(look(client.get(DOOR, query_string={"email": person.email})))
            answers.append(look(host.give(client, code, email=person.email, password="wrong")))
            assert not session_of(client)

    assert pages[0] == pages[1]
    assert answers[0] == answers[1]


def test_a_wrong_password_costs_the_same_for_everybody() -> None:
    """Nothing is asked of the store, so that no time can tell who has two-factor authentication."""
    with protected_host() as host:
        for person in (host.vic, host.ann):
            assert asked(host, code="000000", email=person.email, password="wrong") == []


def test_a_typed_code_costs_nothing_for_who_has_no_factor() -> None:
    """With the password of somebody without 2FA, a code makes no call of the store more."""
    with protected_host() as host:
        bare = asked(host, email=host.ann.email)

        assert "standing" in bare
        assert asked(host, email=host.ann.email, code="000000") == bare


def test_a_replayed_code() -> None:
    """The code of a login that succeeded opens no second one, there or at the challenge."""
    with protected_host() as host:
        code = host.code()
        owner, thief = host.client(), host.client()
        host.give(owner, code)
        assert host.give(thief, code).location == CHALLENGE

        page = thief.get(CHALLENGE)
        assert page.status_code == 400
        assert "That code was just used" in page.text
        assert names_of_events(host)[-1] == "replay_seen"
        assert form(thief, CHALLENGE, method="totp", code=code).status_code == 400
        assert not host.lets_in(thief, host.vic)
        assert host.lets_in(owner, host.vic)


def test_a_code_of_the_challenge_is_no_code_of_the_form() -> None:
    """A code works once over both places, whichever came first."""
    with protected_host() as host:
        code = host.code()
        assert form(host.held(), CHALLENGE, method="totp", code=code).status_code == 303

        client = host.client()
        host.give(client, code)
        assert not host.lets_in(client, host.vic)


def test_one_code_in_many_browsers_at_once() -> None:
    """Of eight logins that bring the same password and code at one time, one gets in."""
    with protected_host() as host:
        code, start = host.code(), Barrier(8)
        clients = [host.client() for _ in range(8)]

        def enter(client: FlaskClient) -> str | None:
            start.wait()
            return host.give(client, code).location

        with ThreadPoolExecutor(8) as pool:
            places = list(pool.map(enter, clients))

        assert sorted(places, key=str) == ["/account", *[CHALLENGE] * 7]
        assert [host.lets_in(client, host.vic) for client in clients].count(True) == 1


def test_guesses_at_the_form_are_limited() -> None:
    """Five wrong codes, then a wait in which the right one is not looked at, and not used up."""
    with protected_host() as host:
        for _ in range(5):
            host.give(host.client(), "000000")
        code, client = host.guard.code(host.vic), host.client()
        host.give(client, code)
        assert not host.lets_in(client, host.vic)
        assert host.failures() == 5

        page = client.get(CHALLENGE)
        assert (page.status_code, page.headers["Retry-After"]) == (429, "30")
        assert "Too many tries. Wait 30 seconds" in page.text
        assert "throttled" in names_of_events(host)
        host.clock.move(30)
        assert host.give(host.client(), code).location == "/account"


def test_form_and_challenge_share_one_budget() -> None:
    """Whoever guesses here and there has no more tries than in one place."""
    with protected_host() as host:
        for _ in range(2):
            client = host.client()
            host.give(client, "000000")
            form(client, CHALLENGE, method="totp", code="000000")
        assert host.failures() == 4
        host.give(host.client(), "000000")

        assert host.say(host.client(), host.guard.code(host.vic)).status_code == 429


def test_the_wait_is_told_as_it_is_when_the_page_is_read() -> None:
    """A page opened later says what is left of the wait; after it there is no error to show."""
    with protected_host() as host:
        for _ in range(5):
            host.give(host.client(), "000000")
        early, late = host.client(), host.client()
        host.give(early, "000000")
        host.give(late, "000000")

        host.clock.move(12)
        assert early.get(CHALLENGE).headers["Retry-After"] == "18"
        host.clock.move(18)
        assert late.get(CHALLENGE).status_code == 200


def test_a_backup_code_with_a_wrong_password() -> None:
    """It is not looked at, so not spent."""
    with protected_host() as host:
        (code, *_) = make_codes(host.enter())
        host.give(host.client(), code, password="wrong")
        client = host.client()
        host.give(client, code)

        assert host.lets_in(client, host.vic)


def test_a_stolen_remember_me_cookie_with_a_wrong_password() -> None:
    """A visit that the cookie alone holds is no password: a code beside a wrong one is not read."""
    with protected_host() as host:
        owner = host.client()
        host.give(owner, host.code(), remember="y")
        thief, code = host.client(), host.code()
        put_cookie(thief, cookie(owner, "remember_token"), "remember_token")
        before = host.failures()

        host.give(thief, code, password="wrong")
        assert not host.lets_in(thief, host.vic)
        assert host.failures() == before
        assert names_of_events(host).count("verified") == 1
        assert host.give(host.client(), code).location == "/account", "it was not used up"


def test_somebody_elses_code() -> None:
    """The code of one person opens no login of another, and is counted for the other."""
    with protected_host() as host:
        host.guard.protect(host.ann)
        client = host.client()
        host.give(client, host.code(host.ann))

        assert not host.lets_in(client, host.vic)
        assert (host.failures(), host.failures(host.ann)) == (1, 0)


def test_a_stale_copy_of_a_trusted_device_is_told_though_a_code_was_typed() -> None:
    """A stolen device cookie that came back does not hide behind a code."""
    with protected_host() as host:
        client = host.client()
        host.give(client, host.code(), remember_device="y")
        stolen = value(host, client)
        for _ in range(2):
            client.post("/logout")
            host.give(client)
        before = names_of_events(host)
        host.give(copy(host, stolen), "000000")

        assert "device_stale_used" in names_of_events(host)[len(before) :]
