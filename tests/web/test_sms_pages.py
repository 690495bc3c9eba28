"""Codes by text: setting a number up, signing in, changing the number, what people are told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType

from flask_twofactor import two_factor_event
from flask_twofactor.core.records import Event
from flask_twofactor.core.sending import Delivery
from flask_twofactor.testing import FrozenClock, frozen_clock

from .support.browsing import TOKEN, OurHost, csrf_token, is_held, send
from .support.guard import CHALLENGE, JSON, post
from .support.host import PASSWORD
from .support.texting import (
    E164,
    NUMBER,
    OTHER,
    OTHER_E164,
    SEND,
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


def test_a_number_is_set_up_and_signs_in(host: TextingHost, clock: FrozenClock) -> None:
    """The number is typed, proven by the code it got, and from then on gets the codes."""
    host.with_number(host.ann)
    clock.move(60)
    client = host.client()
    assert host.log_in(client, host.ann).location == CHALLENGE
    assert press_send(client).location == f"{CHALLENGE}?method=sms"
    assert "•••• 56" in client.get(f"{CHALLENGE}?method=sms").text
    assert send(client, CHALLENGE, method="sms", code=host.phones.code()).status_code == 303

    assert host.lets_in(client, host.ann)
    assert [to for to, _ in host.phones.texts] == [E164, E164]


def test_the_number_is_masked_everywhere(host: TextingHost, clock: FrozenClock) -> None:
    """After it was typed, no page, JSON answer or header has the number again."""
    client = host.with_number(host.ann)
    clock.move(60)
    held = host.client()
    host.log_in(held, host.ann)
    told = [press_send(held), held.get(CHALLENGE), held.get(CHALLENGE, headers=JSON)]
    told += [client.get(OVERVIEW), client.get(OVERVIEW, headers=JSON), client.get(SETUP)]

    for answer in told:
        shown = answer.text + str(answer.headers)
        assert "7400" not in shown
    assert "•••• 56" in client.get(OVERVIEW).text


def test_the_message(host: TextingHost, clock: FrozenClock) -> None:
    """It names the code first, warns, and ends with the line by which phones fill it in."""
    host.app.config["TWOFACTOR_ISSUER"] = "Host"
    host.with_number(host.ann)
    (_, text), *_ = host.phones.texts
    code = host.phones.code()

    first, empty, last = text.split("\n")
    assert first.startswith(f"{code} is your ")
    assert "Never share it." in first
    assert (empty, last) == ("", f"@localhost #{code}")


def test_a_request_cannot_choose_the_host_of_the_message(host: TextingHost) -> None:
    """Outside tests, a host that only the request claims is not named."""
    client = host.client()
    host.log_in(client, host.ann)
    token = csrf_token(client, SETUP)
    host.app.testing = False
    fields = {"csrf_token": token, "country": "GB", "phone": NUMBER}
    client.post(SETUP, data=fields, base_url="http://localhost", headers={"Host": "evil.test"})
    client.post(SETUP, data=fields)
    texts = [text for _, text in host.phones.texts]

    assert texts
    assert all("@" not in text for text in texts)


def test_the_button_is_only_where_there_is_a_number(host: TextingHost, clock: FrozenClock) -> None:
    """Without a proven number one sentence says where to add it; TOTP stays first with one."""
    held = host.held()
    without = held.get(CHALLENGE).text
    assert SEND not in without
    assert "security settings" in without

    host.with_number(host.vic)
    clock.move(60)
    held = host.held()
    page = held.get(CHALLENGE).text
    assert SEND in page
    assert "authenticator app" in page
    assert "No button to get a code" not in page
    assert 'name="method" value="totp"' in page


def test_nothing_is_sent_by_looking(host: TextingHost, clock: FrozenClock) -> None:
    """A page that is opened sends nothing, nor does a POST without its token."""
    host.with_number(host.ann)
    clock.move(60)
    client = host.client()
    host.log_in(client, host.ann)
    before = len(host.phones.texts)
    client.get(f"{CHALLENGE}?method=sms")
    assert client.get(SEND).status_code == 405
    assert client.post(SEND, data={"method": "sms"}).status_code == 400

    assert len(host.phones.texts) == before


def test_without_a_sender_there_is_no_such_method() -> None:
    """No provider, no method, no page, no word of it."""
    host = OurHost()
    client = host.client()
    host.log_in(client, host.ann)

    assert "Text message" not in client.get("/two-factor/setup").text
    assert client.get(SETUP).status_code == 400
    assert "text message" not in host.held().get(CHALLENGE).text


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
    """The old number is used until the new one is proven; then it is told, and gets no code."""
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
    assert "was changed" in text
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


def test_a_code_is_good_where_it_was_asked_for(host: TextingHost, clock: FrozenClock) -> None:
    """A code of one sign-in lets no other one in, nor does one for a step-up or a setup."""
    signed_in = host.with_number(host.ann)
    setup_code = host.phones.code()
    clock.move(60)
    first, second = host.client(), host.client()
    for client in (first, second):
        host.log_in(client, host.ann)
    press_send(first)
    code = host.phones.code()
    clock.move(60)
    press_send(second)

    assert send(second, CHALLENGE, method="sms", code=code).status_code == 400
    assert send(second, CHALLENGE, method="sms", code=setup_code).status_code == 400
    assert post(signed_in, STEP_UP, method="sms", code=code).status_code == 400
    assert send(first, CHALLENGE, method="sms", code=code).status_code == 303
    assert is_held(second)


def test_a_code_is_good_once_and_for_five_minutes(host: TextingHost, clock: FrozenClock) -> None:
    """Just before five minutes it lets in, at five it is too old, and never twice."""
    host.with_number(host.ann)
    clock.move(60)
    late = host.client()
    host.log_in(late, host.ann)
    press_send(late)
    clock.move(300)
    refused = post(late, CHALLENGE, method="sms", code=host.phones.code())
    assert refused.get_json()["error"] == "sent_expired"
    press_send(late)
    clock.move(299)
    code = host.phones.code()
    assert send(late, CHALLENGE, method="sms", code=code).status_code == 303
    signed_in = late

    clock.move(301)
    press_send(signed_in, f"{STEP_UP}?method=sms", **{"for": "step_up"})
    code = host.phones.code()
    assert post(signed_in, STEP_UP, method="sms", code=code).status_code == 200
    again = post(signed_in, STEP_UP, method="sms", code=code)
    assert again.get_json()["error"] == "sent_expired"


def test_only_the_newest_code_counts(host: TextingHost, clock: FrozenClock) -> None:
    """After a new code, the one before lets nobody in."""
    host.with_number(host.ann)
    clock.move(60)
    client = host.client()
    host.log_in(client, host.ann)
    press_send(client)
    old = host.phones.code()
    clock.move(60)
    press_send(client)
    new = host.phones.code()

    assert old != new
    assert send(client, CHALLENGE, method="sms", code=old).status_code == 400
    assert send(client, CHALLENGE, method="sms", code=new).status_code == 303


def test_a_wrong_code_is_called_wrong(
    host: TextingHost, clock: FrozenClock, events: list[Event]
) -> None:
    """A mistyped code from a text is told as a mistake, and counted as one, not as a replay."""
    host.with_number(host.ann)
    clock.move(60)
    client = host.client()
    host.log_in(client, host.ann)
    press_send(client)
    wrong = f"{(int(host.phones.code()) + 1) % 10**6:06}"
    answer = send(client, CHALLENGE, method="sms", code=wrong)

    assert answer.status_code == 400
    assert "That code is not right. Please check it and try again." in answer.text
    failed = events[-1]
    assert (failed.name, failed.reason, failed.failures) == ("failed", "wrong_code", 1)


def test_tries_are_not_given_back_by_a_new_code() -> None:
    """Five answers are the most that one sign-in may give, however many codes are sent."""
    host = TextingHost(TWOFACTOR_THROTTLE_FREE=10)  # wider than what a code allows
    with frozen_clock(host.app) as clock:
        host.with_number(host.ann)
        clock.move(60)
        client = host.client()
        host.log_in(client, host.ann)
        press_send(client)
        wrong = f"{(int(host.phones.code()) + 1) % 10**6:06}"
        for _ in range(3):
            post(client, CHALLENGE, method="sms", code=wrong)
        clock.move(60)
        press_send(client)
        wrong = f"{(int(host.phones.code()) + 1) % 10**6:06}"
        for _ in range(2):
            post(client, CHALLENGE, method="sms", code=wrong)
        right = post(client, CHALLENGE, method="sms", code=host.phones.code())

        assert right.get_json()["error"] == "sent_too_often"
        assert is_held(client)


def test_an_answer_before_any_code(host: TextingHost, clock: FrozenClock) -> None:
    """Who types before a code was sent is told to ask for one, and it costs no guess."""
    host.with_number(host.ann)
    client = host.client()
    host.log_in(client, host.ann)
    for _ in range(12):
        refused = post(client, CHALLENGE, method="sms", code="123456")
        assert refused.get_json()["error"] == "nothing_sent"


def test_the_cool_down(host: TextingHost, clock: FrozenClock, events: list[Event]) -> None:
    """Within a minute there is no second code; the page says how long to wait, and stays."""
    host.with_number(host.ann)
    clock.move(60)
    client = host.client()
    host.log_in(client, host.ann)
    press_send(client)
    clock.move(59)
    refused = press_send(client)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert "Wait 1 second before" in refused.text
    assert 'name="code"' in refused.text
    token = csrf_token(client)
    told = client.post(SEND, json={"method": "sms"}, headers=JSON | {"X-CSRFToken": token})
    assert (told.get_json()["error"], told.get_json()["retry_after"]) == ("throttled", 1)
    clock.move(1)
    assert press_send(client).status_code == 303
    assert names(events).count("send_refused") == 0


def test_the_cool_down_is_the_person_s(host: TextingHost, clock: FrozenClock) -> None:
    """A second browser of the same person waits as well."""
    host.with_number(host.ann)
    clock.move(60)
    for status in (303, 429):
        client = host.client()
        host.log_in(client, host.ann)
        assert press_send(client).status_code == status


FAILURES: dict[str, tuple[Any, int, str, str]] = {
    "later": (Delivery("later", "status 5"), 503, "send_later", "send_failed"),
    "operator": (Delivery("operator", "status 9"), 502, "send_failed", "send_alarm"),
    "number": (Delivery("number", "status 6"), 400, "number_refused", "send_failed"),
    "unknown": (Delivery("unknown", "dropped"), 502, "send_unknown", "send_failed"),
    "nonsense": ("sent to +447400123456", 502, "send_unknown", "send_failed"),
    "raises": (RuntimeError("the number is +447400123456"), 502, "send_unknown", "send_failed"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_of_the_provider(
    host: TextingHost,
    clock: FrozenClock,
    events: list[Event],
    caplog: pytest.LogCaptureFixture,
    case: str,
) -> None:
    """Each failure has calm words and an event, lets nobody in, and is in no log."""
    answer, status, error, event = FAILURES[case]
    host.with_number(host.ann)
    clock.move(60)
    client = host.client()
    host.log_in(client, host.ann)
    token = csrf_token(client)
    host.phones.answer = None if isinstance(answer, Exception) else answer
    host.phones.error = answer if isinstance(answer, Exception) else None
    told = client.post(SEND, json={"method": "sms"}, headers=JSON | {"X-CSRFToken": token})

    assert (told.status_code, told.get_json()["error"]) == (status, error)
    assert names(events)[-1] == event
    assert is_held(client)
    assert E164 not in caplog.text
    right = post(client, CHALLENGE, method="sms", code=host.phones.code())
    may_have_arrived = error == "send_unknown"
    assert (right.status_code == 200) is may_have_arrived


def test_a_failure_gives_the_budget_back() -> None:
    """After "try again" one may, at once; a program that hammers meets the cool-down."""
    host = TextingHost(TWOFACTOR_SMS_PER_USER_DAY=2)
    with frozen_clock(host.app) as clock:
        host.with_number(host.ann)
        clock.move(60)
        client = host.client()
        host.log_in(client, host.ann)
        host.phones.answer = Delivery("later")
        statuses = [press_send(client).status_code for _ in range(5)]
        assert statuses == [503, 503, 503, 503, 429]
        host.phones.answer = None
        clock.move(60)
        assert press_send(client).status_code == 303
        clock.move(60)
        assert press_send(client).status_code == 429


def test_the_setup_survives_a_failure(host: TextingHost, clock: FrozenClock) -> None:
    """A number that got no text can be tried again without typing it anew."""
    client = host.client()
    host.log_in(client, host.ann)
    host.phones.answer = Delivery("later")
    assert host.name_number(client).status_code == 503
    host.phones.answer = None
    assert press_send(client, SETUP).location == SETUP
    assert send(client, SETUP, code=host.phones.code()).status_code == 200


def test_removing_the_other_authenticator(host: TextingHost, clock: FrozenClock) -> None:
    """SMS may be the only method; then it is the one that is asked."""
    host.with_number(host.ann)
    clock.move(60)
    client = host.client()
    host.log_in(client, host.ann)

    assert client.get(CHALLENGE, headers=JSON).get_json()["method"] == "sms"
    assert client.get(CHALLENGE, headers=JSON).get_json()["sent"] is False


def test_strangers_send_nothing(host: TextingHost) -> None:
    """Who is neither held nor signed in gets no text sent, whatever is posted."""
    client = host.client()
    client.get("/login")
    answer = client.post(SEND, data={"method": "sms"})

    assert answer.status_code in {400, 401}
    assert host.phones.texts == []


def test_over_https_with_an_app_wide_csrf_protect(host: TextingHost, clock: FrozenClock) -> None:
    """The button works beside an app-wide CSRFProtect, and a foreign page cannot press it."""
    host.with_number(host.ann)
    host.app.config["WTF_CSRF_ENABLED"] = True
    clock.move(60)
    client = host.client()
    client.environ_base["wsgi.url_scheme"] = "https"
    https: dict[str, Any] = {"base_url": "https://localhost"}
    client.post("/login", data={"email": host.ann.email, "password": PASSWORD}, **https)
    found = TOKEN.search(client.get(CHALLENGE, **https).text)
    assert found is not None
    fields = {"method": "sms", "csrf_token": found[1]}

    assert client.post(SEND, data={"method": "sms"}, **https).status_code == 400
    assert len(host.phones.texts) == 1
    assert client.post(SEND, data=fields, **https).status_code == 303
    assert len(host.phones.texts) == 2
