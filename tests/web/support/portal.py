"""A host with people in front of its two-factor pages, and a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyotp
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from flask_twofactor import TwoFactor, testing
from flask_twofactor.core.records import Event
from flask_twofactor.stores import schema
from flask_twofactor.stores.keys import new_key
from flask_twofactor.testing import FrozenClock
from flask_twofactor.web import cookies
from flask_twofactor.web.signals import two_factor_event
from flask_twofactor.web.state import app_state

from .guard import JSON, Ours
from .host import PASSWORD, Host, Person

PAGES = "/two-factor"
A_MORNING = 1_800_000_000.0
"""2027-01-15T08:00Z, for tests that read a date."""
CHALLENGE, SETUP, OVERVIEW = f"{PAGES}/challenge", f"{PAGES}/setup/totp", f"{PAGES}/"
STEP_UP, CODES = f"{PAGES}/step-up", f"{PAGES}/backup-codes"
CONFIRM, DISABLE, CANCEL = f"{PAGES}/confirm-password", f"{PAGES}/disable", f"{PAGES}/cancel"
EVERYWHERE = f"{PAGES}/sign-out-everywhere"
POST_ONLY = (
    DISABLE,
    CANCEL,
    EVERYWHERE,
    f"{PAGES}/authenticators/",
    f"{PAGES}/devices/",
    f"{PAGES}/sessions/",
)


class Portal(Host):
    """The host, whose people use our pages; `clock` moves only when a test moves it."""

    clock: FrozenClock

    def __init__(self, *, asks_password: bool = True, **config: Any) -> None:
        self.guard: Ours = Ours()
        super().__init__(self.guard, **config)
        self.events: list[Event] = []
        two_factor_event.connect(self._note, sender=self.app, weak=False)
        if asks_password:
            self.twofactor.password_checker(lambda _user, typed: typed == PASSWORD)

    @property
    def twofactor(self) -> TwoFactor:
        """The extension."""
        return self.guard.twofactor

    def code(self, user: Person | None = None) -> str:
        """Give a fresh code: the clock moves on by one step before."""
        self.clock.move(30)
        return self.guard.code(user or self.vic)

    def protected(self, **fields: Any) -> FlaskClient:
        """Protect Vic, and open a browser of his that is all the way in."""
        self.guard.protect(self.vic)
        return self.enter(**fields)

    def enter(self, user: Person | None = None) -> FlaskClient:
        """Open another browser of a protected user and take it all the way in."""
        client = self.held(user)
        answer = form(client, CHALLENGE, method="totp", code=self.code(user))
        assert answer.status_code == 303
        return client

    def held(self, user: Person | None = None) -> FlaskClient:
        """Open a browser of a protected user and stop at the challenge."""
        client = self.client()
        assert self.log_in(client, user or self.vic).location == CHALLENGE
        return client

    def plain(self, user: Person | None = None) -> FlaskClient:
        """Open a browser of a user without a second factor, signed in just now."""
        client = self.client()
        self.log_in(client, user or self.vic)
        return client

    def become_unknown(self, client: FlaskClient) -> None:
        """Take the known-browser cookie from a browser."""
        with self.app.test_request_context():
            client.delete_cookie(cookies.name("known"))

    def add_password_page(self) -> None:
        """Give the host a page that changes Vic's password."""

        def change() -> str:
            self.twofactor.password_changed(self.vic)
            return "changed"

        self.view("/password", "password", change, "POST")

    def must_set_up(self) -> FlaskClient:
        """Open a browser of a person who must set up before anything else."""
        client = self.client()
        assert self.log_in(client, self.vic, next="/whoami").location == f"{PAGES}/setup"
        return client

    def failures(self, user: Person | None = None) -> int:
        """Give how many guesses the account has paid for since the last right one."""
        table = schema.account
        wanted = select(table.c.failures).where(
            table.c.user_key == f"@Person:{(user or self.vic).id}"
        )
        engine = app_state(self.app).ports.store.opened().engine  # type: ignore[attr-defined]
        with engine.connect() as connection:
            return int(connection.execute(wanted).scalar() or 0)

    def _note(self, _app: object, event: Event) -> None:
        self.events.append(event)


@contextmanager
def portal(**config: Any) -> Iterator[Portal]:
    """Open a host whose clock stands still."""
    made = Portal(**config)
    with testing.frozen_clock(made.app) as made.clock:
        yield made


def on_disk(folder: Path) -> dict[str, Any]:
    """Give the settings of a store that many requests at once can write."""
    uri = f"sqlite:///{folder / 'store.sqlite'}"
    return {"TWOFACTOR_DATABASE_URI": uri, "TWOFACTOR_KEYS": [new_key()]}


def token(client: FlaskClient, path: str) -> str:
    """Give the CSRF token that a page hands out."""
    pages = [path]
    if path.startswith(POST_ONLY):
        pages = [CHALLENGE, f"{PAGES}/setup"] if _holds(client) else [OVERVIEW]
    answers = [client.get(page, headers=JSON).get_json(silent=True) or {} for page in pages]
    return str(next((one["csrf_token"] for one in answers if "csrf_token" in one), ""))


def form(client: FlaskClient, path: str, **fields: Any) -> TestResponse:
    """Post a form as a browser does."""
    return client.post(path, data={"csrf_token": token(client, path), **fields})


def send(client: FlaskClient, path: str, **fields: Any) -> TestResponse:
    """Post JSON as a script does."""
    headers = JSON | {"X-CSRFToken": token(client, path)}
    return client.post(path, json=fields, headers=headers)


def read(client: FlaskClient, path: str) -> dict[str, Any]:
    """Get a page as JSON."""
    found: dict[str, Any] = client.get(path, headers=JSON).get_json()
    return found


def finish_setup(host: Portal, client: FlaskClient, **fields: Any) -> TestResponse:
    """Scan what the setup page shows and type the first code."""
    return form(client, SETUP, code=scanned_code(host, client), **fields)


def scanned_code(host: Portal, client: FlaskClient) -> str:
    """Give the code that an app shows after scanning the setup page, one step later."""
    host.clock.move(30)
    key = read(client, SETUP)["key"].replace(" ", "")
    return pyotp.TOTP(key).at(int(host.clock.now))


def make_codes(client: FlaskClient) -> list[str]:
    """Make a new set of backup codes on the page."""
    return list(send(client, CODES).get_json()["codes"])


def authenticators(client: FlaskClient) -> dict[str, str]:
    """Give the names that the settings page shows, with their ids."""
    return {one["name"]: one["id"] for one in read(client, OVERVIEW)["authenticators"]}


def change_of(client: FlaskClient, name: str, what: str) -> str:
    """Give the address of a change to one authenticator."""
    return f"{PAGES}/authenticators/{authenticators(client)[name]}/{what}"


def _holds(client: FlaskClient) -> bool:
    with client.session_transaction() as kept:
        return "_tf_hold" in kept
