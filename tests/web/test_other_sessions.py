"""Whatever turns two-factor authentication on, off or over ends every other session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import redirect, session
from flask.testing import FlaskClient
from flask_login import login_user, logout_user
from jinja2 import DictLoader
from werkzeug.test import TestResponse

from .support.host import Person
from .support.portal import (
    CHALLENGE,
    CODES,
    DISABLE,
    OVERVIEW,
    SETUP,
    STEP_UP,
    Portal,
    change_of,
    finish_setup,
    form,
    portal,
    scanned_code,
    send,
)

Change = Callable[[Portal, FlaskClient], TestResponse]
BLOCKS = ("title", "head", "content", "scripts")
ENDED = "Your other sessions were signed out."


def _add(host: Portal, client: FlaskClient) -> TestResponse:
    return finish_setup(host, client, name="Second")


def _remove(host: Portal, client: FlaskClient) -> TestResponse:
    _add(host, client)
    return form(client, change_of(client, "Test phone", "remove"))


def _disable(_host: Portal, client: FlaskClient) -> TestResponse:
    return form(client, DISABLE)


def _new_password(_host: Portal, client: FlaskClient) -> TestResponse:
    return client.post("/password")


@pytest.mark.parametrize("change", [_add, _remove, _disable, _new_password])
def test_a_change_keeps_this_session_and_ends_the_others(change: Change) -> None:
    """Signed-in browsers and open holds of the person end; others' sessions do not."""
    with portal() as host:
        host.add_password_page()
        host.guard.protect(host.ann)
        mine, neighbour = host.protected(), host.enter(host.ann)
        other, held = host.enter(), host.held()
        mine = host.enter()

        change(host, mine)

        assert host.lets_in(mine, host.vic)
        assert host.lets_in(neighbour, host.ann)
        assert not host.lets_in(other, host.vic)
        assert form(held, CHALLENGE, method="totp", code=host.code()).status_code == 401
        assert not host.lets_in(held, host.vic)


def test_turning_on_ends_the_other_sessions() -> None:
    """A session from before, by password alone, is signed out and told why."""
    with portal() as host:
        mine, other = host.plain(), host.plain()
        answer = finish_setup(host, mine)

        assert "Two-Factor Authentication is now enabled" in answer.text
        assert "Your other sessions were signed out." in answer.text
        assert host.lets_in(mine, host.vic)
        assert not host.lets_in(other, host.vic)
        with other.session_transaction() as kept:
            assert "security settings changed" in str(kept["_flashes"])


@pytest.mark.parametrize("change", [_add, _remove, _disable])
@pytest.mark.parametrize("flashes", ["", "{{ get_flashed_messages() }}"])
def test_it_is_said_once_that_the_others_ended(change: Change, flashes: str) -> None:
    """Where the change leads, in any frame of the host's, and not on the page after it."""
    with portal(TWOFACTOR_BASE_TEMPLATE="frame.html") as host:
        blocks = "".join(f"{{% block {name} %}}{{% endblock %}}" for name in BLOCKS)
        host.app.jinja_loader = DictLoader({"frame.html": flashes + blocks})
        client = host.protected()
        answer = change(host, client)
        page = client.get(OVERVIEW) if answer.status_code == 303 else answer

        assert page.text.count(ENDED) == 1
        assert ENDED not in client.get(OVERVIEW).text


def test_it_is_not_said_where_nothing_ended() -> None:
    """A new name and new backup codes end no session."""
    with portal() as host:
        client = host.plain()
        finish_setup(host, client)
        form(client, change_of(client, "Authenticator app", "rename"), name="Pixel 9")

        assert ENDED not in client.get(OVERVIEW).text
        assert ENDED not in form(client, CODES).text


def test_a_script_is_told_that_the_others_ended() -> None:
    """The answer says so itself; nothing is left behind for a page."""
    with portal() as host:
        client = host.plain()
        code = scanned_code(host, client)

        assert send(client, SETUP, code=code).get_json()["others_ended"] is True
        assert send(client, DISABLE).get_json()["others_ended"] is True
        assert ENDED not in client.get(OVERVIEW).text


def test_a_new_password_of_somebody_without_a_second_factor() -> None:
    """The others end too, and this session goes on without a proof."""
    with portal() as host:
        host.add_password_page()
        mine, other = host.plain(), host.plain()

        mine.post("/password")

        assert host.lets_in(mine, host.vic)
        assert not host.lets_in(other, host.vic)
        assert host.lets_in(host.plain(), host.vic)


