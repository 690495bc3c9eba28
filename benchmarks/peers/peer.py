"""What each peer's file gives. Only the standard library: every environment has it."""

from __future__ import annotations

import base64
import hmac
import struct
import time
from abc import ABC, abstractmethod
from pathlib import Path
from wsgiref.types import WSGIApplication

from benchmarks.client import Answer, Client

EMAIL, PASSWORD = "ann@maple.org", "a-password"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PERIOD, MARGIN_SECONDS = 30, 1.0
SESSION_COOKIES = ("session", "sessionid")


class NotOfferedError(Exception):
    """The peer, or this build of it, cannot do this."""


class Peer(ABC):
    """A host with a login, a landing page and one user; with a second factor, or without it.

    `__init__` loads and wires everything and touches no table, so that loading can be measured
    beside a database that another process filled.
    """

    login = "/login"
    app: WSGIApplication

    @abstractmethod
    def __init__(self, folder: Path, *, second_factor: bool) -> None: ...

    @abstractmethod
    def fill(self) -> None:
        """Make the tables and the user; with a second factor, their TOTP secret and ten codes."""

    def forget(self) -> None:  # noqa: B027 - some keep nothing
        """Put back what was used up: steps, codes, counts."""

    @abstractmethod
    def give_password(self, client: Client) -> Answer:
        """Send the filled login form, whose page was just shown; give the answer, not followed."""

    def give_code(self, client: Client, answer: Answer, code: str) -> Answer:
        """Go from the answer to the password on to the code page, and send a right code."""
        raise NotImplementedError

    def remember(self) -> Client:
        """Log in so that this browser is not asked for a code again."""
        raise NotOfferedError

    def check_totp(self, code: str) -> bool:
        """Check a TOTP code with all that is stored for it, as the peer's own form does."""
        raise NotImplementedError

    def check_backup(self, code: str) -> bool:
        """Check a backup code, and use it up."""
        raise NotImplementedError

    def make_codes(self) -> list[str]:
        """Replace the backup codes by ten new ones (as many as the peer makes)."""
        raise NotImplementedError

    def log_in(self, *, second_factor: bool) -> Client:
        """Log in as a browser does, redirects followed, up to the landing page."""
        client = Client(self.app)
        client.get(self.login)
        answer = self.give_password(client)
        if second_factor:
            answer = self.give_code(client, answer, right_code())
        expect_landing(client.follow(answer))
        return client

    def come_back(self, client: Client) -> None:
        """Log in by password in a browser whose session is over and whose device is trusted."""
        for name in SESSION_COOKIES:
            client.cookies.pop(name, None)
        client.get(self.login)
        expect_landing(client.follow(self.give_password(client)))


def expect_landing(answer: Answer) -> None:
    """Check that this is the landing page of who is logged in."""
    status, _, text = answer
    assert status.startswith("200"), f"{status}\n{text}"
    assert "Account of ann" in text, text


def right_code() -> str:
    """Give the code of now (RFC 6238)."""
    message = struct.pack(">Q", int(time.time()) // PERIOD)
    mac = hmac.digest(base64.b32decode(SECRET), message, "sha1")
    start = mac[-1] & 15
    (number,) = struct.unpack(">I", mac[start : start + 4])
    return f"{(number & 0x7FFFFFFF) % 10**6:06}"


def wrong_code() -> str:
    """Give a code that is not the code of now."""
    return f"{(int(right_code()) + 123_457) % 10**6:06}"


def await_steady_code() -> None:
    """Wait until the code of now stays right for a moment."""
    left = PERIOD - time.time() % PERIOD
    if left < MARGIN_SECONDS:
        time.sleep(left)
