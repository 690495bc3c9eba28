"""Codes by text where tenants have rules: who may use them, and whose budget pays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_twofactor.testing import FrozenClock, frozen_clock

from .support.browsing import send
from .support.guard import CHALLENGE, JSON, post
from .support.host import Person
from .support.texting import E164, SEND, SETUP, STEP_UP, TextingHost, press_send

OVERVIEW = "/two-factor/"


class Tenants(TextingHost):
    """All people belong to oak."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.twofactor = self.guard.twofactor
        self.twofactor.tenant_loader(lambda _user: "oak")
        self.twofactor.tenant_admin_loader(lambda user: "oak" if user.id == self.vic.id else None)

    def rule(self, **values: Any) -> None:
        """Set oak's rule."""
        with self.app.app_context():
            self.twofactor.set_rule("oak", mode="all", actor="a script", **values)

    def with_both(self, user: Person) -> FlaskClient:
        """Give Vic, who has an app, a proven number too; a browser where he is signed in."""
        client = self.with_number(user)
        self.clock.move(60)
        return client


@pytest.fixture
def host() -> Tenants:
    """A host with phones and a tenant."""
    return Tenants()


@pytest.fixture(autouse=True)
def _clock(host: Tenants) -> Iterator[FrozenClock]:
    with frozen_clock(host.app) as host.clock:
        yield host.clock


def test_a_rule_without_texts_hides_the_button(host: Tenants) -> None:
    """Where only apps are allowed no button, no sentence and no code is left, and none is sent."""
    host.with_both(host.vic)
    host.rule(methods=["totp"])
    held = host.held()
    page = held.get(CHALLENGE)

    assert page.status_code == 200
    assert SEND not in page.text
    assert "text message" not in page.text
    assert refusal(held).get_json()["error"] == "unknown_method"
    assert len(host.phones.texts) == 1


def test_no_sentence_about_texts_that_a_rule_forbids(host: Tenants) -> None:
    """Who has an app only is not told to add a number that could never be used."""
    assert "security settings" in host.held().get(CHALLENGE).text
    host.rule(methods=["totp"])

    assert "security settings" not in host.held().get(CHALLENGE).text


def test_a_rule_without_texts_holds_for_step_ups(host: Tenants) -> None:
    """Inside a session, too, a forbidden method is neither offered nor taken."""
    client = host.with_both(host.vic)
    host.rule(methods=["totp"])
    page = client.get(STEP_UP).text

    assert 'name="method" value="totp"' in page
    assert SEND not in page
    refused = post(client, STEP_UP, method="sms", code="123456")
    assert refused.get_json()["error"] == "unknown_method"
    assert "Change the phone number" not in client.get(OVERVIEW).text


def test_texts_alone(host: Tenants) -> None:
    """Where texts alone are allowed they can be set up, are asked for, and let in."""
    host.rule(methods=["sms"])
    client = host.client()
    host.log_in(client, host.ann)
    index = client.get("/two-factor/setup", headers=JSON).get_json()
    assert index["methods"] == ["sms"]
    host.prove_number(client)
    assert host.lets_in(client, host.ann)

    host.clock.move(60)
    again = host.client()
    assert host.log_in(again, host.ann).location == CHALLENGE
    assert again.get(CHALLENGE, headers=JSON).get_json()["method"] == "sms"
    press_send(again)
    assert send(again, CHALLENGE, method="sms", code=host.phones.code()).status_code == 303
    assert host.lets_in(again, host.ann)


def test_a_forbidden_app_leads_to_a_number(host: Tenants) -> None:
    """Who has only an app where only texts are allowed answers with it once, and adds a number."""
    held = host.held()
    host.rule(methods=["sms"])
    led = host.right_code(held)
    assert led.location == "/two-factor/setup"
    host.prove_number(held)

    assert host.lets_in(held, host.vic)


def test_a_setup_code_is_asked_for_with_a_number_too(host: Tenants) -> None:
    """After a reset with a setup code, the first number takes it; without it nothing is on."""
    host.rule()
    with host.app.app_context():
        code = host.twofactor.reset(host.ann, actor="support", reason="lost", setup_code=True)
    client = host.client()
    host.log_in(client, host.ann)
    host.name_number(client)
    assert 'name="setup_code"' in client.get(SETUP).text
    refused = send(client, SETUP, code=host.phones.code())
    assert refused.status_code == 400
    assert "That setup code is not right" in refused.text
    assert not host.lets_in(client, host.ann)

    send(client, SETUP, code=host.phones.code(), setup_code=code)
    assert host.lets_in(client, host.ann)


def test_nobody_has_codes_sent_in_the_name_of_somebody_else(host: Tenants) -> None:
    """An admin who acts as Ann cannot have Ann's phone get a code, to ask her for it."""

    def act_as_ann() -> str:
        host.twofactor.impersonate(host.vic, host.ann)
        return "now Ann"

    host.view("/as", "as_ann", act_as_ann)
    host.with_number(host.ann)
    host.clock.move(60)
    client = host.held()
    host.right_code(client)
    assert client.get("/as").text == "now Ann"
    assert host.lets_in(client, host.ann)
    answer = press_send(client, f"{STEP_UP}?method=sms")

    assert answer.status_code == 403
    assert len(host.phones.texts) == 1


@pytest.mark.parametrize("place", ["setup", "challenge", "step_up"])
def test_a_tenants_budget(place: str) -> None:
    """A tenant's texts are counted wherever they are asked for, and no more go out."""
    host = Tenants(TWOFACTOR_SMS_PER_TENANT_DAY=2)
    with frozen_clock(host.app) as host.clock:
        signed_in = host.with_number(host.ann)
        host.clock.move(60)
        press_send(signed_in, f"{STEP_UP}?method=sms")
        host.clock.move(60)
        assert [to for to, _ in host.phones.texts] == [E164, E164]
        refused = ask(host, signed_in, place)

        assert refused.status_code == 429
        assert "no more messages can be sent for now" in refused.text
        assert len(host.phones.texts) == 2


def ask(host: Tenants, signed_in: FlaskClient, place: str) -> TestResponse:
    """Ask for one more code."""
    if place == "setup":
        return host.name_number(signed_in, "07400 123499")
    if place == "step_up":
        return press_send(signed_in, f"{STEP_UP}?method=sms")
    held = host.client()
    host.log_in(held, host.ann)
    return press_send(held)


def refusal(held: FlaskClient) -> TestResponse:
    """Ask for a code as a script does."""
    token = held.get(CHALLENGE, headers=JSON).get_json()["csrf_token"]
    return held.post(SEND, json={"method": "sms"}, headers=JSON | {"X-CSRFToken": token})
