"""What ends the codes that were sent: turning off, a reset, "that was not me", a deletion."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import ColumnElement, func, select

from flask_twofactor.flows import changing
from flask_twofactor.stores import schema
from flask_twofactor.testing import FrozenClock, frozen_clock
from flask_twofactor.web import people
from flask_twofactor.web.state import app_state

from .support.browsing import send
from .support.guard import CHALLENGE
from .support.texting import TextingHost, press_send

End = Callable[[TextingHost, FlaskClient], object]


@pytest.fixture
def host() -> TextingHost:
    """A host with phones."""
    return TextingHost()


@pytest.fixture
def clock(host: TextingHost) -> Iterator[FrozenClock]:
    """Its clock, standing still."""
    with frozen_clock(host.app) as frozen:
        yield frozen


def turn_off(_host: TextingHost, signed_in: FlaskClient) -> None:
    """Press "Turn it off now"."""
    assert send(signed_in, "/two-factor/", "/two-factor/disable").status_code in {200, 303}


def reset(host: TextingHost, _signed_in: FlaskClient) -> None:
    """Do as support does."""
    with host.app.app_context():
        host.guard.twofactor.reset(host.ann, actor="support", reason="lost phone")


def not_me(host: TextingHost, _signed_in: FlaskClient) -> None:
    """Do as the link of a mail does."""
    with host.app.app_context():
        changing.end_everything(app_state().ports, people.user_key(host.ann), why="not_me")


@pytest.mark.parametrize("end", [turn_off, reset, not_me])
def test_sent_codes_end_with_what_they_were_for(
    host: TextingHost, clock: FrozenClock, end: End
) -> None:
    """A code that is under way lets nobody in any more, and its row says so at once."""
    signed_in = host.with_number(host.ann)
    clock.move(60)
    held = host.client()
    host.log_in(held, host.ann)
    press_send(held)
    assert living(host, clock) == 1
    end(host, signed_in)

    assert living(host, clock) == 0
    held.post(CHALLENGE, data={"method": "sms", "code": host.phones.code()})
    assert not host.lets_in(held, host.ann)


def test_a_deletion_takes_the_codes_with_it(host: TextingHost, clock: FrozenClock) -> None:
    """After `forget_user` no row of a sent code is left."""
    host.with_number(host.ann)
    assert rows(host) == 1
    with host.app.app_context():
        host.guard.twofactor.forget_user(host.ann)

    assert rows(host) == 0


def living(host: TextingHost, clock: FrozenClock) -> int:
    """Count the codes that could still be right."""
    table = schema.sent_code
    return rows(host, table.c.spent_at.is_(None), table.c.expires_at > clock.now)


def rows(host: TextingHost, *which: ColumnElement[bool]) -> int:
    """Count codes."""
    store = app_state(host.app).ports.store
    with store.opened().engine.connect() as connection:  # type: ignore[attr-defined]
        found = select(func.count()).select_from(schema.sent_code).where(*which)
        return int(connection.scalar(found) or 0)
