"""What passes through the guard of a mounted WSGI app, what reaches the browser, and paths."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from flask import Response, g
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import create_environ

from benchmarks.site import Site
from flask_twofactor import TwoFactorGuard, testing
from flask_twofactor.web import session as keys

from .support.browsing import OurHost, is_held
from .support.costs import statements
from .support.guard import CHALLENGE, Ours
from .support.host import cookie, session_of
from .support.mounted import MOUNT, PAGES, Inner, ask, by_remember_cookie, is_inside, mount
from .support.portal import OVERVIEW, portal, read
from .support.trust import names_of_events, tick, value

SETUP = "/two-factor/setup"
FORM = "application/x-www-form-urlencoded"


class Untouchable(io.RawIOBase):
    """A body that nobody may read."""

    def readinto(self, _buffer: object) -> int:
        """Fail."""
        raise AssertionError("the guard read the body")


@pytest.mark.parametrize("inside", [False, True])
def test_the_body_is_left_alone(*, inside: bool) -> None:
    """The guard reads no byte of the body, and hands on the very stream it got."""
    host = OurHost()
    host.manager.request_loader(lambda request: host.load(request.form.get("key", "")))
    inner = mount(host)
    inner.read = False
    client = host.signed_in(host.vic) if inside else host.client()
    body = Untouchable()
    sent = {
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
        "CONTENT_TYPE": FORM,
    }
    ask(client, "PUT", environ_overrides=sent)

    assert [one["wsgi.input"] for one in inner.asked] == ([body] if inside else [])


def test_what_was_sent_arrives() -> None:
    """Body, type and length reach the mounted app."""
    host = OurHost()
    inner = mount(host)
    sent = bytes(range(256)) * 1000
    ask(host.signed_in(host.vic), "PUT", data=sent, content_type="application/x-thing")

    assert inner.bodies == [sent]
    assert inner.asked[0]["CONTENT_LENGTH"] == str(len(sent))
    assert inner.asked[0]["CONTENT_TYPE"] == "application/x-thing"


def test_the_answer_is_the_mounted_apps_own() -> None:
    """What the mounted app returns is given back as it is: streams stay streams."""
    host = OurHost()
    client, given = host.signed_in(host.vic), iter([b"one"])
    seen: list[Any] = []

    def write(_piece: bytes) -> None:
        """Take a piece, as servers do for old apps."""

    def inner(_environ: Any, start: Any) -> Any:
        seen.append(start("200 OK", [("X-Own", "yes")]))
        seen.append(start("500 Oh", [], "what happened"))
        return given

    def start(*answer: Any) -> Any:
        seen.append(answer)
        return write

    environ = create_environ("/a", headers={"Cookie": f"session={cookie(client)}"})
    private = [("Vary", "Cookie"), ("Cache-Control", "private")]

    assert TwoFactorGuard(inner, host.app)(environ, start) is given
    assert seen == [
        ("200 OK", [("X-Own", "yes"), *private]),
        write,
        ("500 Oh", private, "what happened"),
        write,
    ]


def test_no_shared_cache_keeps_an_answer() -> None:
    """It hangs on a cookie, which the mounted app does not know; what it says of caches stays."""
    host = OurHost()
    said = [("Cache-Control", "public, max-age=60"), ("Vary", "Accept")]
    mount(host, lambda _environ, start: (start("200 OK", said), [b""])[1])
    answer = ask(host.signed_in(host.vic))

    assert answer.headers.getlist("Vary") == ["Accept", "Cookie"]
    assert answer.headers.getlist("Cache-Control") == ["public, max-age=60"]


def test_no_context_leaks() -> None:
    """The mounted app runs outside of any context of the Flask app, from first to last piece."""
    host = OurHost()
    inner = mount(host)

    assert "for 2" in ask(host.signed_in(host.vic)).text
    assert inner.contexts == [False] * 3


def test_an_open_context_gives_nobody_away() -> None:
    """Inside an app context that remembers a user, the next visitor is still nobody."""
    host = OurHost()
    inner = mount(host)
    client = host.signed_in(host.vic)
    with host.app.app_context():
        assert is_inside(ask(client))
        assert "_login_user" not in g
        assert not is_inside(ask(host.client()))
        assert not is_inside(ask(host.held()))

    assert len(inner.asked) == 1


def test_what_the_host_opened_is_closed() -> None:
    """The host's own teardown runs before the mounted app does."""
    host = OurHost()
    order: list[str] = []
    host.app.teardown_appcontext(lambda _error: order.append("closed"))
    client = host.signed_in(host.vic)
    mount(host, lambda _environ, start: (start("200 OK", []), order.append("inner"), [b""])[2])
    order.clear()
    ask(client)

    assert order == ["closed", "inner"]


