"""A host that sends codes to phones, and the phones."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_twofactor.core.sending import Delivery

from .browsing import OurHost, csrf_token, send
from .guard import CHALLENGE, Ours
from .host import Person

SETUP = "/two-factor/setup/sms"
SEND = "/two-factor/challenge/send"
STEP_UP = "/two-factor/step-up"
NUMBER = "07400 123456"
E164 = "+447400123456"
OTHER, OTHER_E164 = "07400 123457", "+447400123457"
CODE = re.compile(r"\b([0-9]{6})\b")


@dataclass
class Phones:
    """Every text that was handed over; what it answers may be changed."""

    texts: list[tuple[str, str]] = field(default_factory=list)
    answer: Any = None
    error: Exception | None = None

    def send(self, number: str, text: str) -> Delivery | None:
        """Take a text."""
        self.texts.append((number, text))
        if self.error is not None:
            raise self.error
        answer: Delivery | None = self.answer
        return answer

    def code(self, number: str = E164) -> str:
        """Read the newest code that a phone got."""
        text = next(text for to, text in reversed(self.texts) if to == number)
        found = CODE.search(text)
        assert found is not None, text
        return found[1]


class TextingHost(OurHost):
    """A host behind our extension that sends codes; Vic has an app, Ann has nothing."""

    def __init__(self, **config: Any) -> None:
        self.phones = Phones()
        settings = {"TWOFACTOR_SMS_COUNTRIES": ["GB", "FR"], **config}
        super().__init__(Ours(sms_sender=self.phones), **settings)

    def name_number(
        self, client: FlaskClient, phone: str = NUMBER, country: str = "GB"
    ) -> TestResponse:
        """Send the form with the number."""
        token = csrf_token(client, SETUP)
        fields = {"csrf_token": token, "country": country, "phone": phone}
        return client.post(SETUP, data=fields)

    def prove_number(self, client: FlaskClient, phone: str = NUMBER, number: str = E164) -> None:
        """Set a number up all the way."""
        named = self.name_number(client, phone)
        assert named.status_code == 303, named.text
        done = send(client, SETUP, code=self.phones.code(number))
        assert done.status_code == 200, done.text

    def with_number(self, user: Person) -> FlaskClient:
        """Open a browser where this person is signed in and has a proven number."""
        client = self.client()
        self.log_in(client, user)
        if user is self.vic:
            self.guard.pass_second_factor(client, user)
        self.prove_number(client)
        return client


def press_send(client: FlaskClient, page: str = CHALLENGE, **fields: str) -> TestResponse:
    """Press the button that sends a code."""
    return send(client, page, SEND, method="sms", **fields)
