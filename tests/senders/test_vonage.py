"""The real SDK against a provider on this machine: each thing it may do, told by one outcome."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from pathlib import Path
from socket import socket

import pytest
import trustme

from flask_twofactor.core.sending import Delivery
from flask_twofactor.senders import vonage
from flask_twofactor.senders.vonage import Vonage
from tests.support.provider import (
    KEY,
    SECRET,
    Play,
    Provider,
    accept,
    hang,
    hang_up,
    http,
    parts,
    provider,
    says,
)

NUMBER, TEXT = "+447400123456", "481516 is your code."
SECRETS = (
    "447400123456",
    "481516",
    KEY,
    SECRET,
    base64.b64encode(f"{KEY}:{SECRET}".encode()).decode(),
)


@pytest.fixture
def server(certificate_authority: trustme.CA) -> Iterator[Provider]:
    """A provider."""
    with provider(certificate_authority) as found:
        yield found


@pytest.fixture
def ca(certificate_authority: trustme.CA, tmp_path: Path) -> str:
    """The file of its authority's certificate."""
    path = tmp_path / "ca.pem"
    certificate_authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def sender(server: Provider, ca: str) -> Vonage:
    """A sender that trusts it."""
    return Vonage(KEY, SECRET, "Host", host=server.host, ca=ca)


