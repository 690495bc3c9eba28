"""What a browser is called on the pages."""

from __future__ import annotations

import time

import pytest

from flask_twofactor.web.agents import is_named, name, origin, read

from .support.portal import portal

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140"
)
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1 Version/18.0 Safari/605.1"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1"


@pytest.mark.parametrize(
    ("header", "called"),
    [
        (f"{CHROME}.0.0.0 Safari/537.36", "Chrome on Windows"),
        (f"{CHROME}.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        (f"{CHROME}.0 Safari/537.36 OPR/120.0", "Opera on Windows"),
        (MAC, "Safari on Mac"),
        (f"{IPHONE} Version/18.0 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        (f"{IPHONE} CriOS/140.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
        (
            "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0",
            "Firefox on Android",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Linux",
        ),
        ("Mozilla/5.0 (X11; CrOS x86_64) Chrome/140.0 Safari/537.36", "Chrome on ChromeOS"),
        ("curl/8.5.0", "Unknown browser"),
        ("Mozilla/5.0 (Windows NT 10.0) Unheard/1.0", "Windows"),
        ("", "Unknown browser"),
        ("<script>alert(1)</script>\x00", "Unknown browser"),
        ("x" * 300 + "Firefox/140.0 Windows", "Unknown browser"),
    ],
)
def test_names(header: str, called: str) -> None:
    """Browser and system as people call them; nothing of the header itself is ever shown."""
    with portal() as host, host.app.test_request_context():
        assert name(read(header)) == called
        assert not is_named(read(header))


def test_a_huge_header_costs_nothing() -> None:
    """Five megabytes are cut before they are read."""
    with portal() as host, host.app.test_request_context():
        began = time.process_time()
        read("Mozilla " * 700_000)

        assert time.process_time() - began < 0.1


def test_the_origin_is_cut_to_what_is_kept() -> None:
    """A longer address than the column holds, and a missing one, cause no fault."""
    with portal() as host:
        with host.app.test_request_context(environ_base={"REMOTE_ADDR": "a" * 200}):
            assert len(origin().address) == 64
        with host.app.test_request_context(environ_base={"REMOTE_ADDR": ""}):
            assert origin().address == ""


def test_a_typed_name_stays_as_it_is() -> None:
    """What a person typed is shown as typed, whatever it looks like."""
    with portal() as host, host.app.test_request_context():
        assert name("Firefox on Windows, mine") == "Firefox on Windows, mine"
        assert is_named("Firefox")
