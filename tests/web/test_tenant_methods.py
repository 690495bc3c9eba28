"""Methods that a tenant no longer allows: they answer once more, and only to reach setup."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyotp
import pytest
from flask.testing import FlaskClient

from flask_twofactor import TOTP, BackupCodes
from flask_twofactor.core.rules import DAY
from flask_twofactor.flows import changing
from flask_twofactor.web import people
from flask_twofactor.web.state import app_state

from .support.guard import JSON
from .support.host import Person
from .support.offices import OAK, Offices, offices
from .support.portal import CHALLENGE, OVERVIEW, PAGES, finish_setup, form, read, send
from .support.trust import come_back

SETUP_INDEX = f"{PAGES}/setup"


class Old(TOTP):
    """Another way to prove, by the same arithmetic."""

    name = "old"
    title = "Old app"


@contextmanager
def two_ways() -> Iterator[Offices]:
    """Open the offices of a site that has two methods; Ann has set up the older one."""
    with offices() as host:
        object.__setattr__(app_state(host.app).ports, "methods", (TOTP(), Old(), BackupCodes(10)))
        give_old(host, host.ann)
        yield host


def give_old(host: Offices, user: Person) -> None:
    """Give a person an authenticator of the older method, with the guard's own secret."""
    secret = {"secret": SECRET}
    with host.app.app_context():
        key = people.user_key(user)
        changing.import_authenticator(app_state().ports, key, "old", secret, "Old phone")


SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def old_code(host: Offices) -> str:
    """Give the next code of the older authenticator."""
    host.clock.move(30)
    return pyotp.TOTP(SECRET).at(int(host.clock.now))


def answer_old(host: Offices, client: FlaskClient) -> str:
    """Answer the challenge by the older method and give where that leads."""
    answer = form(client, CHALLENGE, method="old", code=old_code(host))
    return str(answer.location)


def test_an_allowed_method_lets_in() -> None:
    """Without a word about methods every method is good."""
    with two_ways() as host:
        client = host.held(host.ann)

        assert answer_old(host, client) == "/account"


def test_a_method_no_longer_allowed_leads_to_setup_only() -> None:
    """Its right code lets nobody in; after the setup of an allowed one it is asked no more."""
    with two_ways() as host:
        host.rule(methods=["totp"])
        client = host.held(host.ann)
        assert answer_old(host, client) == SETUP_INDEX
        assert not host.lets_in(client, host.ann)
        assert client.get(OVERVIEW).location == SETUP_INDEX
        assert read(client, SETUP_INDEX)["methods"] == ["totp"]
        done = finish_setup(host, client)
        assert 'href="/account"' in done.text
        assert host.lets_in(client, host.ann)
        again = host.held(host.ann)

        assert read(again, CHALLENGE)["methods"] == ["totp"]
        code = old_code(host)
        assert send(again, CHALLENGE, method="old", code=code).status_code == 400


def test_the_password_alone_does_not_reach_setup() -> None:
    """Before the old method has answered no setup page is shown."""
    with two_ways() as host:
        host.rule(methods=["totp"])
        client = host.held(host.ann)

        for path in (SETUP_INDEX, f"{PAGES}/setup/totp"):
            assert client.get(path).location == CHALLENGE
        form(client, CHALLENGE, method="old", code="000000")
        assert client.get(SETUP_INDEX).location == CHALLENGE


def test_live_sessions_are_asked_at_the_next_request() -> None:
    """Who came in by a method that is not allowed any more is asked again, and led to setup."""
    with two_ways() as host:
        client = host.held(host.ann)
        answer_old(host, client)
        assert host.lets_in(client, host.ann)
        host.rule(mode="optional", methods=["totp"])

        assert client.get("/account").location == CHALLENGE
        assert answer_old(host, client) == SETUP_INDEX


def test_in_grace_the_old_method_still_lets_in() -> None:
    """Who has time left keeps what they have for so long."""
    with two_ways() as host:
        host.rule(methods=["totp"], grace_days=7)
        client = host.held(host.ann)
        assert answer_old(host, client) == "/account"
        host.clock.move(7 * DAY)

        assert client.get("/account").location == CHALLENGE


def test_a_double_click_on_the_old_answer_goes_on_to_setup() -> None:
    """The second of two equal answers finds the hold as it is by now."""
    with two_ways() as host:
        host.rule(methods=["totp"])
        client = host.held(host.ann)
        code = old_code(host)
        first = form(client, CHALLENGE, method="old", code=code)
        second = client.post(
            CHALLENGE, data={"csrf_token": "", "method": "old", "code": code}, headers=JSON
        )

        assert first.location == SETUP_INDEX
        assert second.status_code in {400, 403}
        assert client.get(SETUP_INDEX).status_code == 200


@pytest.mark.parametrize("way", ["/setup/old", "/setup/nothing"])
def test_what_is_not_allowed_cannot_be_set_up(way: str) -> None:
    """A method that no rule of the person allows is not offered, and not by its address either."""
    with two_ways() as host:
        host.rule(OAK, mode="optional", methods=["totp"])
        client = host.plain(host.vic)

        assert client.get(f"{PAGES}{way}", headers=JSON).get_json()["error"] == "unknown_method"


def test_a_method_that_is_gone_leads_to_lost_device() -> None:
    """Where no method that is left can be asked, the page says what to do."""
    with two_ways() as host:
        object.__setattr__(app_state(host.app).ports, "methods", (TOTP(), BackupCodes(10)))
        client = host.held(host.ann)

        assert client.get(CHALLENGE).location == f"{PAGES}/lost-device"
        assert not host.lets_in(client, host.ann)


def test_a_trusted_device_does_not_stand_for_a_method_that_is_not_allowed() -> None:
    """The remembered browser is asked all the same, and its answer leads to setup only."""
    with two_ways() as host:
        client = host.held(host.ann)
        form(client, CHALLENGE, method="old", code=old_code(host), remember_device="1")
        assert come_back(host, client, host.ann)
        host.rule(methods=["totp"])

        assert not come_back(host, client, host.ann)
        assert answer_old(host, client) == SETUP_INDEX