@pytest.fixture
def logs(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Everything that any library logs, down to DEBUG."""
    loud = [logging.getLogger(name) for name in (None, *vonage.WORDY)]
    before = [logger.level for logger in loud]
    for logger in loud:
        logger.setLevel(logging.DEBUG)
    yield caplog
    for logger, level in zip(loud, before, strict=True):
        logger.setLevel(level)


def numbered(body: str) -> str:
    """Give statuses as numbers, where strings are due."""
    return body.replace('"status": "0"', '"status": 0').replace(
        '"message-count": "1"', '"message-count": 1'
    )


CASES: dict[str, tuple[Play, Delivery]] = {
    "taken": (accept, Delivery("delivered")),
    "taken in two parts": (says("0", "0"), Delivery("delivered")),
    "one part of two": (says("0", "1"), Delivery("unknown", "in part")),
    "no part of two": (says("9", "9"), Delivery("operator", "status 9")),
    "1 throttled": (says("1"), Delivery("later", "status 1")),
    "2 missing parameter": (says("2"), Delivery("operator", "status 2")),
    "3 invalid parameter": (says("3"), Delivery("number", "status 3")),
    "4 credentials": (says("4"), Delivery("operator", "status 4")),
    "5 internal": (says("5"), Delivery("later", "status 5")),
    "6 unroutable": (says("6"), Delivery("number", "status 6")),
    "7 barred": (says("7"), Delivery("number", "status 7")),
    "8 account barred": (says("8"), Delivery("operator", "status 8")),
    "9 no credit": (says("9"), Delivery("operator", "status 9")),
    "10 too many binds": (says("10"), Delivery("later", "status 10")),
    "11 not enabled": (says("11"), Delivery("operator", "status 11")),
    "12 too long": (says("12"), Delivery("operator", "status 12")),
    "14 signature": (says("14"), Delivery("operator", "status 14")),
    "15 sender refused": (says("15"), Delivery("operator", "status 15")),
    "29 not on the trial's list": (says("29"), Delivery("operator", "status 29")),
    "a status of tomorrow": (says("99"), Delivery("operator", "status 99")),
    "400": (http(400), Delivery("operator", "HTTP 400")),
    "401": (http(401), Delivery("operator", "HTTP 401")),
    "403": (http(403), Delivery("operator", "HTTP 403")),
    "404": (http(404), Delivery("operator", "HTTP 404")),
    "429": (http(429), Delivery("later", "HTTP 429")),
    "500": (http(500), Delivery("later", "HTTP 500")),
    "503 and no JSON": (http(503, "<html>busy"), Delivery("later", "HTTP 503")),
    "a redirect": (
        http(307, Location="https://localhost:1/sms/json"),
        Delivery("operator", "TooManyRedirects"),
    ),
    "no JSON": (http(200, "<html>fine"), Delivery("unknown", "TypeError")),
    "an empty list": (http(200, "[]"), Delivery("unknown", "TypeError")),
    "nothing in it": (http(200, "{}"), Delivery("unknown", "KeyError")),
    "no parts": (http(200, parts()), Delivery("unknown", "IndexError")),
    "numbers for strings": (
        http(200, numbered(parts("0"))),
        Delivery("unknown", "ValidationError"),
    ),
    "dropped": (hang_up, Delivery("unknown", "ConnectionError")),
}


@pytest.mark.parametrize("case", CASES)
def test_each_answer_has_its_outcome(
    sender: Vonage, server: Provider, logs: pytest.LogCaptureFixture, case: str
) -> None:
    """Whatever the provider does, there is one request, one outcome, and nothing in any log."""
    server.play, expected = CASES[case]

    found = sender.send(NUMBER, TEXT)

    assert found == expected
    assert len(server.got) == 1
    assert not [secret for secret in SECRETS if secret in logs.text + repr(found)]


def test_the_logs_would_have_told(
    sender: Vonage,
    server: Provider,
    logs: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without our silence the SDK writes the code and the number to its log."""
    monkeypatch.setattr(vonage, "WORDY", ())
    for name in ("vonage", "urllib3", "urllib3.connectionpool", "urllib3.util.retry"):
        monkeypatch.setattr(logging.getLogger(name), "filters", [])
    sender.send(NUMBER, TEXT)

    assert "481516" in logs.text
    assert "447400123456" in logs.text
    assert len(server.got) == 1


def test_others_may_go_on_logging(sender: Vonage, logs: pytest.LogCaptureFixture) -> None:
    """The silence is ours alone: what the app itself does with these libraries is logged."""
    sender.send(NUMBER, TEXT)
    logging.getLogger("urllib3.connectionpool").debug("the app's own request")

    assert "the app's own request" in logs.text


@pytest.mark.parametrize("timeout", [1])
def test_a_silent_provider_is_left(
    server: Provider, ca: str, monkeypatch: pytest.MonkeyPatch, timeout: int
) -> None:
    """A provider that takes the text and never answers is left in time: it may have been sent."""
    monkeypatch.setattr(vonage, "TIMEOUT_SECONDS", timeout)
    server.play = hang

    assert Vonage(KEY, SECRET, "Host", host=server.host, ca=ca).send(NUMBER, TEXT) == Delivery(
        "unknown", "ReadTimeout"
    )
    assert len(server.got) == 1


def test_an_untrusted_provider_gets_nothing(server: Provider, tmp_path: Path) -> None:
    """A certificate of another authority is the operator's alarm, and no request is made."""
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    sender = Vonage(KEY, SECRET, "Host", host=server.host, ca=str(other))

    assert sender.send(NUMBER, TEXT) == Delivery("operator", "SSLError")
    assert server.got == []


def test_the_own_authority_beats_the_environment(
    sender: Vonage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The setting counts where REQUESTS_CA_BUNDLE says otherwise."""
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))

    assert sender.send(NUMBER, TEXT) == Delivery("delivered")


def test_a_provider_that_is_not_there() -> None:
    """Where nothing listens, or no such host is, nothing was sent and it can be tried again."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    refused = Vonage(KEY, SECRET, "Host", host=f"localhost:{port}").send(NUMBER, TEXT)
    unknown = Vonage(KEY, SECRET, "Host", host="nowhere.invalid").send(NUMBER, TEXT)

    assert [refused, unknown] == [Delivery("later", "no connection")] * 2


def test_what_arrives(sender: Vonage, server: Provider) -> None:
    """The number has no plus, the key and secret are a header, and nothing else is sent."""
    sender.send(NUMBER, TEXT)
    sender.send(NUMBER, "481516 \u2013 votre code")
    plain, other = server.got

    assert plain.path == "/sms/json"
    assert plain.form == {"to": "447400123456", "from": "Host", "text": TEXT, "type": "text"}
    assert plain.headers["Authorization"].startswith("Basic ")
    assert other.form["type"] == "unicode"
    assert other.form["text"] == "481516 \u2013 votre code"


@pytest.mark.parametrize("text", ["naïve", "code “1”", "رمز 481516", "код", "ﬁ", "🔑"])
def test_text_beyond_gsm_is_sent_as_unicode(sender: Vonage, server: Provider, text: str) -> None:
    """A letter that the plain alphabet of texts lacks makes the whole text unicode."""
    sender.send(NUMBER, text)

    assert server.got[0].form["type"] == "unicode"


def test_the_secret_is_in_no_repr(sender: Vonage) -> None:
    """What a traceback or a log may show of the sender has no credential."""
    assert repr(sender).startswith("Vonage(host='localhost:")
    assert KEY not in repr(sender)
