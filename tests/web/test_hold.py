"""A held login: what its browser may see, where it is led, and how it ends."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Response, session
from flask.testing import FlaskClient
from flask_login import current_user, login_required, login_user
from jinja2 import DictLoader

from flask_twofactor.testing import frozen_clock
from flask_twofactor.web.state import app_state

from .support.browsing import CANCEL, OurHost, csrf_token, double_click, is_held, send
from .support.guard import CHALLENGE, JSON, break_store, fail, mend_store
from .support.host import cookie, put_cookie, session_of, who

REMEMBER = "remember_token"


@pytest.fixture
def host() -> OurHost:
    """The little host."""
    return OurHost()


# -- where a held browser is led --------------------------------------------------------------


def test_a_protected_page_leads_to_the_challenge(host: OurHost) -> None:
    """What `login_required` would send to the login page goes to the challenge instead."""
    assert host.held().get("/account").location == CHALLENGE


def test_an_open_page_answers_as_for_a_stranger(host: OurHost) -> None:
    """A page that anybody may see is not redirected."""
    assert host.held().get("/whoami").text == "nobody"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_login_page_leads_to_the_challenge(host: OurHost, method: str) -> None:
    """A held person who opens the login page again is led on."""
    assert host.held().open("/login", method=method).location == CHALLENGE


def test_a_stranger_sees_the_login_page(host: OurHost) -> None:
    """Without a hold the login page is the host's own."""
    assert host.client().get("/login").text == "the login page"


def test_a_wrong_password_tells_nothing() -> None:
    """Before the password is right nobody learns who has a second factor (ASVS 6.3.8)."""
    host, answers = OurHost(), []
    for person in (host.vic, host.ann):
        client = host.client()
        answer = client.post("/login", data={"email": person.email, "password": "a guess"})
        answers.append((answer.status_code, answer.text, answer.headers.getlist("Set-Cookie")))

    assert answers[0] == answers[1]
    assert host.held()


@pytest.mark.parametrize("accept", ["application/json", "application/json, text/plain, */*"])
def test_json_clients_are_told_where_the_challenge_is(host: OurHost, accept: str) -> None:
    """Login and protected pages answer JSON clients with 401 and a stable code."""
    client, headers = host.client(), {"Accept": accept}
    fields = {"email": host.vic.email, "password": "a-password"}
    answers = [client.post("/login", json=fields, headers=headers)]
    answers.append(client.get("/account", headers=headers))
    expected = {"error": "two_factor_required", "challenge_url": CHALLENGE}

    assert [(answer.status_code, answer.get_json()) for answer in answers] == [(401, expected)] * 2


@pytest.mark.parametrize("accept", ["*/*", "text/html, application/json", "text/html,*/*;q=0.8"])
def test_other_clients_get_html(host: OurHost, accept: str) -> None:
    """A client that does not prefer JSON is redirected."""
    assert host.held().get("/account", headers={"Accept": accept}).status_code == 302


def test_held_handler_answers_instead(host: OurHost) -> None:
    """The host may answer a held visitor itself, and learns why they are held."""
    host.guard.twofactor.held_handler(lambda request, reason: (f"{reason} at {request.path}", 418))
    client = host.client()
    login = host.log_in(client, host.vic)

    assert (login.status_code, login.text) == (418, "challenge at /login")
    assert client.get("/account").text == "challenge at /account"


def test_a_failing_held_handler_lets_nobody_in(host: OurHost) -> None:
    """If the host's answer fails, the usual one is given."""

    @host.guard.twofactor.held_handler
    def handler(*_: Any) -> Response:
        message = "no answer"
        raise RuntimeError(message)

    assert host.held().get("/account").location == CHALLENGE


def test_allow_while_held(host: OurHost) -> None:
    """A view that asked for it is never redirected, not even as the login page."""
    allow = host.guard.twofactor.allow_while_held
    allow(host.app.view_functions["login"])
    host.view("/help", "help", allow(login_required(lambda: "help")))
    client = host.held()

    assert client.get("/login").text == "the login page"
    assert client.get("/help").location.startswith("/login")


def test_login_disabled_changes_nothing_of_ours() -> None:
    """`LOGIN_DISABLED` opens the host's views, as it says, and none of ours."""
    host = OurHost(LOGIN_DISABLED=True)
    client = host.held()

    assert client.get("/account").text == "?"
    assert client.get("/two-factor/").location == CHALLENGE
    assert host.client().get("/two-factor/", headers=JSON).status_code == 401
    assert host.client().get("/two-factor/setup/totp", headers=JSON).status_code == 401


# -- how a hold ends --------------------------------------------------------------------------


