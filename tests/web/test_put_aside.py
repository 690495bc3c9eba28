"""What the login request did to the session is put aside, and comes back at release."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from flask import redirect, session
from flask.testing import FlaskClient
from flask_login import login_user

from flask_twofactor.flows import logging_in
from flask_twofactor.web import session as keys
from flask_twofactor.web.state import app_state

from .support.browsing import OurHost, is_held
from .support.guard import JSON
from .support.host import Person, session_of

BEFORE = {"cart": {"items": [1]}, "referrer": "search", "theme": "dark"}


class BusyHost(OurHost):
    """Its login view changes the session in every way, and then sends the visitor on."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.writes: dict[str, object] = {}
        self.target = "/account"
        self.view("/busy", "busy", self.busy, "POST")

    def busy(self) -> Any:
        """Log in and write."""
        login_user(self.vic)
        session["cart"]["items"].append(2)
        session.modified = True
        session.pop("referrer")
        session.update(self.writes)
        return redirect(self.target)

    def visitor(self) -> FlaskClient:
        """Open a browser that looked around before it logs in."""
        client = self.client()
        with client.session_transaction() as found:
            found.update(BEFORE)
        return client


@pytest.fixture
def host() -> BusyHost:
    """The busy host."""
    return BusyHost()


def the_hosts_keys(client: FlaskClient) -> dict[str, Any]:
    """Give the session without Flask-Login's keys and ours."""
    ours = {*keys.OURS, keys.CSRF, "_user_id", "_fresh", "_id"}
    return {key: value for key, value in session_of(client).items() if key not in ours}


def test_the_session_is_as_before_while_held(host: BusyHost) -> None:
    """New, changed, nested and removed keys are undone until the code comes."""
    host.writes = {"role": "admin", "theme": "light"}
    client = host.visitor()
    client.post("/busy")

    assert is_held(client)
    assert the_hosts_keys(client) == BEFORE


def test_everything_comes_back_at_release(host: BusyHost) -> None:
    """At release the session is as the login view left it."""
    host.writes = {"role": "admin", "theme": "light", "pair": (1, b"2")}
    client = host.visitor()
    client.post("/busy")
    host.guard.pass_second_factor(client, host.vic)

    assert the_hosts_keys(client) == {
        "cart": {"items": [1, 2]},
        "theme": "light",
        "role": "admin",
        "pair": (1, b"2"),
    }


def test_what_was_put_aside_wins(host: BusyHost) -> None:
    """A value that was written while held gives way to the login's own."""
    host.writes = {"theme": "light"}
    host.view("/theme", "theme", lambda: session.update(theme="blue") or "", "POST")
    client = host.visitor()
    client.post("/busy")
    client.post("/theme")
    assert session_of(client)["theme"] == "blue"
    host.guard.pass_second_factor(client, host.vic)

    assert session_of(client)["theme"] == "light"


def test_a_csrf_token_is_never_put_aside(host: BusyHost) -> None:
    """The token that the login request made stays, and is a new one after the release."""
    host.writes = {keys.CSRF: "made-at-login"}
    client = host.visitor()
    client.post("/busy")
    assert session_of(client)[keys.CSRF] == "made-at-login"
    host.guard.pass_second_factor(client, host.vic)

    assert session_of(client).get(keys.CSRF) != "made-at-login"


@pytest.mark.parametrize("value", [object(), {"nested": object()}, "x" * 16 * 1024])
def test_what_cannot_be_kept_refuses_the_login(
    host: BusyHost, caplog: pytest.LogCaptureFixture, value: object
) -> None:
    """A key that cannot be kept is named in the log; the page is plain and nobody is in."""
    host.writes = {"odd": value}
    client = host.visitor()
    with caplog.at_level(logging.ERROR, "flask_twofactor"):
        answer = client.post("/busy")

    assert answer.status_code == 500
    assert "This sign-in could not be finished" in answer.text
    assert "odd" not in answer.text
    assert "'odd'" in caplog.text
    assert the_hosts_keys(client) == BEFORE
    assert not is_held(client)
    assert not host.lets_in(client, host.vic)


