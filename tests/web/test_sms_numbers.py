"""Phone numbers: which ones get texts, how they are typed, and changing one."""

from __future__ import annotations

from collections.abc import Iterator

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType

from flask_twofactor import two_factor_event
from flask_twofactor.core.records import Event
from flask_twofactor.core.sending import Delivery
from flask_twofactor.testing import FrozenClock, frozen_clock

from .support.browsing import send
from .support.guard import JSON
from .support.texting import (
    E164,
    NUMBER,
    OTHER,
    OTHER_E164,
    SETUP,
    STEP_UP,
    TextingHost,
    press_send,
)

OVERVIEW = "/two-factor/"


@pytest.fixture
def host() -> TextingHost:
    """A host with phones."""
    return TextingHost()


@pytest.fixture
def clock(host: TextingHost) -> Iterator[FrozenClock]:
    """Its clock, standing still."""
    with frozen_clock(host.app) as frozen:
        yield frozen


@pytest.fixture
def events(host: TextingHost) -> Iterator[list[Event]]:
    """What the app is told."""
    told: list[Event] = []

    def hear(_app: object, event: Event) -> None:
        told.append(event)

    with two_factor_event.connected_to(hear, host.app):
        yield told


def names(events: list[Event]) -> list[str]:
    """Give the names of the events about texts."""
    return [one.name for one in events if one.name.startswith(("send", "code_s", "repl"))]


@pytest.mark.parametrize(
    ("phone", "country", "error"),
    [
        ("", "GB", "phone_missing"),
        ("hello", "GB", "phone_invalid"),
        ("07400 12345", "GB", "phone_invalid"),
        ("1" * 41, "GB", "phone_invalid"),
        ("07400 123456 x5", "GB", "phone_extension"),
        ("020 7183 8750", "GB", "phone_landline"),
        ("09011234567", "GB", "phone_not_mobile"),
        ("0800 1111 111", "GB", "phone_not_mobile"),
        ("+1 212 555 2368", "GB", "country_refused"),
        (NUMBER, "US", "country_refused"),
        (NUMBER, "", "country_refused"),
        (NUMBER, "../GB", "country_refused"),
    ],
)
def test_what_gets_no_text(
    host: TextingHost, clock: FrozenClock, phone: str, country: str, error: str
) -> None:
    """Each number that gets none is explained at its field, and what was typed stays."""
    client = host.client()
    host.log_in(client, host.ann)
    token = client.get(SETUP, headers=JSON).get_json()["csrf_token"]
    fields = {"country": country, "phone": phone}
    answer = client.post(SETUP, json=fields, headers=JSON | {"X-CSRFToken": token})
    page = host.name_number(client, phone, country)

    assert (answer.status_code, answer.get_json()["error"]) == (400, error)
    assert page.status_code == 400
    assert 'role="alert"' in page.text
    assert f'value="{phone}"' in page.text
    assert host.phones.texts == []


def test_a_number_that_cannot_be_reached(host: TextingHost, clock: FrozenClock) -> None:
    """What the provider says of a typed number stands at its field, which keeps the number."""
    client = host.client()
    host.log_in(client, host.ann)
    host.phones.answer = Delivery("number", "status 6")
    page = host.name_number(client)

    assert page.status_code == 400
    assert f'value="{NUMBER}"' in page.text
    assert 'aria-invalid="true"' in page.text
    assert "Please check it, or use another one." in page.text
    assert "We sent a code" not in page.text
    host.phones.answer = None
    clock.move(60)
    assert host.name_number(client, OTHER).status_code == 303


@pytest.mark.parametrize(
    "phone",
    ["07400123456", "+44 7400 123456", "0044 7400 123456", "(07400) 123-456", "٠٧٤٠٠١٢٣٤٥٦"],
)
def test_numbers_as_people_type_them(host: TextingHost, clock: FrozenClock, phone: str) -> None:
    """Blanks, dashes, the country's own prefix and other digits are understood."""
    client = host.client()
    host.log_in(client, host.ann)

    assert host.name_number(client, phone).status_code == 303
    assert host.phones.texts[0][0] == E164