def test_cancel_ends_the_hold_and_forgets_the_browser(host: OurHost) -> None:
    """After a cancelled login neither hold nor remember-me cookie is left."""
    client, thief = host.held(), host.client()
    client.set_cookie(REMEMBER, "2|something")
    put_cookie(thief, cookie(client))
    code = host.guard.code(host.vic)
    assert send(client, CHALLENGE, CANCEL).location == "/login"

    assert not is_held(client)
    assert cookie(client, REMEMBER) is None
    assert host.guard.answer(thief, code).get_json()["error"] == "hold_gone"


def test_the_hosts_log_out_ends_the_hold(host: OurHost) -> None:
    """A log-out that reaches `logout_user()` is enough."""
    client = host.held()
    client.post("/logout")

    assert not is_held(client)
    assert client.get("/account").location.startswith("/login")


def test_an_expired_hold_leads_back_to_the_password(host: OurHost) -> None:
    """After ten minutes a right code is worth nothing, and the page says what to do."""
    with frozen_clock(host.app) as clock:
        client = host.held()
        client.set_cookie(REMEMBER, "2|something")
        token = csrf_token(client)
        clock.move(600)
        code = host.guard.code(host.vic)
        fields = {"csrf_token": token, "method": "totp", "code": code}
        answer = client.post(CHALLENGE, data=fields)

    assert answer.status_code == 401
    assert "took too long" in answer.text
    assert 'href="/login"' in answer.text
    assert not is_held(client)
    assert cookie(client, REMEMBER) is None
    assert not host.lets_in(client, host.vic)


def test_a_hold_stands_until_its_last_second(host: OurHost) -> None:
    """A code typed in time lets in."""
    with frozen_clock(host.app) as clock:
        client = host.held()
        clock.move(599)

        assert host.right_code(client).location == "/account"


def test_a_changed_password_ends_a_hold(host: OurHost) -> None:
    """A hold from before the epoch moved asks for the password again."""
    client = host.held()
    with host.app.app_context():
        host.guard.twofactor.password_changed(host.vic)

    assert client.get(CHALLENGE).status_code == 401
    assert not is_held(client)


def test_a_new_login_replaces_the_hold(host: OurHost) -> None:
    """A second password step ends the first one's hold."""
    client = host.held()
    older = host.copy_of(client)
    host.log_in(client, host.vic)

    assert host.guard.answer(older, host.guard.code(host.vic)).status_code == 401
    assert host.right_code(client).location == "/account"


def test_somebody_elses_login_replaces_the_hold(host: OurHost) -> None:
    """A login that needs no second factor goes through, and the hold is gone."""
    client = host.held()
    host.log_in(client, host.ann)

    assert host.lets_in(client, host.ann)
    assert not is_held(client)


@pytest.mark.parametrize("path", ["/login-async", "/sign-in-async"])
def test_a_login_in_an_async_view_is_held(host: OurHost, path: str) -> None:
    """Views that Flask runs in an event loop of their own are no way around."""

    async def log_in() -> str:
        login_user(host.vic, remember=True)
        return f"welcome {current_user.email}"

    async def write_the_session() -> str:
        session.update({"_user_id": host.vic.get_id(), "_fresh": True, "_remember": "set"})
        return f"welcome {host.vic.email}"

    host.view("/login-async", "login_async", log_in, "POST")
    host.view("/sign-in-async", "sign_in_async", write_the_session, "POST")
    client = host.client()
    answer = client.post(path)

    assert answer.location == CHALLENGE
    assert host.vic.email not in answer.text
    assert cookie(client, "remember_token") is None
    assert is_held(client)
    assert not host.lets_in(client, host.vic)
    host.guard.pass_second_factor(client, host.vic)
    assert host.lets_in(client, host.vic)


# -- several tabs, impatient fingers ----------------------------------------------------------


@pytest.mark.parametrize("permanent", [False, True])
def test_a_double_click_says_signed_in_and_touches_no_cookie(
    host: OurHost, *, permanent: bool
) -> None:
    """The second of two equal posts leads on, and cannot undo the session of the first."""

    def last_long() -> None:
        session.permanent = permanent

    host.app.before_request(last_long)
    client = host.held()
    fields = {"csrf_token": csrf_token(client), "method": "totp"}
    fields["code"] = host.guard.code(host.vic)
    second = double_click(client, lambda browser: browser.post(CHALLENGE, data=fields))

    assert second.status_code == 200
    assert "You are signed in" in second.text
    assert second.headers.getlist("Set-Cookie") == []
    assert host.lets_in(client, host.vic)


def test_a_second_tab_is_led_on_after_the_release(host: OurHost) -> None:
    """A tab that still shows the challenge goes to the landing page when it is reloaded."""
    client = host.held()
    token = csrf_token(client)
    host.right_code(client)
    fields = {"csrf_token": token, "method": "totp", "code": "000000"}

    assert client.get(CHALLENGE).location == "/"
    assert client.post(CHALLENGE, data=fields).location == "/"
    assert host.lets_in(client, host.vic)


