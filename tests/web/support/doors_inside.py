"""Doors inside the app: hooks, views, loaders, counters and tokens that meet a held login.

Each function tries one door on a fresh host and says whether somebody got in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from flask import (
    Request,
    Response,
    make_response,
    render_template_string,
    request,
    session,
    stream_with_context,
)
from flask.testing import FlaskClient
from flask_login import FlaskLoginClient, current_user, login_user
from flask_login.signals import user_logged_in
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from .host import PASSWORD, Host, Person, cookie, put_cookie, who

TOKEN = "the-api-token-of-vic"


def held(host: Host, user: Person | None = None) -> FlaskClient:
    """Open a browser whose login waits for the code."""
    user = user or host.vic
    host.guard.protect(user)
    client = host.client()
    host.log_in(client, user)
    return client


def hooks_that_look(host: Host) -> bool:
    """E8a: hooks around every request look at who is there."""
    seen: list[str] = []

    def look(*_: Any) -> Any:
        seen.append(who())
        return _[0] if _ and isinstance(_[0], Response) else None

    host.app.before_request_funcs.setdefault(None, []).insert(0, look)
    host.app.after_request(look)
    host.app.teardown_request(look)
    host.app.context_processor(lambda: look() or {})
    host.view("/open", "open", lambda: render_template_string("open"))
    client = held(host)
    seen.clear()
    client.get("/open")
    client.get("/whoami")
    return host.vic.email in seen


def pages_no_view_serves(host: Host) -> bool:
    """E8b: error handlers and URL preprocessors run where no view stands."""
    seen: list[str] = []
    host.app.url_value_preprocessor(lambda *_: seen.append(who()))
    host.app.register_error_handler(404, lambda _: (f"not found, {who()}", 404))
    host.app.register_error_handler(405, lambda _: (f"not so, {who()}", 405))
    client = held(host)
    seen.clear()
    answers = client.get("/nowhere").text + client.delete("/account").text
    client.get("/login")
    return host.vic.email in answers or host.vic.email in seen


def earlier_hook_that_answers(host: Host) -> bool:
    """E8c: a hook that runs before the guard's answers by itself."""

    def answer_first() -> str | None:
        return f"the dashboard of {who()}" if request.path == "/dashboard" else None

    host.app.before_request_funcs.setdefault(None, []).insert(0, answer_first)
    return host.vic.email in held(host).get("/dashboard").text


def mounted_app(host: Host) -> bool:
    """E9: another WSGI app under the host reads the host's session."""

    def legacy(environ: Any, start_response: Any) -> Iterable[bytes]:
        with host.app.request_context(environ):
            answer = Response(f"{who()} {session.get('_user_id')}")
        return answer(environ, start_response)

    client = held(host)
    app: Any = host.app
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/legacy": legacy})
    answer = client.get("/legacy/").text
    return host.vic.email in answer or answer.endswith(f" {host.vic.get_id()}")


def counter_turned_back(host: Host) -> bool:
    """E10: replay the same cookie for each guess; the tenth is right."""
    client = held(host)
    kept = cookie(client)
    for number in range(9):
        put_cookie(client, kept)
        host.guard.answer(client, f"00000{number}")
    put_cookie(client, kept)
    host.guard.answer(client, host.guard.code(host.vic))
    return host.lets_in(client, host.vic)


def secret_in_a_cookie(host: Host) -> bool:
    """E11: read all that the held browser was given."""
    client = held(host)
    with client.session_transaction() as kept:
        readable = json.dumps(dict(kept), default=str)
    return any(secret in readable for secret in host.guard.secrets(host.vic))


def visit_by_remember_cookie(host: Host) -> bool:
    """E12: a remember-me cookie from before the setup, and nothing else."""
    client = host.client()
    host.log_in(client, host.vic, remember="1")
    put_cookie(client, None)
    host.guard.protect(host.vic)
    return host.lets_in(client, host.vic)


def password_in_every_request(host: Host) -> bool:
    """E13: Basic authentication, which sends no login signal."""

    def by_header(current: Request) -> Person | None:
        given = current.authorization
        right = given is not None and given.password == PASSWORD
        return host.vic if right else None

    host.manager.request_loader(by_header)
    host.guard.protect(host.vic)
    answer = host.client().get("/whoami", auth=(host.vic.email, PASSWORD))
    return host.vic.email in answer.text


