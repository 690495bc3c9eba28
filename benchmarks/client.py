"""A small WSGI client, so that what is measured is the app and not the client."""

from __future__ import annotations

import io
import re
import sys
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from flask import Flask

TOKEN = re.compile(r'csrf_token"\s+value="([^"]+)"')


class Client:
    """One browser: it keeps cookies and the last form's token, and counts requests."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.cookies: dict[str, str] = {}
        self.token = ""
        self.requests = 0

    def get(self, path: str) -> tuple[str, list[tuple[str, str]], str]:
        """Ask for a page and give status, headers and text."""
        return self._ask(self.environ(path))

    def post(self, path: str, **fields: str) -> tuple[str, list[tuple[str, str]], str]:
        """Send a form with the token of the page before."""
        body = urlencode({"csrf_token": self.token, **fields}).encode()
        environ = self.environ(path) | {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        return self._ask(environ)

    def environ(self, path: str) -> dict[str, Any]:
        """Give the WSGI environment of a GET."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_COOKIE": cookies,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr,
        }

    def _ask(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], str]:
        self.requests += 1
        answered: list[Any] = []
        body = self.app(environ, lambda status, headers, _=None: answered.extend((status, headers)))
        text = b"".join(body).decode()
        close = getattr(body, "close", None)
        if close is not None:
            close()
        status, headers = answered
        for name, value in headers:
            if name == "Set-Cookie":
                self.cookies |= {key: one.value for key, one in SimpleCookie(value).items()}
        if found := TOKEN.search(text):
            self.token = found[1]
        return status, headers, text
