"""However a host logs somebody out, what their session carried ends on the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import request, session
from flask_login import login_user, logout_user

from flask_twofactor.stores import schema
from flask_twofactor.web import session as keys

from .support.browsing import OurHost, send
from .support.guard import CHALLENGE, break_store, mend_store
from .support.host import cookie, put_cookie, session_of
from .support.portal import portal
from .support.trust import remember, rows, value

STATIC = "/static/none.css"


def clear() -> None:
    """Empty the session."""
    session.clear()


WAYS: dict[str, Callable[[], Any]] = {
    "logout_user": logout_user,
    "clear, logout_user": lambda: (session.clear(), logout_user()),
    "logout_user, clear": lambda: (logout_user(), session.clear()),
    "clear": clear,
    "pop the id": lambda: session.pop("_user_id"),
}
PARAMS = [pytest.param(way, id=name) for name, way in WAYS.items()]
ways = pytest.mark.parametrize("way", PARAMS)


def leaving(host: OurHost, way: Callable[[], Any]) -> OurHost:
    """Give the host a page that logs out this way."""
    host.view("/leave", "leave", lambda: str(way()), "POST")
    return host


@ways
def test_a_copy_of_the_session_is_dead(way: Callable[[], Any]) -> None:
    """After the log-out a copied cookie lets nobody in, and the password alone neither."""
    host = leaving(OurHost(), way)
    client, copy = host.signed_in(host.vic), host.client()
    put_cookie(copy, cookie(client))
    client.post("/leave")

    assert not host.lets_in(client, host.vic)
    assert not host.lets_in(copy, host.vic)
    assert host.log_in(client, host.vic).location == CHALLENGE


@pytest.mark.parametrize("way", PARAMS[:-1])  # a held session has no id
def test_a_copy_of_the_hold_is_dead(way: Callable[[], Any]) -> None:
    """A held login that the host ends cannot be finished with a copied cookie."""
    host = leaving(OurHost(), way)
    client, copy = host.held(), host.client()
    client.get(CHALLENGE)
    put_cookie(copy, cookie(client))
    client.post("/leave")

    assert keys.HOLD not in session_of(client)
    assert copy.get(CHALLENGE).status_code == 401
    assert not host.lets_in(copy, host.vic)


def test_a_session_cleared_at_a_static_file_is_dead() -> None:
    """A hook that clears idle sessions may meet them at a static file, which loads nobody."""
    host = OurHost()
    host.app.before_request(lambda: session.clear() if request.path == STATIC else None)
    client, copy = host.signed_in(host.vic), host.client()
    put_cookie(copy, cookie(client))
    client.get(STATIC)

    assert not host.lets_in(copy, host.vic)


@pytest.mark.parametrize("other_is_protected", [False, True])
def test_another_persons_login_over_a_cleared_session_ends_the_first(
    *, other_is_protected: bool
) -> None:
    """`session.clear(); login_user(other)` leaves no live copy of the first session."""
    host = OurHost()
    if other_is_protected:
        host.guard.protect(host.ann)
    host.view("/switch", "switch", lambda: session.clear() or str(login_user(host.ann)), "POST")
    client, copy = host.signed_in(host.vic), host.client()
    put_cookie(copy, cookie(client))
    client.post("/switch")

    assert host.lets_in(client, host.ann) is not other_is_protected
    assert not host.lets_in(copy, host.vic)


@pytest.mark.parametrize("clears", [False, True])
def test_a_login_taken_back_in_its_request_leaves_no_proof(*, clears: bool) -> None:
    """`login_user` and then a log-out, under a proof: the session carries nothing any more."""

    def terms() -> str:
        login_user(host.vic)
        session.clear() if clears else logout_user()
        return "please accept the terms first"

    host = OurHost()
    host.view("/terms", "terms", terms, "POST")
    client = host.signed_in(host.vic)
    client.post("/terms")

    assert keys.OURS.isdisjoint(session_of(client))
    assert host.log_in(client, host.vic).location == CHALLENGE


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("clears", [False, True])
def test_a_first_login_taken_back_in_its_request_is_none(*, clears: bool, trusted: bool) -> None:
    """Who is refused after the password, by a log-out or a cleared session, can finish nothing."""

    def refuse() -> str:
        login_user(host.vic)
        session.clear() if clears else logout_user()
        return "this account is closed"

    with portal() as host:
        host.view("/closed", "closed", refuse, "POST")
        host.guard.protect(host.vic)
        client = remember(host) if trusted else host.client()
        client.post("/logout")
        before = value(host, client), len(rows(host, schema.proof))

        assert client.post("/closed").text == "this account is closed"
        assert keys.OURS.isdisjoint(session_of(client))
        assert not host.lets_in(client, host.vic)
        assert before == (value(host, client), len(rows(host, schema.proof)))


def test_a_log_out_after_the_release_leaves_nothing() -> None:
    """Whoever is logged out in the answer to the code is out, also if logged in again there."""
    host = OurHost()

    @host.guard.twofactor.after_release
    def out_and_in(user: Any, answer: Any) -> Any:
        logout_user()
        login_user(user)
        return answer

    client = host.held()
    host.right_code(client)
    assert not host.lets_in(client, host.vic)


def test_a_log_out_while_the_store_is_down_can_be_tried_again() -> None:
    """Clearing the session then gives 503 and leaves the cookie; later it works."""
    host = leaving(OurHost(), clear)
    client = host.signed_in(host.vic)
    break_store(host.app)
    assert client.post("/leave").status_code == 503
    mend_store(host.app)
    assert host.lets_in(client, host.vic)
    client.post("/leave")
    assert not host.lets_in(client, host.vic)


def test_the_pages_that_give_a_new_proof_end_no_other() -> None:
    """A step-up, a repeated login and a release leave the session alive."""
    host = OurHost()
    client = host.signed_in(host.vic)
    host.log_in(client, host.vic)
    assert host.lets_in(client, host.vic)
    send(client, "/two-factor/backup-codes")
    assert host.lets_in(client, host.vic)