# -- what reaches the browser ----------------------------------------------------------


def test_a_remembered_visit_is_held_and_comes_back() -> None:
    """Remember-me alone is held by the mount as by a page; the code leads back to it."""
    host = OurHost()
    mount(host)
    client = by_remember_cookie(host)
    assert ask(client, path="/a?b=1").location == CHALLENGE
    assert is_held(client)

    testing.pass_challenge(client, host.vic)
    assert is_inside(ask(client))


def test_a_trusted_device_is_asked_at_the_challenge() -> None:
    """Its value changes at each use, which no answer of the mount could send: a page leads there.

    One round through the challenge, without a question, and the session opens the mount.
    """
    with portal() as host:
        mount(host)
        host.guard.protect(host.vic)
        client = host.client()
        host.log_in(client, host.vic, remember="1")
        tick(host, client)
        first = value(host, client)
        client.delete_cookie("session")
        for method, status in [("GET", 302), ("PROPFIND", 401), ("PUT", 401), ("GET", 302)]:
            assert ask(client, method).status_code == status
        assert value(host, client) == first

        answer = client.get(CHALLENGE)
        assert answer.location == f"{MOUNT}/a"
        assert value(host, client) != first
        assert [is_inside(ask(client)) for _ in range(6)] == [True] * 6
        assert names_of_events(host).count("device_used") == 1
        assert len(read(client, OVERVIEW)["sessions"]) == 2


def test_a_remembered_visit_without_a_second_factor_passes() -> None:
    """Who needs no second factor is let in by remember-me, and nothing is set on the way."""
    host = OurHost()
    mount(host)
    client = host.client()
    host.log_in(client, host.ann, remember="1")
    client.delete_cookie("session")
    answer = ask(client)

    assert is_inside(answer)
    assert "Set-Cookie" not in answer.headers


def test_a_session_that_ended_elsewhere_is_signed_out() -> None:
    """The mount tells the browser that its session is over, as a page would."""
    host = OurHost()
    mount(host)
    client = host.signed_in(host.vic)
    with host.app.app_context():
        host.guard.twofactor.password_changed(host.vic)

    assert ask(client).location.startswith("/login")
    assert keys.PROOF not in session_of(client)


def test_using_the_mount_keeps_the_session_alive() -> None:
    """Who works in the mount alone is not idle."""
    host = OurHost(TWOFACTOR_PROOF_IDLE_MINUTES=10)
    mount(host)
    with testing.frozen_clock(host.app) as clock:
        client = host.signed_in(host.vic)
        for _ in range(5):
            clock.move(400)
            assert is_inside(ask(client))
        clock.move(601)
        assert not is_inside(ask(client))


def test_a_login_leads_on_to_the_mount() -> None:
    """The page that was asked for is where login and code lead."""
    host = OurHost()
    mount(host)
    client = host.client()
    asked = ask(client, path="/a")
    assert asked.location == "/login?next=%2Ffiles%2Fa"
    host.log_in(client, host.vic, next="/files/a")

    answer = host.right_code(client)
    assert answer.location == "/files/a"
    assert is_inside(client.get(answer.location))


# -- the host's own choices ------------------------------------------------------------


def test_the_hosts_handlers_answer_pages() -> None:
    """`held_handler` and the login manager's own handler have their say, and let nobody in."""
    host = OurHost()
    inner = mount(host)
    held_client = host.held()
    host.guard.twofactor.held_handler(lambda _request, reason: Response(reason, 418))
    host.manager.unauthorized_handler(lambda: "who are you?")

    assert ask(held_client).text == "challenge"
    assert ask(host.client()).text == "who are you?"
    assert inner.asked == []


def test_without_a_login_view_pages_get_401() -> None:
    """A host that names no login page answers strangers with 401."""
    host = OurHost()
    inner = mount(host)
    host.manager.login_view = None

    assert ask(host.client()).status_code == 401
    assert inner.asked == []