def test_every_premium_number_is_refused(host: TextingHost) -> None:
    """For every country there is, its premium numbers get no text."""
    with frozen_clock(host.app):
        from flask_twofactor.methods.numbers import REGIONS, read  # noqa: PLC0415

        for kind in (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST):
            for region in REGIONS:
                number = phonenumbers.example_number_for_type(region, kind)
                if number is not None:
                    found = read(region, phonenumbers.format_number(number, 0), [region])
                    assert not isinstance(found, str), (region, kind)


def test_changing_the_number(host: TextingHost, clock: FrozenClock, events: list[Event]) -> None:
    """The old number is used until the new one is proven; then it is told, and gets no code.

    It is told in the language that the host knows of the person, whatever the visit's is.
    """
    host.guard.twofactor.language_loader(lambda user: "de" if user is host.ann else "fr")
    client = host.with_number(host.ann)
    clock.move(120)
    named = host.name_number(client, OTHER)
    assert named.status_code == 303, named.text
    clock.move(60)
    held = host.client()
    host.log_in(held, host.ann)
    press_send(held)
    assert host.phones.texts[-1][0] == E164
    done = send(client, SETUP, code=host.phones.code(OTHER_E164))
    assert done.status_code == 200, done.text
    assert "Your phone number was changed" in done.text
    assert "Authenticator added" not in done.text

    to, text = host.phones.texts[-1]
    assert to == E164
    assert "wurde geändert" in text
    clock.move(60)
    again = host.client()
    host.log_in(again, host.ann)
    press_send(again)
    assert host.phones.texts[-1][0] == OTHER_E164
    assert names(events).count("replaced") == 1
    assert client.get(OVERVIEW, headers=JSON).get_json()["authenticators"][0]["to"] == "•••• 57"


def test_changing_the_number_asks_for_the_old_one(host: TextingHost, clock: FrozenClock) -> None:
    """Six minutes after signing in, a code is asked for, and it goes to the proven number."""
    client = host.with_number(host.ann)
    clock.move(360)
    asked = client.get(SETUP)
    assert asked.status_code == 303
    assert asked.location.startswith(STEP_UP)
    pressed = press_send(client, asked.location, **{"for": "step_up"})
    assert pressed.location.startswith(STEP_UP)
    answered = send(client, asked.location, method="sms", code=host.phones.code())

    assert host.phones.texts[-1][0] == E164
    assert answered.status_code == 303
    assert client.get(SETUP).status_code == 200


def test_the_same_number_again(host: TextingHost, clock: FrozenClock) -> None:
    """A number that is set up is not set up twice."""
    client = host.with_number(host.ann)
    clock.move(60)

    assert host.name_number(client).status_code == 400
    assert len(host.phones.texts) == 1


def test_a_proposed_number_proves_nothing(host: TextingHost, clock: FrozenClock) -> None:
    """What the app knows fills the form, sends nothing, and if it fails the form is empty."""
    host.guard.twofactor.phone_loader(lambda _user: E164)
    client = host.client()
    host.log_in(client, host.ann)
    assert 'value="07400 123456"' in client.get(SETUP).text
    assert host.phones.texts == []

    host.guard.twofactor.phone_loader(lambda _user: 1 / 0)
    assert 'name="phone" type="tel"' in client.get(SETUP).text


def test_countries_in_the_reader_s_language(host: TextingHost, clock: FrozenClock) -> None:
    """The drop-down names countries as the reader's language does."""
    host.guard.twofactor.locale_selector(lambda: "fr-CA")
    client = host.client()
    host.log_in(client, host.ann)

    assert "Royaume-Uni (+44)" in client.get(SETUP).text
