"""Taking over an authenticator app that another system set up."""

from __future__ import annotations

from collections.abc import Iterator

import pyotp
import pytest

from flask_twofactor import RefusedError, Status
from flask_twofactor.testing import current_code

from .support.portal import CHALLENGE, Portal, portal, send


@pytest.fixture
def host() -> Iterator[Portal]:
    """A host whose clock stands still."""
    with portal() as opened:
        yield opened


def bring(host: Portal, *secrets: str) -> Status:
    """Import secrets for Vic and give what he has then."""
    with host.app.app_context():
        for secret in secrets:
            host.twofactor.import_totp(host.vic, secret, "Old phone")
        return host.twofactor.status(host.vic)


@pytest.mark.parametrize("written", [str.lower, lambda secret: f"{secret[:4]} {secret[4:]}", str])
def test_importing_twice_changes_nothing(host: Portal, written: object) -> None:
    """The second time, however it is written, gives the one there is; no session ends."""
    secret = pyotp.random_base32()
    first = bring(host, secret)
    client, events = host.client(), len(host.events)
    host.log_in(client, host.vic)
    send(client, CHALLENGE, method="totp", code=current_code(host.app, secret))
    again = bring(host, written(secret))  # type: ignore[operator]

    assert [one.id for one in again.authenticators] == [one.id for one in first.authenticators]
    assert [event.name for event in host.events[events:]] == ["challenge_required", "verified"]
    assert host.lets_in(client, host.vic)


def test_no_more_are_imported_than_may_be_set_up(host: Portal) -> None:
    """The limit of the settings page holds here too; what is there stays."""
    secrets = [pyotp.random_base32() for _ in range(10)]
    assert len(bring(host, *secrets).authenticators) == 10
    with pytest.raises(RefusedError, match="too_many"):
        bring(host, pyotp.random_base32())
    assert len(bring(host, *secrets).authenticators) == 10
