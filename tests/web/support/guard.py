"""What a scenario asks of a guard, and our extension as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from flask import Flask, Request
from flask.testing import FlaskClient
from flask_login import LoginManager
from werkzeug.test import TestResponse

from flask_twofactor import TwoFactor, testing
from flask_twofactor.core.errors import StoreError
from flask_twofactor.web import session as keys
from flask_twofactor.web.state import app_state

from .host import Host, Person, session_of
from .trouble import COMMITTED, READS

JSON = {"Accept": "application/json"}
CHALLENGE = "/two-factor/challenge"


class Guard(Protocol):
    """A second factor in front of a little host."""

    def install(self, app: Flask, manager: LoginManager) -> None:
        """Hook the app."""

    def protect(self, user: Person) -> None:
        """Set up a second factor for somebody."""

    def code(self, user: Person) -> str:
        """Give the code that is right now."""

    def answer(self, client: FlaskClient, code: str) -> TestResponse:
        """Type a code into a browser that is asked for one."""

    def pass_second_factor(self, client: FlaskClient, user: Person) -> None:
        """Type the right code."""

    def secrets(self, user: Person) -> list[str]:
        """Give what must never leave the server."""

    def break_down(self) -> None:
        """Make every look at who needs a second factor fail."""

    def exempt(self, policy: Callable[[Request], bool]) -> None:
        """Let who is loaded from these requests themselves pass without a second factor."""

    def foreign_tokens(self, host: Host) -> list[str]:
        """Give tokens that were made for something else."""

    def present(self, client: FlaskClient, user: Person, token: str) -> None:
        """Put a token where this guard looks for the sign that somebody passed."""


class Ours:
    """The extension, used as its hosts' tests use it."""

    def __init__(self, **arguments: Any) -> None:
        self.twofactor = TwoFactor(**arguments)
        self._secrets: dict[str, str] = {}

    def install(self, app: Flask, _manager: LoginManager) -> None:
        self.app = app
        self.twofactor.init_app(app)

    def protect(self, user: Person) -> None:
        self._secrets[user.id] = testing.set_up_totp(self.app, user)

    def code(self, user: Person) -> str:
        return testing.current_code(self.app, self._secrets[user.id])

    def answer(self, client: FlaskClient, code: str) -> TestResponse:
        return post(client, CHALLENGE, method="totp", code=code)

    def pass_second_factor(self, client: FlaskClient, user: Person) -> None:
        testing.pass_challenge(client, user)

    def secrets(self, user: Person) -> list[str]:
        return [self._secrets[user.id], self.code(user)]

    def break_down(self) -> None:
        break_store(self.app)

    def exempt(self, policy: Callable[[Request], bool]) -> None:
        self.twofactor.request_loader_policy(policy)

    def foreign_tokens(self, host: Host) -> list[str]:
        held = host.client()
        host.log_in(held, host.vic)
        anns = session_of(host.signed_in(host.ann))
        return [session_of(held)[keys.HOLD], anns[keys.PROOF]]

    def present(self, client: FlaskClient, user: Person, token: str) -> None:
        with client.session_transaction() as session:
            session.pop(keys.HOLD, None)
            session.update({"_user_id": user.get_id(), "_fresh": True, keys.PROOF: token})


def post(client: FlaskClient, path: str, **fields: Any) -> TestResponse:
    """Post JSON to a page of ours, with the token that its own GET gives."""
    token = client.get(path, headers=JSON).get_json().get("csrf_token", "")
    return client.post(path, json=fields, headers=JSON | {"X-CSRFToken": token})


STORE_CALLS = (*READS, *COMMITTED, "due_notices", "transaction")


def break_store(app: Flask) -> None:
    """Make every call of the store fail, as a database that went away does."""

    def down(*_: object, **__: object) -> None:
        message = "the database went away"
        raise StoreError(message)

    for call in STORE_CALLS:
        setattr(app_state(app).ports.store, call, down)


def mend_store(app: Flask) -> None:
    """Bring the database back."""
    for call in STORE_CALLS:
        delattr(app_state(app).ports.store, call)


def fail(message: str) -> Callable[..., Any]:
    """Give a function that raises."""

    def raising(*_: object, **__: object) -> Any:
        raise RuntimeError(message)

    return raising