def test_a_key_of_the_request_loader() -> None:
    """A key is let in as on pages: who needs a second factor only if the host says so."""
    host = OurHost()
    inner = mount(host)
    by_key = {"ann": host.ann, "vic": host.vic}
    host.manager.request_loader(lambda request: by_key.get(request.headers.get("X-Key", "")))
    client = host.client()

    assert is_inside(ask(client, "PROPFIND", headers={"X-Key": "ann"}))
    assert not is_inside(ask(client, "PROPFIND", headers={"X-Key": "vic"}))
    host.guard.twofactor.request_loader_policy(lambda _request: True)
    assert is_inside(ask(client, "PROPFIND", headers={"X-Key": "vic"}))
    assert len(inner.asked) == 2


def test_an_untrusted_host_stays_outside() -> None:
    """A name that is none of TRUSTED_HOSTS is refused here as on the app's pages."""
    host = OurHost(TRUSTED_HOSTS=["localhost"])
    inner = mount(host)
    client = host.signed_in(host.vic)

    bare = host.app.test_client(use_cookies=False)
    sent = {"Cookie": f"session={cookie(client)}"}
    assert is_inside(ask(bare, headers=sent))
    for headers in (sent, {}):
        for path in ("/account", f"{MOUNT}/a"):
            answer = bare.get(path, headers=headers | {"Host": "evil.test"})
            assert answer.status_code == 400
        assert ask(bare, "PUT", headers=headers | {"Host": "evil.test"}).status_code == 400
    assert len(inner.asked) == 1


def test_a_rule_of_the_app_on_the_same_path_has_no_say() -> None:
    """A prerequisite page, where held people are real, opens no mount of the same address."""
    host = OurHost(Ours(prerequisite_endpoints=["welcome"]), TWOFACTOR_REQUIRED_FOR="all")
    host.view("/files/welcome", "welcome", lambda: "welcome", *PAGES, "PROPFIND")
    inner = mount(host)
    client = host.client()
    host.log_in(client, host.ann)

    assert ask(client, path="/welcome").location == SETUP
    assert ask(client, "PROPFIND", "/welcome").status_code == 401
    assert inner.asked == []


def test_an_app_under_a_prefix() -> None:
    """With APPLICATION_ROOT the links lead out of the mount, under the app's own prefix."""
    host = OurHost(APPLICATION_ROOT="/base")
    mount(host)
    client = host.client()
    answer = ask(client)  # the client sends SCRIPT_NAME by that setting
    assert answer.location == "/base/login?next=%2Fbase%2Ffiles%2Fa"
    assert ask(client, "PROPFIND").get_json()["login_url"] == "/base/login"
    host.log_in(client, host.vic)
    assert ask(client).location == f"/base{CHALLENGE}"
    testing.pass_challenge(client, host.vic)
    assert is_inside(ask(client))


@pytest.mark.parametrize(
    "path",
    [
        "/files",
        "/files/",
        "/%66iles/a",
        "/files%2fa",
        "/files%2Fa",
        "//files/a",
        "/./files/a",
        "/x/../files/a",
        "/files/../files/a",
        "/files/%2e%2e/a",
        "/files;a=b/a",
        "/FILES/a",
        "/files//a",
        "/files/static/a",
        "/files/two-factor/challenge",
        "/files/login",
        "/files\\a",
        "/files/a?next=/login",
        "/files/a%00",
        "/files/a%0d%0aX-Inner:yes",
    ],
)
@pytest.mark.parametrize("method", ["GET", "PROPFIND"])
def test_no_spelling_of_a_path_leads_around(method: str, path: str) -> None:
    """The guard is around the app: however a path is spelt, strangers and held people stay out."""
    host = OurHost()
    inner = mount(host)
    for client in (host.client(), host.held()):
        answer = client.open(path, method=method)

        assert inner.asked == []
        assert not is_inside(answer)
        assert "evil" not in (answer.location or "")


@pytest.mark.parametrize(("email", "most"), [(None, 0), ("ann", 1), ("bob", 1)])
def test_a_visit_costs_one_statement(tmp_path: Path, email: str | None, most: int) -> None:
    """The guard asks the store once about whoever is signed in, and nothing about strangers."""
    site = Site(tmp_path / "host", protected=True)
    guard = TwoFactorGuard(Inner(), site.app)
    site.app.wsgi_app = DispatcherMiddleware(site.app.wsgi_app, {MOUNT: guard})  # type: ignore[method-assign]
    client = site.stranger() if email is None else site.log_in(email)
    client.get(MOUNT)
    found = statements(site, lambda: client.get(MOUNT))
    site.close()

    assert (len(found.seen), found.begun) == (most, 0)
