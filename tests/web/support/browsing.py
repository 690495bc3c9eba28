"""What a person does at the pages of ours, and the little host as these tests use it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_twofactor.web import session as keys

from .guard import CHALLENGE, Ours
from .host import Host, cookie, put_cookie, session_of

CANCEL = "/two-factor/cancel"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class OurHost(Host):
    """A host behind our extension, where Vic has an authenticator app and Ann has none."""

    guard: Ours

    def __init__(self, guard: Ours | None = None, **config: Any) -> None:
        super().__init__(guard or Ours(), **config)
        if config.get("TWOFACTOR_REQUIRED_FOR") is None:
            self.guard.protect(self.vic)

    def held(self, **fields: Any) -> FlaskClient:
        """Open a browser that is held for Vic."""
        client = self.client()
        assert self.log_in(client, self.vic, **fields).location == CHALLENGE
        assert is_held(client)
        return client

    def right_code(self, client: FlaskClient) -> TestResponse:
        """Type Vic's code on the page."""
        return send(client, CHALLENGE, method="totp", code=self.guard.code(self.vic))


def is_held(client: FlaskClient) -> bool:
    """Say whether this browser's session waits for a code."""
    return keys.HOLD in session_of(client)


def csrf_token(client: FlaskClient, page: str = CHALLENGE) -> str:
    """Read the token out of a page's form."""
    found = TOKEN.search(client.get(page).text)
    assert found is not None, f"{page} has no form"
    return found[1]


def send(client: FlaskClient, page: str, to: str | None = None, **fields: str) -> TestResponse:
    """Send a form of a page, as a browser does."""
    return client.post(to or page, data={"csrf_token": csrf_token(client, page), **fields})


def double_click(client: FlaskClient, click: Callable[[FlaskClient], TestResponse]) -> TestResponse:
    """Send the same request twice with the same cookie, and give the second answer.

    The browser keeps what it got; the second request came from before that.
    """
    second = client.application.test_client()
    put_cookie(second, cookie(client))
    click(client)
    return click(second)
