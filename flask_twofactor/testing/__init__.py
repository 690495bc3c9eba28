"""For the tests of host apps: pass a challenge, move the clock, read mails and texts, empty the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import pyotp
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, update

from flask_twofactor.core.clock import SystemClock
from flask_twofactor.core.notices import Message
from flask_twofactor.core.records import Authenticator
from flask_twofactor.flows import changing
from flask_twofactor.methods.totp import PERIOD, TOTP
from flask_twofactor.stores import schema
from flask_twofactor.stores.sqlalchemy import SQLStore
from flask_twofactor.web import people
from flask_twofactor.web.state import AppState, app_state

JSON = {"Accept": "application/json"}


@dataclass(slots=True)
class FrozenClock:
    """A clock that stands still until it is moved. `now` is UTC epoch seconds."""

    now: float

    def move(self, seconds: float) -> None:
        """Move on by some seconds, or back by a negative number."""
        self.now += seconds


@contextmanager
def frozen_clock(app: Flask, at: float | None = None) -> Iterator[FrozenClock]:
    """Stop the app's two-factor clock inside the block.

    It stands where the present time step began, so that a code is good for all of it, or at a
    time in UTC epoch seconds.
    """
    clock = cast("SystemClock", app_state(app).ports.clock)
    before, frozen = clock.source, FrozenClock(clock() // PERIOD * PERIOD if at is None else at)
    clock.source = lambda: frozen.now
    try:
        yield frozen
    finally:
        clock.source = before


@contextmanager
def captured_messages(app: Flask) -> Iterator[list[Message]]:
    """Collect the app's two-factor messages inside the block instead of sending them.

    Each has `kind`, `to`, `subject`, `text`, `html`. They are there when the request, or the
    call outside one, has ended.
    """
    callbacks, collected = app_state(app).callbacks, list[Message]()
    before, callbacks.mail_sender = callbacks.mail_sender, collected.append
    try:
        yield collected
    finally:
        callbacks.mail_sender = before


@contextmanager
def captured_texts(app: Flask) -> Iterator[list[tuple[str, str]]]:
    """Collect the app's texts to phones inside the block instead of sending them.

    Each is a number, in E.164 with its plus, and the text. LookupError if the app sends none.
    """
    state, collected = app_state(app), list[tuple[str, str]]()
    before = state.ports
    if before.sender is None:
        message = "this app has no sender of texts: give it sms_sender, or Vonage's settings"
        raise LookupError(message)
    state.ports = replace(before, sender=_Phones(collected))
    try:
        yield collected
    finally:
        state.ports = before


def set_up_totp(app: Flask, user: Any, name: str = "Test phone") -> str:
    """Give a user an authenticator app and return its secret (base32)."""
    secret = pyotp.random_base32()
    with app.app_context():
        changing.import_authenticator(
            app_state().ports, people.user_key(user), TOTP.name, {"secret": secret}, name
        )
    return secret


def current_code(app: Flask, secret: str) -> str:
    """Give the code an authenticator app would show now, by the app's two-factor clock."""
    return pyotp.TOTP(secret).generate_otp(int(app_state(app).ports.clock()) // PERIOD)


def pass_challenge(client: FlaskClient, user: Any) -> None:
    """Answer the challenge of a client that is held for this user; then it is signed in.

    The user needs an authenticator app; `set_up_totp` gives one. Codes used before in the
    test are forgotten first, so that any number of logins pass without waiting.
    AssertionError if the client is not held, or the challenge does not let it in.
    """
    app = client.application
    with app.app_context():
        secret = _forget_used_codes(app_state(), people.user_key(user))
    address = f"{app_state(app).settings.url_prefix}/challenge"
    asked = client.get(address, headers=JSON)
    if "method" not in (asked.get_json(silent=True) or {}):
        message = f"this client is not held: {asked.status_code} {asked.get_data(as_text=True)}"
        raise AssertionError(message)
    answer = client.post(
        address,
        json={"method": TOTP.name, "code": current_code(app, secret)},
        headers=JSON
        | {"X-CSRFToken": asked.get_json()["csrf_token"], "Referer": asked.request.url},
    )
    if answer.status_code != 200:  # noqa: PLR2004 - HTTP
        message = f"the challenge was not passed: {answer.get_data(as_text=True)}"
        raise AssertionError(message)


def reset_store(app: Flask) -> None:
    """Delete every person's rows, and every tenant's rule, from the app's store."""
    with _store(app_state(app)).opened().engine.begin() as connection:
        for table in (*schema.PERSONAL, schema.tenant_rule, schema.adoption):
            connection.execute(delete(table))


@dataclass(frozen=True, slots=True)
class _Phones:
    texts: list[tuple[str, str]]

    def send(self, number: str, text: str) -> None:
        self.texts.append((number, text))


def _forget_used_codes(state: AppState, user_key: str) -> str:
    owned = state.ports.store.authenticators(user_key)
    mine = [one for one in owned if one.method == TOTP.name and one.data is not None]
    if not mine:
        message = "this user has no authenticator app; call set_up_totp first"
        raise AssertionError(message)
    table = schema.authenticator
    with _store(state).opened().engine.begin() as connection:
        connection.execute(update(table).where(table.c.id == mine[0].id).values(counter=-1))
    return _secret(mine[0])


def _secret(one: Authenticator) -> str:
    return str((one.data or {})["secret"])


def _store(state: AppState) -> SQLStore:
    return cast("SQLStore", state.ports.store)
