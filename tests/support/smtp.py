"""A real SMTP server on loopback, and servers that are no use."""

from __future__ import annotations

import email
import email.policy
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, cast

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

HOST = "127.0.0.1"
USERNAME, PASSWORD = "portal", "the mail password"


@dataclass
class Inbox:
    """What a server took, and where it listens."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Any] = field(default_factory=list)
    refuses: bool = False

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a mail, or say that it must come again later."""
        if self.refuses:
            return "451 try again later"
        found = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.append(cast("EmailMessage", found))
        self.envelopes.append(envelope)
        return "250 OK"


def free_port() -> int:
    """Give a port where nothing listens."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def smtp_server(
    ca: trustme.CA | None = None, *, starttls: bool = False, port: int | None = None
) -> Iterator[Inbox]:
    """Run a server: in clear, with TLS from the start (a `ca`), or by STARTTLS with a login."""
    inbox = Inbox(free_port() if port is None else port)
    options: dict[str, Any] = {}
    if ca is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert(HOST, "localhost").configure_cert(context)
        options["tls_context" if starttls else "ssl_context"] = context
    if starttls:
        options |= {"require_starttls": True, "auth_required": True, "authenticator": _knows}
    controller = Controller(inbox, hostname=HOST, port=inbox.port, **options)
    controller.start()
    try:
        yield inbox
    finally:
        controller.stop()


def _knows(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and data.login == USERNAME.encode()
    return AuthResult(success=right and data.password == PASSWORD.encode(), handled=False)


@contextmanager
def silent_server(*, drips: bool = False) -> Iterator[int]:
    """Run a server that accepts and says nothing, or one letter in each fifth of a second."""
    listener, over = socket.create_server((HOST, 0)), threading.Event()
    opened: list[socket.socket] = []

    def drip(connection: socket.socket) -> None:
        with suppress(OSError):
            while not over.wait(0.2):
                connection.sendall(b"2")

    def accept() -> None:
        with suppress(OSError):
            while True:
                opened.append(listener.accept()[0])
                if drips:
                    threading.Thread(target=drip, args=(opened[-1],), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for one in opened:
            one.close()
        thread.join()
