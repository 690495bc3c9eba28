"""The guard around a mounted WSGI app: who reaches it, who never does, and as whom."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import create_environ, run_wsgi_app
from werkzeug.wrappers import Response as BareResponse

from flask_twofactor import TwoFactorGuard

from .support.browsing import OurHost
from .support.guard import CHALLENGE, JSON, break_store, mend_store
from .support.host import cookie, put_cookie, session_of
from .support.mounted import (
    METHODS,
    MOUNT,
    PAGES,
    Inner,
    ask,
    by_remember_cookie,
    is_inside,
    mount,
    speaks_of_a_user,
)

SETUP = "/two-factor/setup"
FORM = "application/x-www-form-urlencoded"
LOOK_ALIKES = {
    "Remote-User": "ann",
    "Remote_User": "ann",
    "X-Remote-User": "ann",
    "X_Remote_User": "ann",
    "X-Forwarded-User": "ann",
    "X-Forwarded_User": "ann",
    "X-Forwarded-Preferred-Username": "ann",
    "X-Forwarded-Email": "ann@host.test",
    "X-Forwarded-Groups": "admin",
    "X-Auth-Request-User": "ann",
    "X-Auth-User": "ann",
    "X-Authenticated-User": "ann",
    "X-Authenticated-Userid": "1",
    "X-Goog-Authenticated-User-Email": "ann@host.test",
    "X-MS-Client-Principal-Name": "ann",
    "X-WebAuth-User": "ann",
    "X-User": "ann",
    "X-User-Id": "1",
    "X-Username": "ann",
    "X-Proxy-User": "ann",
    "X-Remote-Group": "admin",
    "X-SSL-Client-S-DN": "CN=ann",
    "Auth-Type": "Basic",
    "X-Consumer-Username": "ann",
    "X-Consumer-Custom-Id": "ann",
    "X-Credential-Identifier": "ann",
    "X-Userinfo": "ann",
    "X-Authentik-Uid": "ann",
    "X-Authentik-Name": "ann",
    "Remote-Name": "ann",
    "OIDC-CLAIM-sub": "ann",
    "OIDC_CLAIM_preferred_name": "ann",
    "Uid": "ann",
    "Eppn": "ann@host.test",
    "Persistent-Id": "ann",
    "X-MS-UPN": "ann",
    "X-Forwarded-Client-Cert": "Hash=ann",
    "X-SSL-Client-Verify": "SUCCESS of ann",
    "X-Login-Name": "ann",
    "X-Mail-Address": "ann@host.test",
}
KEPT = {
    "User-Agent": "davfs2",
    "Authorization": "Bearer of-its-own",
    "X-Forwarded-For": "192.0.2.1",
    "X-Forwarded-Proto": "https",
    "Sec-Fetch-User": "?1",
    "X-User-Timezone": "UTC",
    "X-Subscription": "42",
    "X-Filename-Id": "7",
    "Depth": "1",
    "Destination": "/files/b",
}


def strangers(host: OurHost) -> FlaskClient:
    """Open a browser of nobody."""
    return host.client()


def held(host: OurHost) -> FlaskClient:
    """Open a browser that is held."""
    return host.held()


def by_password_alone(host: OurHost) -> FlaskClient:
    """Open a browser whose session was written as if the password were enough."""
    client = host.client()
    with client.session_transaction() as session:
        session.update({"_user_id": host.vic.get_id(), "_fresh": True})
    return client


def by_copied_cookie(host: OurHost) -> FlaskClient:
    """Open a browser with the session cookie of somebody who logged out."""
    client = host.signed_in(host.vic)
    copied = cookie(client)
    client.post("/logout")
    put_cookie(client, copied)
    return client


OUTSIDE = {
    "stranger": (strangers, "/login?next=%2Ffiles%2Fa%3Fb%3D1"),
    "held": (held, CHALLENGE),
    "password alone": (by_password_alone, CHALLENGE),
    "remember cookie": (by_remember_cookie, CHALLENGE),
    "copied cookie": (by_copied_cookie, "/login?next=%2Ffiles%2Fa%3Fb%3D1"),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("who", OUTSIDE)
def test_who_stays_outside(who: str, method: str) -> None:
    """No method reaches the mounted app: pages are led on, everything else is told by JSON."""
    host = OurHost()
    inner = mount(host)
    made, leads_to = OUTSIDE[who]
    answer = ask(made(host), method, "/a?b=1")

    assert inner.asked == []
    assert not is_inside(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    if method in PAGES:
        assert (answer.status_code, answer.location) == (302, leads_to)
    else:
        known = leads_to == CHALLENGE
        assert answer.status_code == 401
        assert answer.get_json() == (
            {"error": "two_factor_required", "challenge_url": CHALLENGE}
            if known
            else {"error": "signed_out", "login_url": "/login"}
        )


@pytest.mark.parametrize("method", METHODS)
def test_who_must_set_up_stays_outside(method: str) -> None:
    """Who is signed in by password and must set up first is led to setup, or told."""
    host = OurHost(TWOFACTOR_REQUIRED_FOR="all")
    inner = mount(host)
    client = host.client()
    host.log_in(client, host.ann)
    answer = ask(client, method)

    assert inner.asked == []
    if method in PAGES:
        assert (answer.status_code, answer.location) == (302, SETUP)
    else:
        assert answer.status_code == 401
        assert answer.get_json() == {"error": "two_factor_setup_required", "setup_url": SETUP}


@pytest.mark.parametrize("method", METHODS)
def test_who_reaches_it(method: str) -> None:
    """Who passed the challenge, and who needs none, reaches it with any method, as themselves."""
    host = OurHost()
    inner = mount(host)
    plain = host.client()
    host.log_in(plain, host.ann)
    for client, user in ((host.signed_in(host.vic), host.vic), (plain, host.ann)):
        before = cookie(client)
        answer = ask(client, method, "/a/b?c=1")

        assert answer.status_code == 200
        assert answer.headers.getlist("Set-Cookie") == []
        assert cookie(client) == before
        asked = inner.asked[-1]
        assert asked["REMOTE_USER"] == user.id
        assert (asked["SCRIPT_NAME"], asked["PATH_INFO"]) == (MOUNT, "/a/b")
        assert (asked["REQUEST_METHOD"], asked["QUERY_STRING"]) == (method, "c=1")


def test_a_page_that_wants_json_is_told() -> None:
    """A GET of a script gets JSON instead of a redirect."""
    host = OurHost()
    mount(host)

    assert ask(host.held(), headers=JSON).get_json()["error"] == "two_factor_required"
    assert ask(host.client(), headers=JSON).status_code == 401


@pytest.mark.parametrize(("mode", "status"), [("navigate", 302), ("no-cors", 401), ("cors", 401)])
def test_what_is_in_a_page_is_no_page(mode: str, status: int) -> None:
    """A picture or a script's call is not led to a login page, nor leaves a message there."""
    host = OurHost()
    mount(host)
    client = host.client()
    answer = ask(client, headers={"Accept": "image/webp,*/*;q=0.8", "Sec-Fetch-Mode": mode})

    assert answer.status_code == status
    assert ("_flashes" in session_of(client)) is (status == 302)


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_no_header_says_who_it_is(name: str) -> None:
    """Whatever a client sends that speaks of a user never reaches the mounted app."""
    host = OurHost()
    inner = mount(host)
    client = host.signed_in(host.vic)
    for spelt in (name, name.lower(), name.upper(), name.swapcase()):
        assert is_inside(ask(client, headers={spelt: LOOK_ALIKES[name]}))
        assert speaks_of_a_user(inner.asked[-1]) == {"REMOTE_USER"}
        assert LOOK_ALIKES[name] not in inner.asked[-1].values()

    client.environ_base |= {f"HTTP_{name.upper()}": "ann"}  # as a server writes it that keeps "-"
    ask(client)
    assert speaks_of_a_user(inner.asked[-1]) == {"REMOTE_USER"}


