"""A server on loopback as a WSGI app, so that the benchmark's client can be its browser."""

from __future__ import annotations

import http.client
from collections.abc import Iterable
from typing import Any

SECONDS = 60


class NoAnswerError(Exception):
    """The connection ended before the answer did."""


class Remote:
    """Ask a server at this port of the machine, by one connection for each request."""

    def __init__(self, port: int) -> None:
        self.port = port

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        """Send the request on, and give the answer; NoAnswerError if none comes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        headers = {"Cookie": environ["HTTP_COOKIE"]} if "HTTP_COOKIE" in environ else {}
        if "CONTENT_TYPE" in environ:
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
        target = f"{path}?{query}" if query else path
        try:
            body = environ["wsgi.input"].read()
            connection.request(environ["REQUEST_METHOD"], target, body or None, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswerError(repr(error)) from error
        finally:
            connection.close()
        start(f"{answer.status} {answer.reason}", answer.getheaders())
        return [content]
