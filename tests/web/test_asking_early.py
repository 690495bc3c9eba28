"""`is_held()` asked where nobody was loaded yet: it finds out, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask, request_started

from .support.browsing import OurHost, is_held
from .support.host import cookie, put_cookie, session_of
from .support.portal import CONFIRM, SETUP, Portal, portal

HOUR = 3600
STATIC = "/static/none.css"


def ask_in_a_hook(host: OurHost | Portal) -> list[bool]:
    """Ask in every `before_request`, static files too."""
    told: list[bool] = []
    host.app.before_request(lambda: told.append(host.guard.twofactor.is_held()))
    return told


def ask_at_the_start(host: OurHost | Portal) -> list[bool]:
    """Ask in a receiver of `request_started`, before any of our own hooks."""
    told: list[bool] = []

    def ask(_app: Flask, **_: object) -> None:
        told.append(host.guard.twofactor.is_held())

    request_started.connect(ask, sender=host.app, weak=False)
    return told


Ask = Callable[[OurHost | Portal], list[bool]]
PLACES = [pytest.param(ask_in_a_hook, id="hook"), pytest.param(ask_at_the_start, id="start")]
everywhere = pytest.mark.parametrize("ask", PLACES)


@pytest.fixture
def plain_host() -> Iterator[Portal]:
    """A host whose clock stands still; nobody is protected."""
    with portal() as opened:
        yield opened


@everywhere
@pytest.mark.parametrize("path", [STATIC, "/account"])
def test_asking_renews_no_password(plain_host: Portal, ask: Ask, path: str) -> None:
    """A session of five hours ago is still asked for its password before a first setup."""
    ask(plain_host)
    thief = plain_host.plain()
    plain_host.clock.move(5 * HOUR)
    thief.get(path)

    assert thief.get(SETUP).location.startswith(CONFIRM)


@everywhere
@pytest.mark.parametrize("path", [STATIC, "/account"])
def test_asking_renews_no_proof(ask: Ask, path: str) -> None:
    """A session that was let in keeps its proof: nobody logged in."""
    host = OurHost()
    told = ask(host)
    client = host.signed_in(host.vic)
    before, copy = session_of(client), host.client()
    put_cookie(copy, cookie(client))
    told.clear()
    client.get(path)

    assert told == [False]
    assert session_of(client) == before
    assert host.lets_in(copy, host.vic), "the proof was rotated away"


@everywhere
def test_asking_for_a_deleted_user_costs_nobody_a_page(ask: Ask) -> None:
    """A session whose user is gone is a stranger's, not a failure."""
    host = OurHost()
    ask(host)
    for path in ("/login", "/whoami", STATIC):
        client = host.client()
        with client.session_transaction() as session:
            session["_user_id"] = "99"
        assert client.get(path).status_code in {200, 404}


@everywhere
def test_asking_at_a_static_file_vets_an_older_session(ask: Ask) -> None:
    """A session from before the setup is found to be held, wherever the question is asked."""
    host = OurHost()
    told = ask(host)
    older = host.client()
    with older.session_transaction() as session:
        session.update({"_user_id": host.vic.get_id(), "_fresh": True})
    older.get(STATIC)

    assert told == [True]
    assert is_held(older)


@everywhere
@pytest.mark.parametrize("path", ["/whoami", STATIC])
def test_asking_keeps_nobody_of_an_outer_context(ask: Ask, path: str) -> None:
    """The user of an earlier request in one app context is not taken for the next browser's."""
    host = OurHost()
    ask(host)
    plain = host.client()
    host.log_in(plain, host.ann)
    with host.app.app_context():
        assert host.signed_in(host.vic)
        assert host.client().get("/whoami").text == "nobody"
        assert plain.get(path).status_code in {200, 404}
        assert plain.get("/whoami").text == host.ann.email
