"""Codes by text: setting a number up, signing in, and who gets none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from flask_twofactor.testing import FrozenClock, frozen_clock

from .support.browsing import TOKEN, OurHost, csrf_token, send
from .support.guard import CHALLENGE, JSON
from .support.host import PASSWORD
from .support.texting import (
    E164,
    NUMBER,
    SEND,
    SETUP,
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
