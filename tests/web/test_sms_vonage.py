"""The whole way with Vonage's real SDK, and what people see of each thing the provider does."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from flask.testing import FlaskClient

from flask_twofactor.core.errors import ConfigurationError
from flask_twofactor.testing import FrozenClock, frozen_clock
from tests.support.provider import (
    KEY,
    SECRET,
    Play,
    Provider,
    accept,
    hang_up,
    http,
    parts,
    provider,
    says,
)

from .support.browsing import OurHost, csrf_token, is_held, send
from .support.guard import CHALLENGE
from .support.texting import CODE, E164, NUMBER, SETUP, press_send

SEEN: dict[str, tuple[Play, int, str]] = {
    "taken": (accept, 200, "We sent a code to •••• 56"),
    "unroutable": (says("6"), 400, "Messages do not reach your number."),
    "throttled": (says("1"), 503, "Please try again in a moment"),
    "no credit": (says("9"), 502, "Please use another way"),
    "credentials": (http(401), 502, "Please use another way"),
    "forbidden": (http(403), 502, "Please use another way"),
    "too many": (http(429), 503, "Please try again in a moment"),
    "their fault": (http(500), 503, "Please try again in a moment"),
    "no JSON": (http(200, "<html>"), 502, "If it arrives, enter its code"),
    "half of it": (http(200, parts("0", "9")), 502, "If it arrives, enter its code"),
    "dropped": (hang_up, 502, "If it arrives, enter its code"),
}


@pytest.fixture
def server(certificate_authority: trustme.CA) -> Iterator[Provider]:
    """A provider."""
    with provider(certificate_authority) as found:
        yield found


@pytest.fixture
def make_host(
    server: Provider, certificate_authority: trustme.CA, tmp_path: Path
) -> Callable[..., OurHost]:
    """Make hosts that send by Vonage's SDK to it."""
    ca = tmp_path / "ca.pem"
    certificate_authority.cert_pem.write_to_path(str(ca))
    config = {
        "TWOFACTOR_VONAGE_API_KEY": KEY,
        "TWOFACTOR_VONAGE_API_SECRET": SECRET,
        "TWOFACTOR_VONAGE_HOST": server.host,
        "TWOFACTOR_VONAGE_CA": str(ca),
        "TWOFACTOR_SMS_FROM": "Host",
        "TWOFACTOR_SMS_COUNTRIES": "GB",
    }
    return lambda **other: OurHost(**config | other)


@pytest.fixture
def host(make_host: Callable[..., OurHost]) -> OurHost:
    """Such a host."""
    return make_host()


@pytest.fixture
def clock(host: OurHost) -> Iterator[FrozenClock]:
    """Its clock, standing still."""
    with frozen_clock(host.app) as frozen:
        yield frozen


def code(server: Provider) -> str:
    """Read the newest code that arrived at the provider."""
    found = CODE.search(server.got[-1].form["text"])
    assert found is not None
    return found[1]


def set_up(host: OurHost, server: Provider) -> FlaskClient:
    """Prove Ann's number."""
    client = host.client()
    host.log_in(client, host.ann)
    fields = {"csrf_token": csrf_token(client, SETUP), "country": "GB", "phone": NUMBER}
    assert client.post(SETUP, data=fields).status_code == 303
    assert send(client, SETUP, code=code(server)).status_code == 200
    return client


@pytest.mark.parametrize("case", SEEN)
def test_what_people_see(host: OurHost, clock: FrozenClock, server: Provider, case: str) -> None:
    """Each thing the provider does is told in plain words; one request; nobody gets in."""
    set_up(host, server)
    clock.move(60)
    held = host.client()
    host.log_in(held, host.ann)
    server.play, status, words = SEEN[case]
    before = len(server.got)
    answer = press_send(held)
    answer = held.get(answer.location) if answer.status_code == 303 else answer

    assert answer.status_code == status
    assert words in answer.text
    assert len(server.got) == before + 1
    assert is_held(held)


def test_nothing_secret_in_the_logs_of_a_whole_run(
    host: OurHost, clock: FrozenClock, server: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    """Setup, sign-ins and every failure at DEBUG: no code, number, key or secret is written."""
    names = ("", "vonage", "urllib3", "urllib3.connectionpool", "requests", "sqlalchemy")
    for name in names:
        caplog.set_level(logging.DEBUG, logger=name or None)
    set_up(host, server)
    for play, _, _ in SEEN.values():
        server.play = play
        clock.move(3600)
        held = host.client()
        host.log_in(held, host.ann)
        press_send(held)
        send(held, CHALLENGE, method="sms", code="000000")
    codes = [found[1] for one in server.got if (found := CODE.search(one.form["text"]))]
    basic = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
    written = caplog.text + repr(host.app.extensions["twofactor"])

    assert len(codes) > 8
    assert caplog.records
    for secret in (*codes, E164, E164[1:], NUMBER, KEY, SECRET, basic):
        assert secret not in written, secret


FAULTS = {
    "TWOFACTOR_VONAGE_API_SECRET": "go together",
    "TWOFACTOR_VONAGE_API_KEY": "go together",
    "TWOFACTOR_SMS_FROM": "TWOFACTOR_SMS_FROM is required with Vonage",
    "TWOFACTOR_SMS_COUNTRIES": "TWOFACTOR_SMS_COUNTRIES is required",
}


@pytest.mark.parametrize("missing", FAULTS)
def test_what_is_missing_is_said_at_the_start(
    make_host: Callable[..., OurHost], missing: str
) -> None:
    """Each missing setting is named, with what to do."""
    with pytest.raises(ConfigurationError, match=FAULTS[missing]):
        make_host(**{missing: None})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TWOFACTOR_SMS_COUNTRIES", ["GBR"]),
        ("TWOFACTOR_SMS_COUNTRIES", ["ZZ"]),
        ("TWOFACTOR_SMS_COUNTRIES", []),
        ("TWOFACTOR_SMS_FROM", "a name that is too long"),
        ("TWOFACTOR_VONAGE_HOST", "https://localhost"),
        ("TWOFACTOR_VONAGE_CA", "/nowhere.pem"),
        ("TWOFACTOR_SMS_DENY_PREFIXES", ["4470"]),
        ("TWOFACTOR_SMS_PER_DAY", 0),
        ("TWOFACTOR_SMS_RECORD_ONLY", "yes"),
    ],
)
def test_wrong_settings_are_said_at_the_start(
    make_host: Callable[..., OurHost], name: str, value: object
) -> None:
    """A value that cannot be is named with its setting."""
    with pytest.raises(ConfigurationError, match=name):
        make_host(**{name: value})
