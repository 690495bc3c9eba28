"""A small WSGI client of our own: Flask's test client alone costs more than a bare page."""

from __future__ import annotations

import io
import re
import sys
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit
from wsgiref.types import WSGIApplication

TOKEN = re.compile(r'name="(csrf_token|csrfmiddlewaretoken)"[^>]*value="([^"]+)"')
Answer = tuple[str, list[tuple[str, str]], str]
"""Status, headers and text."""


class Client:
    """One browser: it keeps cookies and the last form's token, and counts requests."""

    asked = 0
    """The requests of all browsers of the process."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app
        self.cookies: dict[str, str] = {}
        self.token = ("csrf_token", "")
        self.requests = 0

    def get(self, path: str) -> Answer:
        """Ask for a page."""
        return self._ask(self._environ(path))

    def post(self, path: str, **fields: str) -> Answer:
        """Send a form with the token of the page before."""
        body = urlencode(dict([self.token], **fields)).encode()
        environ = self._environ(path) | {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        return self._ask(environ)

    def follow(self, answer: Answer) -> Answer:
        """Go where the answers lead, and give the last."""
        while location := dict(answer[1]).get("Location"):
            answer = self.get(location)
        return answer

    def cookie_bytes(self) -> int:
        """Give the size of the session cookie, name and value."""
        return len("session=") + len(self.cookies.get("session", ""))

    def _environ(self, path: str) -> dict[str, Any]:
        target = urlsplit(path)
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": target.path,
            "QUERY_STRING": target.query,
            "REMOTE_ADDR": "127.0.0.1",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr,
        }
        if self.cookies:
            pairs = (f"{name}={value}" for name, value in self.cookies.items())
            environ["HTTP_COOKIE"] = "; ".join(pairs)
        return environ

    def _ask(self, environ: dict[str, Any]) -> Answer:
        self.requests += 1
        Client.asked += 1
        answered: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
            answered.extend((status, headers))

        body = self.app(environ, start)
        text = b"".join(body).decode()
        close = getattr(body, "close", None)
        if close is not None:
            close()
        status, headers = answered
        for name, value in headers:
            if name == "Set-Cookie":
                self._keep(SimpleCookie(value))
        if found := TOKEN.search(text):
            self.token = (found[1], found[2])
        return status, headers, text

    def _keep(self, cookies: SimpleCookie) -> None:
        for key, one in cookies.items():
            if one["max-age"] == "0":
                self.cookies.pop(key, None)
            else:
                self.cookies[key] = one.value
