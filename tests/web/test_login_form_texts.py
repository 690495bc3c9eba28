"""The code field on the login page, for people who get their codes by text message."""

from __future__ import annotations

from flask_twofactor.stores import schema
from flask_twofactor.testing import frozen_clock

from .support.host import Person
from .support.login_form import SecondDoor
from .support.portal import CHALLENGE
from .support.texting import TextingHost, press_send, send
from .support.trust import rows


class TextingDoor(SecondDoor, TextingHost):
    """A host that sends codes, with the second login page."""

    def refusals(self) -> int:
        """Count the answers that were refused, as the audit has it."""
        return [row.name for row in rows(self, schema.audit)].count("failed")

    def owner_of_a_number(self) -> Person:
        """Give Ann a number, and nothing else."""
        self.with_number(self.ann)
        return self.ann


def test_nothing_was_sent_so_nothing_is_read() -> None:
    """Who has a number alone gets the challenge, whatever they typed; no guess is counted."""
    host = TextingDoor()
    ann, client = host.owner_of_a_number(), host.client()
    old = host.phones.code()
    for code in (old, "000000", "no code"):
        assert host.give(client, code, email=ann.email).location == CHALLENGE
        assert client.get(CHALLENGE).status_code == 200

    assert host.refusals() == 0
    assert not host.lets_in(client, ann)
    with frozen_clock(host.app) as clock:
        clock.move(90)
        press_send(client)
        code = host.phones.code()
        assert send(client, CHALLENGE, method="sms", code=code).location == "/account"


def test_the_app_comes_first_for_who_has_both() -> None:
    """Six digits beside the password are the app's, also where there is a number."""
    host = TextingDoor()
    host.with_number(host.vic)
    client = host.client()
    assert host.give(client, "000000").location == CHALLENGE
    page = client.get(CHALLENGE)
    assert page.status_code == 400
    assert 'name="method" value="totp"' in page.text

    assert host.refusals() == 1


def test_the_tick_outlives_a_text_that_could_not_be_sent() -> None:
    """The box that was ticked on the login page is still ticked where the error is shown."""
    host = TextingDoor()
    ann, client = host.owner_of_a_number(), host.client()
    host.give(client, email=ann.email, remember_device="y")
    host.phones.error = RuntimeError("the provider is down")
    page = press_send(client)

    assert page.status_code >= 400
    assert 'value="1" checked' in page.text