def exempt_path_with_a_cookie(host: Host) -> bool:
    """E13b: a path that the host exempts for its API, visited with an older cookie.

    The loader takes an id of an older form, so that the user's own id differs from the cookie's.
    """

    def by_header(current: Request) -> Person | None:
        return host.ann if current.headers.get("X-Key") == TOKEN else None

    def load(login_id: str) -> Person | None:
        return next((one for one in host.people if one.id == login_id.partition("|")[0]), None)

    host.manager.request_loader(by_header)
    host.guard.exempt(lambda current: current.path == "/whoami")
    browsers = []
    for name in ("session", "remember_token"):
        client = host.client()
        host.log_in(client, host.vic, remember="1")
        kept = cookie(client, name)
        client.delete_cookie("session")
        client.delete_cookie("remember_token")
        put_cookie(client, kept, name)
        browsers.append(client)
    host.manager.user_loader(load)
    host.vic.login_id = f"{host.vic.id}|2"
    host.guard.protect(host.vic)
    api = host.client().get("/whoami", headers={"X-Key": TOKEN})
    assert api.text == host.ann.email, "the API is closed to its clients"
    return any(host.vic.email in client.get("/whoami").text for client in browsers)


def token_of_another_kind(host: Host) -> bool:
    """E14: a token made for something else, put where the guard looks for its own."""
    host.guard.protect(host.ann)
    client = held(host)
    for token in (host.share_link(host.vic), *host.guard.foreign_tokens(host)):
        host.guard.present(client, host.vic, token)
        if host.lets_in(client, host.vic):
            return True
        client = host.client()
        host.log_in(client, host.vic)
    return False


def answer_of_the_login_view(host: Host) -> bool:
    """E16: the login view answers with data, a header, a cookie or a stream at once."""

    def api_login() -> Response:
        login_user(host.vic)
        answer = make_response({"token": TOKEN})
        answer.headers["X-Token"] = TOKEN
        answer.set_cookie("token", TOKEN)
        return answer

    def stream_login() -> Response:
        login_user(host.vic)
        return Response(stream_with_context(iter([TOKEN, who()])))

    host.view("/api/login", "api_login", api_login, "POST")
    host.view("/api/stream", "stream_login", stream_login, "POST")
    host.guard.protect(host.vic)
    answers = [host.client().post(path, json={}) for path in ("/api/login", "/api/stream")]
    told = "".join(f"{answer.text}{answer.headers}" for answer in answers)
    return TOKEN in told or host.vic.email in told


def session_written_by_hand(host: Host) -> bool:
    """E18: code, and Flask-Login's own test client, write the user's id into the session."""

    def single_sign_on() -> str:
        session.update({"_user_id": host.vic.get_id(), "_fresh": True, "_remember": "set"})
        return TOKEN

    def muted() -> str:
        with user_logged_in.muted():
            login_user(host.vic, remember=True)
        return TOKEN

    host.view("/sso", "sso", single_sign_on, "POST")
    host.view("/muted", "muted", muted, "POST")
    host.guard.protect(host.vic)
    clients = [host.client(), host.client()]
    answers = [clients[0].post("/sso"), clients[1].post("/muted")]
    host.app.test_client_class = FlaskLoginClient
    ready: Any = host.app.test_client(user=host.vic)
    told = "".join(f"{answer.text}{answer.headers}" for answer in answers)
    inside = any(host.lets_in(client, host.vic) for client in [*clients, ready])
    return inside or TOKEN in told or "remember_token" in told


def exemptions_of_login_required(host: Host) -> bool:
    """E19: OPTIONS and LOGIN_DISABLED skip `login_required`."""

    def account() -> str:
        return f"the account of {current_user.email}" if current_user.is_authenticated else "?"

    host.app.url_map.add(
        host.app.url_rule_class("/account", endpoint="account", methods=["OPTIONS"])
    )
    client = held(host)
    told = client.options("/account").text
    host.app.config["LOGIN_DISABLED"] = True
    told += client.get("/account").text + client.get("/two-factor/").text
    return host.vic.email in told
