"""Doors around the app: contexts, proxies, sockets, server-side sessions, shared managers.

Each function tries one door on a fresh host and says whether somebody got in.
"""

from __future__ import annotations

from secrets import token_hex
from typing import Any, cast

from cachelib import SimpleCache
from flask import Flask, Request, Response, session
from flask.sessions import SessionInterface, SessionMixin
from flask_login import LoginManager, confirm_login, current_user, login_user
from flask_principal import Identity, Principal, identity_changed
from flask_session import Session
from flask_socketio import SocketIO

from .doors_inside import held
from .host import Host, who


def user_of_an_outer_context(host: Host) -> bool:
    """E20: two browsers' requests run inside one app context, which keeps the user."""
    host.guard.protect(host.vic)
    with host.app.app_context():
        host.signed_in(host.vic)
        return host.lets_in(host.client(), host.vic)


def forged_forwarded_for(host: Host) -> bool:
    """E21: Flask-Login's identifier believes a header that anybody can send."""
    host.guard.protect(host.vic)
    owner, thief = host.client("10.0.0.1"), host.client("10.6.6.6")
    host.log_in(owner, host.vic)
    host.guard.pass_second_factor(owner, host.vic)
    thief.environ_base["HTTP_X_FORWARDED_FOR"] = "10.0.0.1"
    host.log_in(thief, host.vic)
    return host.lets_in(thief, host.vic)


def session_id_kept_at_release(host: Host) -> bool:
    """E26: a server-side session whose id was seen while it was held."""
    host.app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
    Session(host.app)
    client = held(host)
    thief = host.copy_of(client)
    host.guard.pass_second_factor(client, host.vic)
    assert host.lets_in(client, host.vic), "the owner was not let in"
    return host.lets_in(thief, host.vic)


def paths_that_look_exempt(host: Host) -> bool:
    """E27: addresses that look like the guard's own, or like static files."""
    paths = ("/2fa-export", "/two-factor-export", "/export/static", "/two-factor/export")
    for number, path in enumerate(paths):
        host.view(path, f"export{number}", who)
    client = held(host)
    return any(host.vic.email in client.get(path).text for path in paths)


def keys_beside_flask_logins(host: Host) -> bool:
    """P1: an identity of Flask-Principal and a role, written after `login_user`."""
    Principal(host.app)

    def login() -> str:
        login_user(host.vic)
        identity_changed.send(host.app, identity=Identity(current_user.get_id()))
        session["role"] = "admin"
        return "welcome"

    def admin() -> str:
        return f"{session.get('role')} {session.get('identity.id')}"

    host.view("/principal", "principal_login", login, "POST")
    host.view("/admin", "admin", admin)
    host.guard.protect(host.vic)
    client = host.client()
    client.post("/principal")
    return client.get("/admin").text != "None None"


class OneObject(dict[str, Any], SessionMixin):
    """A session that its interface keeps and hands out again, the same object each time."""


class InMemory(SessionInterface):
    """Sessions in a dict of the process, as small hosts write them."""

    def __init__(self) -> None:
        self.kept: dict[str, OneObject] = {}

    def open_session(self, app: Flask, request: Request) -> OneObject:
        """Give the session of the browser's cookie, or a new one."""
        name = request.cookies.get(self.get_cookie_name(app), "")
        return self.kept.get(name) or OneObject()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Keep the object itself."""
        name = next((name for name, one in self.kept.items() if one is session), token_hex(16))
        self.kept[name] = cast("OneObject", session)
        response.set_cookie(self.get_cookie_name(app), name)


def keys_in_one_session_object(host: Host) -> bool:
    """P1b: an interface that hands out one object leaves no trace of what the login changed."""
    host.app.session_interface = InMemory()
    host.view("/cart", "cart", lambda: str(session.setdefault("cart", [])))
    host.view("/admin", "admin", lambda: str(session.get("role")))
    host.guard.protect(host.vic)
    client = host.client()
    client.get("/cart")
    host.log_in(client, host.vic)
    return client.get("/admin").text != "None"


def socket_opened_while_held(host: Host) -> bool:
    """S1: events of a socket never run `before_request`."""
    socketio = _sockets(host)
    client = held(host)
    return host.vic.email in _ask(socketio.test_client(host.app, flask_test_client=client))


def socket_opened_before_logout(host: Host) -> bool:
    """S2: a socket opened while verified keeps its session after the log-out."""
    socketio = _sockets(host)
    host.guard.protect(host.vic)
    client = host.signed_in(host.vic)
    socket = socketio.test_client(host.app, flask_test_client=client)
    assert host.vic.email in _ask(socket), "the socket does not know its owner"
    client.post("/logout")
    return host.vic.email in _ask(socket)


def replaced_manager(host: Host) -> bool:
    """M1: the host puts another login manager on the app after the guard was installed."""
    host.join(LoginManager())
    client = held(host)
    return host.lets_in(client, host.vic)


def shared_manager(host: Host) -> bool:
    """M1: one login manager serves a second app with a guard of its own."""
    host.guard.protect(host.vic)
    Host(type(host.guard)(), host.manager)
    host.manager.user_loader(host.load)
    client = host.client()
    host.log_in(client, host.vic)
    return host.lets_in(client, host.vic)


def fresh_is_not_verified(host: Host) -> bool:
    """Fresh: `confirm_login()` says nothing about a second factor."""

    def reauthenticate() -> str:
        confirm_login()
        return "thank you"

    host.view("/reauth", "reauth", reauthenticate, "POST")
    client = held(host)
    client.post("/reauth")
    return host.lets_in(client, host.vic)


def deactivated_while_held(host: Host) -> bool:
    """Inactive: somebody who was let through by force, or deactivated between the steps."""

    def forced() -> str:
        login_user(host.vic, force=True)
        return "welcome"

    host.view("/force", "force", forced, "POST")
    client = held(host)
    host.vic.is_active = False
    client.post("/force")
    host.guard.answer(client, host.guard.code(host.vic))
    return host.lets_in(client, host.vic)


def _sockets(host: Host) -> SocketIO:
    socketio = SocketIO(host.app, async_mode="threading")
    socketio.on_event("who", lambda: socketio.emit("you", who()))
    return socketio


def _ask(socket: Any) -> str:
    socket.emit("who")
    return str(socket.get_received())
