"""Mail by SMTP, with the standard library: one connection a message, within one deadline."""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as LINES
from email.utils import localtime, make_msgid, parseaddr
from threading import Timer

from flask_twofactor.core.notices import Message

SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class SMTPSender:
    """Sends each message by a server; all of connecting and talking takes `seconds` at most.

    `use_ssl` speaks TLS from the start, `use_tls` after STARTTLS, which must then succeed;
    certificates are checked, against `ca` if it names a file. OSError or an SMTPException
    (ValueError for an address that is none) says that a message was not sent.
    """

    host: str
    port: int
    sender: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    use_tls: bool = False
    use_ssl: bool = False
    ca: str | None = None
    seconds: float = SECONDS

    def __call__(self, message: Message) -> None:
        """Send one message."""
        mail = mime(message, self.sender)
        ends = time.monotonic() + self.seconds
        client = self._client()
        # Each answer may come slowly, byte by byte: only a cut keeps the sum of them in time.
        watch = Timer(self.seconds, _cut, [client])
        watch.daemon = True
        watch.start()
        try:
            client.connect(self.host, self.port)
            self._talk(client, mail, ends)
        finally:
            watch.cancel()
            with suppress(OSError, smtplib.SMTPException):
                client.close()

    def _client(self) -> smtplib.SMTP:
        # Who greets is named here, because smtplib would ask a name server, without a limit.
        name = mailbox(self.sender).domain
        if self.use_ssl:
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                local_hostname=name, timeout=self.seconds, context=self._trust()
            )
        else:
            client = smtplib.SMTP(local_hostname=name, timeout=self.seconds)
        # What a certificate is checked against; smtplib notes it only where it connects itself.
        client._host = self.host  # type: ignore[attr-defined] # noqa: SLF001 - see above
        return client

    def _talk(self, client: smtplib.SMTP, mail: EmailMessage, ends: float) -> None:
        if self.use_tls:
            _leave_only(client, ends)
            client.starttls(context=self._trust())
        if self.username is not None:
            _leave_only(client, ends)
            client.login(self.username, self.password or "")
        _leave_only(client, ends)
        client.send_message(mail)
        with suppress(OSError, smtplib.SMTPException):  # the server has it by now
            client.quit()

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca)


def mime(message: Message, sender: str) -> EmailMessage:
    """Build the mail; ValueError for an address, or a subject, that would not stay in its line."""
    mail = EmailMessage(LINES)
    mail["Subject"] = message.subject
    mail["From"] = mailbox(sender)
    mail["To"] = Address(addr_spec=message.to)
    mail["Date"] = localtime()
    mail["Message-ID"] = make_msgid(domain=mailbox(sender).domain)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no automatic answers
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail


def mailbox(text: str) -> Address:
    """Read `Name <name@host>` or `name@host`; ValueError if it is neither."""
    name, address = parseaddr(text)
    if "@" not in address or not text.isprintable():
        message = "it must be an address like Support <support@example.com>"
        raise ValueError(message)
    return Address(display_name=name, addr_spec=address)


def _leave_only(client: smtplib.SMTP, ends: float) -> None:
    left = ends - time.monotonic()
    if left <= 0:
        message = "the mail server took too long"
        raise TimeoutError(message)
    if client.sock is not None:
        client.sock.settimeout(left)


def _cut(client: smtplib.SMTP) -> None:
    opened = client.sock
    if opened is not None:
        with suppress(OSError):
            opened.shutdown(socket.SHUT_RDWR)