def test_a_json_client_is_told_that_its_login_was_refused(host: BusyHost) -> None:
    """The refusal of an unkeepable login has a stable code."""
    host.writes = {"odd": object()}
    answer = host.visitor().post("/busy", headers=JSON)

    assert (answer.status_code, answer.get_json()) == (500, {"error": "login_refused"})


def test_nearly_sixteen_kilobytes_are_kept(host: BusyHost) -> None:
    """A large key that fits waits on the server, not in a cookie."""
    host.writes = {"big": "x" * 15 * 1024}
    client = host.visitor()
    answer = client.post("/busy")
    assert max(map(len, answer.headers.getlist("Set-Cookie"))) < 4096

    with host.app.app_context():
        held, _ = logging_in.look_up(app_state().ports, session_of(client)[keys.HOLD])
    assert held.kept is not None
    assert "x" * 15 * 1024 in held.kept.session


@pytest.mark.parametrize(
    ("target", "landed"),
    [
        ("/orders?page=2", "/orders?page=2"),
        ("http://localhost/orders", "/orders"),
        ("https://localhost/orders#top", "/orders"),
        ("https://elsewhere.test/orders", "/"),
        ("//elsewhere.test/orders", "/"),
        ("/\\elsewhere.test", "/"),
        ("orders", "/"),
    ],
)
def test_the_hosts_redirect_is_where_the_release_leads(
    host: BusyHost, target: str, landed: str
) -> None:
    """The login view's own target is kept, as a page of this host."""
    host.target = target
    client = host.visitor()
    client.post("/busy")

    assert host.right_code(client).location == landed


def test_the_loader_may_read_what_was_put_aside() -> None:
    """Put-aside keys are back before the host's `user_loader` runs at release."""
    host = OurHost()

    def login() -> str:
        login_user(host.vic)
        session["shop"] = "north"
        return "welcome"

    def load(login_id: str) -> Person | None:
        return host.load(login_id) if session.get("shop") == "north" else None

    host.manager.user_loader(load)
    host.view("/shop-login", "shop_login", login, "POST")
    client = host.client()
    client.post("/shop-login")
    assert is_held(client)
    host.right_code(client)

    assert host.lets_in(client, host.vic)


def test_a_login_over_another_persons_session_takes_its_keys_too() -> None:
    """Keys that belonged to whoever was logged in before do not stay in a held session."""
    host = OurHost()
    client = host.client()
    host.log_in(client, host.ann)
    with client.session_transaction() as found:
        found["anns"] = "orders"
    host.log_in(client, host.vic)

    assert is_held(client)
    assert the_hosts_keys(client) == {}
    assert not host.lets_in(client, host.ann)


def older_session(host: OurHost, **values: object) -> FlaskClient:
    """Open a browser that was logged in before the extension was there."""
    client = host.client()
    with client.session_transaction() as found:
        found.update({"_user_id": host.vic.get_id(), "_fresh": True, "role": "admin", **values})
    return client


def test_a_session_that_becomes_held_gives_up_its_keys() -> None:
    """A logged-in session that is held later has them back at release, and its page too."""
    host = OurHost()
    client = older_session(host)
    assert client.get("/account?tab=2").location == "/two-factor/challenge"
    assert the_hosts_keys(client) == {}

    assert host.right_code(client).location == "/account?tab=2"
    assert the_hosts_keys(client) == {"role": "admin"}


def test_a_session_whose_keys_cannot_be_kept_is_logged_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If a session that becomes held is too large to keep, its login ends."""
    monkeypatch.setattr(keys, "MOST_BYTES", 1000)
    host = OurHost()
    client = older_session(host, big="x" * 2000)
    client.get("/account")

    assert not is_held(client)
    assert not host.lets_in(client, host.vic)
