"""Our own senders, held to the contracts that a host's sender can be held to."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import trustme

from flask_twofactor.core.notices import Message
from flask_twofactor.core.ports import Send, Sender
from flask_twofactor.senders.smtp import SMTPSender
from flask_twofactor.senders.vonage import Vonage
from flask_twofactor.testing.sender_contract import NUMBER, MailSenderContract, SenderContract
from tests.support.provider import KEY, SECRET, provider
from tests.support.smtp import HOST, smtp_server


class TestVonage(SenderContract):
    """The real SDK, to a provider on this machine."""

    @pytest.fixture(autouse=True)
    def serve(self, certificate_authority: trustme.CA, tmp_path: Path) -> Iterator[None]:
        """Serve for one test."""
        self.ca = tmp_path / "ca.pem"
        certificate_authority.cert_pem.write_to_path(str(self.ca))
        with provider(certificate_authority) as self.provider:
            yield

    def make_sender(self) -> Sender:
        """Make the sender."""
        return Vonage(KEY, SECRET, "Host", host=self.provider.host, ca=str(self.ca))

    def received(self) -> Sequence[tuple[str, str]]:
        """Give what arrived."""
        return [(f"+{one.form['to']}", one.form["text"]) for one in self.provider.got]


class TestSMTP(MailSenderContract):
    """Mail to a real server."""

    server_loggers = ("mail.log",)

    @pytest.fixture(autouse=True)
    def serve(self) -> Iterator[None]:
        """Serve for one test."""
        with smtp_server() as self.inbox:
            yield

    def make_sender(self) -> Callable[[Message], object]:
        """Make the sender."""
        return SMTPSender(HOST, self.inbox.port, "support@host.test")

    def received(self) -> Sequence[tuple[str, str, str, str]]:
        """Give what arrived."""
        return [
            (str(mail["To"]), str(mail["Subject"]), _body(mail, "plain"), _body(mail, "html"))
            for mail in self.inbox.mails
        ]


def _body(mail: object, kind: str) -> str:
    body = mail.get_body((kind,))  # type: ignore[attr-defined]
    return str(body.get_content())


class Careless(SenderContract):
    """A sender of a host that makes every mistake: it logs, sends twice and cuts."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []

    def make_sender(self) -> Send:
        """Make the sender."""

        def send(number: str, text: str) -> None:
            logging.getLogger("careless").debug("to %s: %s", number, text)
            self.texts += [(number, text[:100])] * 2

        return send

    def received(self) -> Sequence[tuple[str, str]]:
        """Give what arrived."""
        return self.texts


def test_the_contract_bites(caplog: pytest.LogCaptureFixture) -> None:
    """A sender that logs, repeats and cuts breaks the promises about it."""
    with pytest.raises(AssertionError):
        Careless().test_a_text_arrives_once_and_whole(f"{NUMBER} " * 20)
    with pytest.raises(AssertionError):
        Careless().test_nothing_of_it_is_logged(caplog)
    with pytest.raises(AssertionError):
        Careless().test_texts_of_several_people_at_once()
