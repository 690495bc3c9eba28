"""Recipes for extensions of Flask: each keeps a held person out and lets a released one in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from secrets import token_hex
from typing import Any

import pytest
from flask.testing import FlaskClient

from flask_twofactor.testing import pass_challenge

from .kitchen import ANN, CHALLENGE, VIC, code_of, cook, log_in, protect, prove, settings, shows


@pytest.mark.redis
def test_flask_session_on_redis(redis_uri: str) -> None:
    """Sessions in Redis: the id of the held session is dead after the release."""
    app = cook("flask-session")["create_app"](redis_uri, **settings())
    prove(app, shows("/account", f"The account of {VIC.email}"))

    client, thief = app.test_client(), app.test_client()
    log_in(client)
    held = client.get_cookie("session")
    assert held is not None
    thief.set_cookie("session", held.value)
    pass_challenge(client, VIC)
    assert client.get("/account").status_code == 200
    assert thief.get("/account").status_code != 200
    assert client.get_cookie("session").value != held.value  # type: ignore[union-attr]
    app.config["SESSION_REDIS"].close()


@pytest.mark.redis
def test_an_emptied_redis(redis_uri: str) -> None:
    """Everybody is signed out, and is asked for a code again."""
    prefix = f"{token_hex(8)}:"
    app = cook("flask-session")["create_app"](redis_uri, **settings(SESSION_KEY_PREFIX=prefix))
    client = prove(app, shows("/account", VIC.email))
    store = app.config["SESSION_REDIS"]
    store.delete(*store.keys(f"{prefix}*"))

    assert client.get("/account").status_code == 401
    assert log_in(client).location == CHALLENGE
    store.close()


def test_redis_down() -> None:
    """Nobody gets in, by an error of Flask-Session's own."""
    config = settings(PROPAGATE_EXCEPTIONS=False)
    app = cook("flask-session")["create_app"]("unix:///nowhere/redis.sock", **config)
    client = app.test_client()

    assert log_in(client).status_code == 500
    assert client.get("/account").status_code == 401


@pytest.fixture
def without_babel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be a host that has not installed Flask-Babel, which Flask-Admin would need set up."""
    monkeypatch.setitem(sys.modules, "flask_babel", None)


@pytest.mark.usefixtures("without_babel")
def test_flask_admin() -> None:
    """The admin area by `is_accessible`; held people are led to the challenge from each page."""
    app = cook("flask-admin")["app"]
    client = prove(app, shows("/admin/servers/", "All servers."))

    assert client.get("/admin/").status_code == 200
    held = app.test_client()
    log_in(held)
    for path in ("/admin/", "/admin/servers/", "/admin/vault/"):
        assert held.get(path).location == CHALLENGE
    assert app.test_client().get("/admin/servers/").location.startswith("/login")


@pytest.mark.usefixtures("without_babel")
def test_flask_admin_for_protected_people_only() -> None:
    """A guarded blueprint lets nobody in who has no second factor, and a step-up guards a view."""
    app = cook("flask-admin")["app"]
    plain = app.test_client()
    log_in(plain, ANN)
    assert "/two-factor/setup" in plain.get("/admin/vault/").location
    assert plain.get("/admin/servers/").status_code == 200

    protect(app)
    client = app.test_client()
    log_in(client)
    pass_challenge(client, VIC)
    assert client.get("/admin/vault/").text == "All keys."
    assert client.post("/admin/servers/restart").text == "Restarted."


def test_flask_principal() -> None:
    """A permission is given to who was released, and to nobody held, signed out or without it."""
    app = cook("flask-principal")["app"]
    client = prove(app, shows("/servers", "All servers."))

    held = app.test_client()
    log_in(held)
    assert held.get("/servers").location == CHALLENGE
    client.post("/logout")
    assert client.get("/servers").location.startswith("/login")
    other = app.test_client()
    log_in(other, ANN)
    assert other.get("/servers").status_code == 403


def test_flask_principal_with_sessions() -> None:
    """The identity that a login view puts into the session waits for the release."""
    names = cook("flask-principal")
    app, login = names["app"], names["app"].view_functions["login"]
    names["Principal"](app, use_sessions=True)

    def tell() -> Any:
        answer = login()
        changed, identity = names["identity_changed"], names["Identity"](VIC.id)
        changed.send(app, identity=identity)
        return answer

    app.view_functions["login"] = tell
    protect(app)
    client = app.test_client()
    log_in(client)
    assert not _knows_identity(client)
    pass_challenge(client, VIC)
    assert _knows_identity(client)


def _knows_identity(client: FlaskClient) -> bool:
    with client.session_transaction() as session:
        return session.get("identity.id") == VIC.id


def test_flask_limiter() -> None:
    """The limit by address stands before login and challenge, and lets in who stays below it."""
    app = cook("api-keys")["app"]
    exec(code_of("../limit-by-address"), {"app": app})
    prove(app, shows("/account", f"The account of {VIC.email}"))

    guesses = [app.test_client().post(CHALLENGE).status_code for _ in range(40)]
    assert guesses[-1] == 429
    other = app.test_client()
    other.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    assert other.post(CHALLENGE).status_code == 401, "nobody is held there, and that is all"


def test_flask_talisman() -> None:
    """Under a policy of nothing but the app's own files, over HTTPS only."""
    app = cook("flask-talisman", {"PREFERRED_URL_SCHEME": "https"})["app"]
    client = prove(app, shows("/account", f"The account of {VIC.email}"))

    answer = client.get("/two-factor/")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none';")
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Frame-Options"] == "DENY"
    cookies = [cookie for name, cookie in answer.headers if name == "Set-Cookie"]
    assert all("Secure" in cookie for cookie in cookies)
    plain = client.get("/two-factor/", base_url="http://localhost")
    assert plain.location == "https://localhost/two-factor/"


def test_flask_socketio() -> None:
    """A held browser cannot connect; a released one can; log-out closes it at its next event."""
    names = cook("flask-socketio")
    app, socketio = names["app"], names["socketio"]

    def connects(client: FlaskClient) -> bool:
        return bool(_socket(socketio, client).is_connected())

    client = prove(app, connects)
    assert _is_closed_by(lambda: client.post("/logout"), socketio, client)


def test_an_open_socket_is_closed_by_signing_out_elsewhere() -> None:
    """Signing out everywhere ends an open socket at its next event."""
    names = cook("flask-socketio")
    app, socketio = names["app"], names["socketio"]
    client = prove(app, lambda one: bool(_socket(socketio, one).is_connected()))

    def sign_out() -> None:
        with app.app_context():
            names["twofactor"].sign_out_everywhere(VIC)

    assert _is_closed_by(sign_out, socketio, client)


def _socket(socketio: Any, client: FlaskClient) -> Any:
    return socketio.test_client(client.application, flask_test_client=client)


def _is_closed_by(end: Callable[[], object], socketio: Any, client: FlaskClient) -> bool:
    socket = _socket(socketio, client)
    assert _ask(socket) == [f"The servers of {VIC.email}."]
    end()
    assert _ask(socket) == []
    return not socket.is_connected()


def _ask(socket: Any) -> list[str]:
    socket.emit("servers")
    received = socket.get_received() if socket.is_connected() else []
    return [one["args"][0] for one in received]
