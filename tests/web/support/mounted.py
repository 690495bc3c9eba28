"""A WSGI app that is mounted beside the little host, behind the guard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import has_app_context, has_request_context
from flask.testing import FlaskClient
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import TestResponse

from flask_twofactor import TwoFactorGuard
from flask_twofactor.web.wsgi import is_look_alike

from .browsing import OurHost

MOUNT = "/files"
METHODS = (
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "REPORT",
    "BREW",
)
PAGES = ("GET", "HEAD")
MARKER = "inside the mount"


class Inner:
    """The mounted app: it keeps what it was asked, and answers in pieces."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.contexts: list[bool] = []
        self.bodies: list[bytes] = []
        self.read = True

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer with a marker and the user's name."""
        self.asked.append(dict(environ))
        self._look()
        if self.read:
            self.bodies.append(environ["wsgi.input"].read())
        start("200 OK", [("Content-Type", "text/plain"), ("X-Inner", "yes")])
        return self._pieces(environ["REMOTE_USER"])

    def _pieces(self, name: str) -> Iterator[bytes]:
        self._look()
        yield MARKER.encode()
        self._look()
        yield f" for {name}".encode()

    def _look(self) -> None:
        self.contexts.append(has_app_context() or has_request_context())


def mount(host: OurHost, inner: Any = None, **arguments: Any) -> Any:
    """Mount an app behind the guard and give it."""
    inner = inner or Inner()
    guard = TwoFactorGuard(inner, host.app, **arguments)
    host.app.wsgi_app = DispatcherMiddleware(host.app.wsgi_app, {MOUNT: guard})  # type: ignore[method-assign]
    return inner


def is_inside(answer: TestResponse) -> bool:
    """Say whether the mounted app answered."""
    return answer.headers.get("X-Inner") == "yes" or MARKER in answer.text


def ask(client: FlaskClient, method: str = "GET", path: str = "/a", **values: Any) -> TestResponse:
    """Ask the mount for something."""
    return client.open(MOUNT + path, method=method, **values)


def speaks_of_a_user(asked: dict[str, Any]) -> set[str]:
    """Name what the mounted app could take for the user."""
    return {name for name in asked if is_look_alike(name)}


def by_remember_cookie(host: OurHost) -> FlaskClient:
    """Open a browser that has only the remember-me cookie."""
    client = host.signed_in(host.vic, remember="1")
    client.delete_cookie("session")
    return client
