"""Sent codes: what each is good for, how often one is sent, and what a failure means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from flask_twofactor import two_factor_event
from flask_twofactor.core.records import Event
from flask_twofactor.core.sending import Delivery
from flask_twofactor.testing import FrozenClock, frozen_clock

from .support.browsing import csrf_token, is_held, send
from .support.guard import CHALLENGE, JSON, post
from .support.texting import (
    E164,
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
