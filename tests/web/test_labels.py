"""What a person is called in their app and on the pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest

from .support.guard import fail
from .support.portal import CHALLENGE, SETUP, Portal, portal, read


def label_in_app(host: Portal) -> str:
    """Give the label that an authenticator app would show for Vic."""
    uri = unquote(read(host.plain(), SETUP)["uri"])
    return uri.removeprefix("otpauth://totp/").partition("?")[0].rpartition(":")[2]


def test_the_host_says_what_a_person_is_called() -> None:
    """What `account_name` gives stands in the app, whatever type it has."""
    with portal() as host:
        host.twofactor.account_name(lambda user: f"{user.name} (staff)")
        assert label_in_app(host) == "Vic Fir (staff)"
        host.twofactor.account_name(lambda _user: 42)
        assert label_in_app(host) == "42"


@pytest.mark.parametrize("answer", [None, "", " "])
def test_a_host_that_gives_no_label(answer: Any) -> None:
    """The usual label is used, never the word None."""
    with portal() as host:
        host.twofactor.account_name(lambda _user: answer)

        assert label_in_app(host) == host.vic.email


def test_a_host_whose_label_raises(caplog: pytest.LogCaptureFixture) -> None:
    """Login, challenge and setup go on with the usual label, and the error is logged."""
    with portal() as host:
        host.twofactor.account_name(fail("no profile"))
        assert label_in_app(host) == host.vic.email
        host.guard.protect(host.vic)

        assert f"Signing in as {host.vic.email}." in host.held().get(CHALLENGE).text
        assert "account_name failed" in caplog.text