def test_the_back_button_sends_the_password_again(host: OurHost) -> None:
    """Sending the login form again under a valid proof asks nothing."""
    client = host.signed_in(host.vic)

    assert host.log_in(client, host.vic).location == "/account"
    assert host.lets_in(client, host.vic)


def test_a_browser_without_a_hold_is_led_to_the_login(host: OurHost) -> None:
    """A challenge without a sign-in says that cookies may have been cleared."""
    stranger = host.client()
    answer = stranger.post(CHALLENGE, data={"code": "123456"})

    assert stranger.get(CHALLENGE).location == "/login"
    assert (answer.status_code, "cookies were cleared" in answer.text) == (401, True)


# -- when something is broken -----------------------------------------------------------------


@pytest.mark.parametrize("template", ["raises.html", "missing.html"])
def test_a_base_template_that_raises(template: str, caplog: pytest.LogCaptureFixture) -> None:
    """The bundled base is used, the error is logged, and the login can be finished."""
    host = OurHost(TWOFACTOR_BASE_TEMPLATE=template)
    host.app.jinja_loader = DictLoader({"raises.html": "{{ current_user.email.upper() }}"})
    client = host.held()

    assert client.get(CHALLENGE).status_code == 200
    assert template in caplog.text
    assert host.right_code(client).location == "/account"


def test_a_lost_store_lets_nobody_in(host: OurHost) -> None:
    """Without the store logins, visits and answers get 503, and nothing is lost."""
    inside, held, stranger = host.signed_in(host.vic), host.held(), host.client()
    fields = {"csrf_token": csrf_token(held), "method": "totp", "code": "123456"}
    break_store(host.app)
    answers = [
        host.log_in(stranger, host.vic),
        host.log_in(stranger, host.ann),
        inside.get("/account"),
        held.post(CHALLENGE, data=fields),
    ]

    assert {answer.status_code for answer in answers} == {503}
    assert all("Nothing was lost" in answer.text for answer in answers)
    assert not any(host.vic.email in answer.text for answer in answers)
    assert "_user_id" not in session_of(stranger)
    mend_store(host.app)
    assert host.lets_in(inside, host.vic)
    host.guard.pass_second_factor(held, host.vic)
    assert host.lets_in(held, host.vic)
    assert not host.lets_in(stranger, host.ann)


def test_no_view_runs_for_a_visit_that_cannot_be_checked(host: OurHost) -> None:
    """A visitor who comes logged in waits until the store is back, before any code of the host."""
    ran: list[str] = []
    host.view("/count", "count", lambda: ran.append("view") or "counted")
    client = host.signed_in(host.vic)
    break_store(host.app)

    assert client.get("/count").status_code == 503
    assert ran == []


def test_a_store_lost_during_the_login_changes_nothing(
    host: OurHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the hold cannot be written, the session stays as it came and nobody is in."""
    client = host.client()
    with client.session_transaction() as found:
        found["cart"] = 1
    store = app_state(host.app).ports.store
    monkeypatch.setattr(store, "transaction", fail("the disk is full"))
    answer = host.log_in(client, host.vic, remember="1")

    assert answer.status_code == 503
    assert cookie(client, REMEMBER) is None
    assert session_of(client) == {"cart": 1}


def test_a_store_lost_when_a_session_becomes_held_loses_nothing(
    host: OurHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the session held is still there when the store is back."""
    client = host.client()
    before = {"_user_id": host.vic.get_id(), "_fresh": True, "cart": 1}
    with client.session_transaction() as found:
        found.update(before)
    with monkeypatch.context() as patched:
        store = app_state(host.app).ports.store
        patched.setattr(store, "transaction", fail("the disk is full"))
        assert client.get("/whoami").status_code == 503

    assert session_of(client) == before
    assert client.get("/account").location == CHALLENGE


def test_the_login_request_itself_ends_with_nobody(host: OurHost) -> None:
    """Host code in the login request sees the real user; when it is over nobody is there."""
    seen: list[str] = []
    host.app.after_request(lambda response: seen.append(f"after {who()}") or response)
    host.app.teardown_request(lambda _: seen.append(f"teardown {who()}"))
    host.log_in(host.client(), host.vic)

    assert seen == [f"after {host.vic.email}", "teardown nobody"]


def test_an_open_page_needs_no_store(host: OurHost) -> None:
    """Anonymous visitors and static files are served while the store is down."""
    inside: FlaskClient = host.signed_in(host.vic)
    break_store(host.app)

    assert host.client().get("/whoami").text == "nobody"
    with inside.get("/two-factor/static/twofactor.css") as answer:
        assert answer.status_code == 200
