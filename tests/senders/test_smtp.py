"""Mail by a real SMTP server on loopback."""

from __future__ import annotations

import smtplib
import ssl
import time
from pathlib import Path

import pytest
import trustme

from flask_twofactor.core.notices import Message
from flask_twofactor.senders.smtp import SMTPSender, mime
from tests.support.smtp import HOST, PASSWORD, USERNAME, free_port, silent_server, smtp_server

SENDER = "Portal Süd <support@host.test>"
TO = "vic@host.test"


def message(**values: str) -> Message:
    """Give a message with letters of more than one alphabet."""
    given = {"subject": "Größe: کوڈ", "text": "Was it you? ✓\n", "html": "<p>Was it you? ✓</p>\n"}
    return Message("set_up", **{"to": TO, **given, **values})


@pytest.fixture
def ca_file(certificate_authority: trustme.CA, tmp_path: Path) -> str:
    """The authority's certificate in a file."""
    file = tmp_path / "ca.pem"
    certificate_authority.cert_pem.write_to_path(str(file))
    return str(file)


def test_a_mail_arrives_whole() -> None:
    """Sender, receiver, subject and both bodies arrive as they were, and say they are automatic."""
    with smtp_server() as inbox:
        SMTPSender(HOST, inbox.port, SENDER)(message())
    (mail,), (envelope,) = inbox.mails, inbox.envelopes

    assert (envelope.mail_from, envelope.rcpt_tos) == ("support@host.test", [TO])
    assert (mail["From"], mail["To"], mail["Subject"]) == (SENDER, TO, "Größe: کوڈ")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@host.test>")
    bodies = [mail.get_body((kind,)) for kind in ("plain", "html")]
    told = [body.get_content().replace("\r\n", "\n") for body in bodies if body is not None]
    assert told == [message().text, message().html]


def test_a_mail_goes_by_starttls_with_a_login(
    certificate_authority: trustme.CA, ca_file: str
) -> None:
    """STARTTLS is spoken before the password is given."""
    with smtp_server(certificate_authority, starttls=True) as inbox:
        sender = SMTPSender(HOST, inbox.port, SENDER, USERNAME, PASSWORD, use_tls=True, ca=ca_file)
        sender(message())

    assert len(inbox.mails) == 1


def test_a_mail_goes_by_tls_from_the_start(certificate_authority: trustme.CA, ca_file: str) -> None:
    """With `use_ssl` nothing is said in clear."""
    with smtp_server(certificate_authority) as inbox:
        SMTPSender(HOST, inbox.port, SENDER, use_ssl=True, ca=ca_file)(message())

    assert len(inbox.mails) == 1


@pytest.mark.parametrize("starttls", [True, False])
def test_a_certificate_of_somebody_else_is_refused(
    certificate_authority: trustme.CA, *, starttls: bool
) -> None:
    """A server that the system does not trust gets neither password nor mail."""
    with smtp_server(certificate_authority, starttls=starttls) as inbox:
        given = {"use_tls": starttls, "use_ssl": not starttls}
        sender = SMTPSender(HOST, inbox.port, SENDER, USERNAME, PASSWORD, **given)
        with pytest.raises(ssl.SSLCertVerificationError):
            sender(message())

    assert inbox.mails == []


@pytest.mark.parametrize("starttls", [True, False])
def test_a_certificate_for_another_name_is_refused(
    certificate_authority: trustme.CA, ca_file: str, *, starttls: bool
) -> None:
    """The name in the certificate is checked, not only who signed it."""
    with smtp_server(certificate_authority, starttls=starttls) as inbox:
        given = {"use_tls": starttls, "use_ssl": not starttls}
        sender = SMTPSender("127.0.0.2", inbox.port, SENDER, ca=ca_file, **given)
        with pytest.raises((ssl.SSLCertVerificationError, ConnectionRefusedError)):
            sender(message())

    assert inbox.mails == []


def test_a_server_without_starttls_gets_no_password() -> None:
    """With `use_tls`, a server that does not offer STARTTLS is left."""
    with smtp_server() as inbox:
        sender = SMTPSender(HOST, inbox.port, SENDER, USERNAME, PASSWORD, use_tls=True)
        with pytest.raises(smtplib.SMTPNotSupportedError):
            sender(message())


def test_a_wrong_password_is_told_without_it(
    certificate_authority: trustme.CA, ca_file: str
) -> None:
    """The error names the refusal, never the password; neither does the sender's repr."""
    with smtp_server(certificate_authority, starttls=True) as inbox:
        sender = SMTPSender(
            HOST, inbox.port, SENDER, USERNAME, "wrong-one", use_tls=True, ca=ca_file
        )
        with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
            sender(message())

    assert "wrong-one" not in f"{caught.value}{caught.value!r}{sender!r}"


def test_a_dead_server_is_told_at_once() -> None:
    """Where nothing listens, an error comes without a wait."""
    with pytest.raises(OSError, match=r"\S"):
        SMTPSender(HOST, free_port(), SENDER)(message())


@pytest.mark.parametrize("drips", [False, True])
def test_a_slow_server_is_left_in_time(*, drips: bool) -> None:
    """Connecting and talking together end in time, also where each answer comes by letters."""
    with silent_server(drips=drips) as port:
        begun = time.monotonic()
        with pytest.raises((OSError, smtplib.SMTPException)):
            SMTPSender(HOST, port, SENDER, seconds=0.5)(message())

    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "values",
    [
        {"to": "vic@host.test\nBcc: all@host.test"},
        {"to": "vic@host.test, ann@host.test"},
        {"to": "nobody"},
        {"subject": "Hello\r\nBcc: all@host.test"},
    ],
)
def test_no_header_can_be_added(values: dict[str, str]) -> None:
    """A receiver or subject that would leave its line, or be two, is refused."""
    with pytest.raises(ValueError, match=r"\S"):
        mime(message(**values), SENDER)
