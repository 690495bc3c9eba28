"""A provider of texts on this machine, over TLS, that answers as it is told."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import trustme

KEY, SECRET = "a1b2c3d4", "sUper-s3cret-value"
Play = Callable[["Handler"], None]


@dataclass
class Request:
    """What arrived."""

    path: str
    headers: dict[str, str]
    form: dict[str, str]


@dataclass
class Provider:
    """The server's address, what it got, and how it answers the next request."""

    host: str = ""
    got: list[Request] = field(default_factory=list)
    play: Play = field(default=lambda handler: accept(handler))  # noqa: PLW0108 - made below
    released: threading.Event = field(default_factory=threading.Event)


class Handler(BaseHTTPRequestHandler):
    """Takes a request, notes it, and plays."""

    protocol_version = "HTTP/1.1"
    provider: Provider

    def do_POST(self) -> None:
        """Note the form and answer."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        request = Request(self.path, dict(self.headers), dict(parse_qsl(body)))
        self.provider.got.append(request)
        self.provider.play(self)

    def answer(self, status: int, body: str, **headers: str) -> None:
        """Send an answer."""
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def parts(*statuses: str) -> str:
    """Write an answer as Vonage does, one part for each status."""
    messages = []
    for status in statuses:
        part = {"to": "447400123456", "message-id": "0A0", "status": status}
        if status == "0":
            part |= {"remaining-balance": "3.14", "message-price": "0.03", "network": "23410"}
        else:
            part |= {"error-text": f"refused 447400123456 for {KEY}"}
        messages.append(part)
    return json.dumps({"message-count": str(len(statuses)), "messages": messages})


def accept(handler: Handler) -> None:
    """Take the text."""
    handler.answer(200, parts("0"))


def says(*statuses: str) -> Play:
    """Answer with these statuses."""
    return lambda handler: handler.answer(200, parts(*statuses))


def http(status: int, body: str = "{}", **headers: str) -> Play:
    """Answer with an HTTP status."""
    return lambda handler: handler.answer(status, body, **headers)


def hang_up(handler: Handler) -> None:
    """Drop the connection without an answer."""
    with suppress(OSError):
        handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def hang(handler: Handler) -> None:
    """Take the request and say nothing until the test is over."""
    handler.provider.released.wait(30)
    handler.close_connection = True


class Server(ThreadingHTTPServer):
    """Speaks TLS in the thread of each connection, so that one client blocks only itself."""

    daemon_threads = True
    context: ssl.SSLContext

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands, then serve."""
        try:
            with self.context.wrap_socket(request, server_side=True) as secure:
                super().finish_request(secure, client_address)
        except OSError:
            return  # the client did not trust us, or was gone

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def provider(authority: trustme.CA) -> Iterator[Provider]:
    """Serve, with a certificate of this authority."""
    found = Provider()
    handler = type("Playing", (Handler,), {"provider": found})
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = Server(("127.0.0.1", 0), handler)
    server.context = context
    found.host = f"localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield found
    finally:
        found.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