def test_a_reset_ends_all_sessions_and_holds() -> None:
    """After a reset the password logs in again, and nobody else is still there."""
    with portal() as host:
        client, other, held = host.protected(), host.enter(), host.held()
        with host.app.app_context():
            host.twofactor.reset(host.vic, actor="support", reason="lost phone")

        assert not host.lets_in(client, host.vic)
        assert not host.lets_in(other, host.vic)
        assert form(held, CHALLENGE, method="totp", code=host.code()).status_code == 401
        assert host.lets_in(host.plain(), host.vic)
        event = next(one for one in host.events if one.name == "admin_reset")
        assert (event.actor, event.reason) == ("support", "lost phone")


@pytest.mark.parametrize("forgotten", [True, False])
def test_a_new_person_under_the_id_of_a_deleted_one(forgotten: bool) -> None:  # noqa: FBT001
    """The app says who was deleted: then no old session opens. If not, the new one is held."""
    with portal() as host:
        old = host.protected()
        if forgotten:
            with host.app.app_context():
                host.twofactor.forget_user(host.vic)
        new = Person(host.vic.id, "new@host.test", "New Elm")
        host.people = [new]

        held = host.log_in(host.client(), new).location == CHALLENGE
        assert held is not forgotten
        assert not (forgotten and host.lets_in(old, new))


def add_reset_page(host: Portal, *, first: str) -> None:
    """Give the host a page that sets a new password and logs in, in either order."""

    def reset() -> Any:
        if first == "login":
            login_user(host.vic)
        host.twofactor.password_changed(host.vic)
        if first == "change":
            login_user(host.vic)
        return redirect("/account")

    def both() -> Any:
        logout_user()
        return reset()

    host.view("/reset", "reset", reset, "POST")
    host.view("/reset-anew", "reset_anew", both, "POST")


@pytest.mark.parametrize("first", ["login", "change"])
def test_a_password_reset_that_logs_in_is_held_and_can_be_finished(first: str) -> None:
    """A reset never passes the second factor, and its hold is not ended by itself."""
    with portal() as host:
        add_reset_page(host, first=first)
        host.guard.protect(host.vic)
        other, client = host.enter(), host.client()

        assert client.post("/reset").location == CHALLENGE
        assert not host.lets_in(client, host.vic)
        assert not host.lets_in(other, host.vic)
        assert form(client, CHALLENGE, method="totp", code=host.code()).location == "/account"
        assert host.lets_in(client, host.vic)


@pytest.mark.parametrize("first", ["login", "change"])
@pytest.mark.parametrize("page", ["/reset", "/reset-anew"])
def test_ones_own_second_factor_opens_no_reset_of_another(page: str, first: str) -> None:
    """Who passed as oneself and resets somebody else's password proves nothing of them."""
    with portal() as host:
        add_reset_page(host, first=first)
        host.guard.protect(host.vic)
        host.guard.protect(host.ann)
        client = host.enter(host.ann)
        client.post(page)

        for _ in range(2):
            assert not host.lets_in(client, host.vic)
            with client.session_transaction() as kept:
                assert "_tf_proof" not in kept
            host.log_in(client, host.vic)
        assert form(client, DISABLE).location == CHALLENGE


def test_a_proof_of_somebody_else_is_not_taken_over() -> None:
    """Who signs in as another person without a second factor brings no fresh one along."""
    with portal() as host:
        add_reset_page(host, first="login")
        host.guard.protect(host.ann)
        client = host.enter(host.ann)
        client.post("/reset")

        assert host.lets_in(client, host.vic)
        with client.session_transaction() as kept:
            assert "_tf_proof" not in kept


def test_a_change_keeps_what_the_host_keeps() -> None:
    """The host's own keys of this session survive the change."""
    with portal() as host:

        def remember() -> str:
            session["basket"] = [1, 2]
            return "kept"

        host.view("/basket", "basket", remember, "POST")
        client = host.protected()
        client.post("/basket")
        form(client, DISABLE)

        with client.session_transaction() as kept:
            assert kept["basket"] == [1, 2]
            assert kept["role"] == "admin"
        assert client.get(STEP_UP).location == OVERVIEW