@pytest.mark.parametrize(
    "name", ["REMOTE_USER", "AUTH_TYPE", "REMOTE_IDENT", "REDIRECT_REMOTE_USER", "LOGON_USER"]
)
def test_no_server_variable_says_who_it_is(name: str) -> None:
    """What a server put there before is replaced or taken out, and lets nobody in."""
    host = OurHost()
    inner = mount(host)
    client, stranger = host.signed_in(host.vic), host.client()
    for one in (client, stranger):
        one.environ_base |= {name: "ann"}
    ask(client)

    assert inner.asked[0].get("REMOTE_USER") == host.vic.id
    assert speaks_of_a_user(inner.asked[0]) == {"REMOTE_USER"}
    assert not is_inside(ask(stranger))


def test_other_headers_pass() -> None:
    """Headers that say nothing of a user reach the mounted app as they were sent."""
    host = OurHost()
    inner = mount(host)
    ask(host.signed_in(host.vic), headers=KEPT)

    found = {name: inner.asked[0]["HTTP_" + name.upper().replace("-", "_")] for name in KEPT}
    assert found == KEPT


def test_the_host_names_the_user() -> None:
    """`remote_user` gets the real user, and its text is the name."""
    host = OurHost()
    inner = mount(host, remote_user=lambda user: user.email)
    ask(host.signed_in(host.vic))

    assert inner.asked[0]["REMOTE_USER"] == host.vic.email


