"""What a sender owes the flows, as tests that a host's own sender of texts or mails can be held to.

class TestMySender(SenderContract):
    def make_sender(self): return MySender(self.server.address)
    def received(self): return self.server.texts
"""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from flask_twofactor.core.notices import Message
from flask_twofactor.core.ports import Send, Sender
from flask_twofactor.core.sending import Delivery

NUMBER, CODE = "+447400123456", "481516"
TEXTS = (
    f"{CODE} is your code.",
    f"{CODE} ist Ihr Code. Größe: 7 €.",
    f"{CODE} آپ کا کوڈ ✓",
    f"{CODE} is your code. " + "It is a long message. " * 12 + "\n\n@host.test #481516",
)
MAIL = Message(
    "set_up", "vic@host.test", "Größe: کوڈ ✓", "Was it you? ✓\n", "<p>Was it you? ✓</p>\n"
)


class SenderContract:
    """Subclass it for texts: give the sender and what its provider received."""

    @abstractmethod
    def make_sender(self) -> Sender | Send:
        """Make the sender, with a provider of your own that takes everything."""

    @abstractmethod
    def received(self) -> Sequence[tuple[str, str]]:
        """Give what the provider received so far: E.164 numbers with their plus, and texts."""

    def send(self, text: str) -> Delivery | None:
        """Send a text as the flows do."""
        sender = self.make_sender()
        deliver: Send = sender if callable(sender) else sender.send
        return deliver(NUMBER, text)

    @pytest.mark.parametrize("text", TEXTS, ids=["plain", "accents", "right to left", "long"])
    def test_a_text_arrives_once_and_whole(self, text: str) -> None:
        """One call is one text, to this number, letter by letter, and counts as delivered."""
        before = len(self.received())
        found = self.send(text)
        assert list(self.received())[before:] == [(NUMBER, text)]
        assert found is None or found.outcome == "delivered"

    def test_texts_of_several_people_at_once(self) -> None:
        """What one thread sends is not mixed up with what another one does."""
        texts = [f"{number:06} is your code." for number in range(8)]
        with ThreadPoolExecutor(len(texts)) as pool:
            list(pool.map(self.send, texts))
        assert sorted(text for _, text in self.received()) == texts

    def test_nothing_of_it_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        """Neither code nor number is in any log, at any level."""
        with caplog.at_level(logging.DEBUG):
            self.send(TEXTS[0])
        assert CODE not in caplog.text
        assert NUMBER.removeprefix("+") not in caplog.text

    def test_it_shows_no_secret(self) -> None:
        """What a traceback or a log prints of the sender names no number and no code."""
        assert CODE not in repr(self.make_sender())


class MailSenderContract:
    """Subclass it for mails: give the sender and what its server received.

    `server_loggers` names the loggers of a server that runs in the test's own process.
    """

    server_loggers: Sequence[str] = ()

    @abstractmethod
    def make_sender(self) -> Callable[[Message], object]:
        """Make the sender, with a server of your own that takes everything."""

    @abstractmethod
    def received(self) -> Sequence[tuple[str, str, str, str]]:
        """Give what the server received so far: address, subject, text and HTML of each mail."""

    def test_a_mail_arrives_once_and_whole(self) -> None:
        """One call is one mail, with its subject and both bodies as they were."""
        self.make_sender()(MAIL)
        told = [tuple(one.replace("\r\n", "\n") for one in mail) for mail in self.received()]
        assert told == [(MAIL.to, MAIL.subject, MAIL.text, MAIL.html)]

    def test_nothing_of_it_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        """No body is in any log, at any level: it may hold a link that ends sessions."""
        with caplog.at_level(logging.DEBUG):
            self.make_sender()(MAIL)
        ours = [one for one in caplog.records if one.name not in self.server_loggers]
        assert not any("Was it you?" in one.getMessage() for one in ours)