@pytest.mark.parametrize("name", ["", None, 7, b"vic", "vic\n", "vic\0", "\x7f"])
def test_a_name_that_is_none_lets_nobody_in(name: Any) -> None:
    """Without a usable name nobody reaches the mounted app, which might take them for another."""
    host = OurHost()
    inner = mount(host, remote_user=lambda _user: name)

    assert ask(host.signed_in(host.vic)).status_code == 503
    assert inner.asked == []


def test_a_name_that_fails_lets_nobody_in() -> None:
    """A host whose callback raises refuses."""
    host = OurHost()
    inner = mount(host, remote_user=lambda user: user.nickname)

    answer = ask(host.signed_in(host.vic), headers={"Accept-Language": "fr"})
    assert (answer.status_code, answer.text) == (503, "Veuillez réessayer dans un moment")
    assert inner.asked == []


@pytest.mark.parametrize("method", ["GET", "PUT", "PROPFIND"])
def test_an_answer_of_another_class_is_no_name(method: str) -> None:
    """An app whose answers are no Flask responses lets nobody in by that."""
    host = OurHost()
    host.app.response_class = BareResponse  # type: ignore[assignment]
    inner = mount(host)

    assert ask(host.client(), method).status_code in {302, 401}
    assert inner.asked == []


@pytest.mark.parametrize("method", ["GET", "PUT", "PROPFIND"])
def test_with_the_store_down_nobody_gets_in(method: str) -> None:
    """Store down: 503, the session is left alone, and works again afterwards."""
    host = OurHost()
    inner = mount(host)
    client = host.signed_in(host.vic)
    before = cookie(client)
    break_store(host.app)
    answer = ask(client, method)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert answer.is_json is (method != "GET")
    assert "Set-Cookie" not in answer.headers
    mend_store(host.app)
    assert inner.asked == []
    assert cookie(client) == before
    assert is_inside(ask(client, method))


def test_a_user_loader_that_fails_lets_nobody_in() -> None:
    """A host whose database is down refuses here too, with 503 and the session left alone."""
    host = OurHost()
    inner = mount(host)
    client = host.signed_in(host.vic)

    def down(_: str) -> None:
        message = "the host's database went away"
        raise RuntimeError(message)

    host.manager.user_loader(down)
    answer = ask(client)

    assert (answer.status_code, inner.asked) == (503, [])
    assert "Set-Cookie" not in answer.headers


def test_an_app_without_login_refuses() -> None:
    """An app that was never finished lets nobody through to the mount."""
    app, inner = Flask("bare"), Inner()
    answer = run_wsgi_app(TwoFactorGuard(inner, app), create_environ("/"))

    assert answer[1].startswith("503")
    assert inner.asked == []
