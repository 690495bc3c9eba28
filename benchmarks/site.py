"""A running host and what a visitor does on it, with what a measurement must put back."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any, cast

import pyotp
from flask import Flask
from sqlalchemy import Engine, update

from benchmarks.client import Client
from benchmarks.host import PASSWORD, ann, fill, make_host
from benchmarks.measure import Work
from flask_twofactor import TwoFactor
from flask_twofactor.core.codes import make_backup_code
from flask_twofactor.core.ports import Clock
from flask_twofactor.core.records import Authenticator
from flask_twofactor.methods.totp import PERIOD
from flask_twofactor.stores import schema
from flask_twofactor.stores.sqlalchemy import SQLStore
from flask_twofactor.testing import set_up_totp
from flask_twofactor.web.state import app_state

CHALLENGE = "/two-factor/challenge"
KEY = "member:1"
RESETS = (
    update(schema.authenticator).values(counter=-1, failures=0),
    update(schema.single_use_code).values(spent_at=None),
    update(schema.account).values(failures=0, blocked_until=0, guesses=""),
)


class Site:
    """The host; with the extension, ann has an authenticator app and bob has none."""

    def __init__(
        self, folder: Path, *, protected: bool, uri: str | None = None, **config: Any
    ) -> None:
        self.app = make_host(folder, uri, **config)
        fill(self.app)
        if protected:
            protect(self.app)
        self.host_engine: Engine = self.app.extensions["engine"]
        self.secret = set_up_totp(self.app, ann()) if protected else None

    @property
    def store(self) -> SQLStore:
        """The extension's store."""
        return cast("SQLStore", app_state(self.app).ports.store)

    def store_engines(self) -> tuple[Engine, ...]:
        """Give the engines that speak to the store; a bare host has none."""
        if self.secret is None:
            return ()
        opened = self.store.opened()
        return opened.engine, opened.reader

    def close(self) -> None:
        """Close every connection."""
        for engine in (self.host_engine, *self.store_engines()):
            engine.dispose()

    def code(self) -> str:
        """Give ann's code of now."""
        clock: Clock = app_state(self.app).ports.clock if self.secret else time.time
        return pyotp.TOTP(self.secret or "").generate_otp(int(clock()) // PERIOD)

    def stranger(self) -> Client:
        """Open a browser without cookies."""
        return Client(self.app)

    def give_password(self, email: str = "ann") -> Client:
        """Open a browser and do the password step; the next page is already asked for."""
        client = self.stranger()
        client.get("/login")
        _, headers, _ = client.post("/login", email=email, password=PASSWORD)
        if dict(headers)["Location"] == CHALLENGE:
            client.get(CHALLENGE)
        return client

    def log_in(self, email: str = "ann") -> Client:
        """Log somebody in as a browser does, redirects followed, up to the account page."""
        client = self.give_password(email)
        if client.requests == 3:
            client.post(CHALLENGE, method="totp", code=self.code())
        status, _, text = client.get("/account")
        assert status == "200 OK", text
        return client

    def remember(self) -> Client:
        """Log ann in as a browser does, with the box ticked."""
        client = self.give_password()
        if self.secret is not None:
            fields = {"method": "totp", "code": self.code(), "remember_device": "1"}
            client.post(CHALLENGE, **fields)
        return client

    def come_back(self, client: Client) -> None:
        """Log ann in again by password in a browser whose session is over."""
        client.cookies.pop("session", None)
        client.get("/login")
        client.post("/login", email="ann", password=PASSWORD)
        status, _, text = client.get("/account")
        assert status == "200 OK", text

    def give_codes(self) -> list[str]:
        """Give ann ten backup codes."""
        now, codes = time.time(), [make_backup_code() for _ in range(10)]
        made = Authenticator("codes", "backup_code", "Codes", now, protects=False, data={})
        with self.store.transaction() as transaction:
            transaction.add_authenticator(KEY, made)
            transaction.replace_codes(KEY, made.id, codes, now)
        return codes

    def forget(self) -> None:
        """Forget what was used up: steps, codes, guesses."""
        if self.secret is None:
            return
        with self.store.opened().engine.begin() as connection:
            for reset in RESETS:
                connection.execute(reset)


def protect(app: Flask) -> None:
    """Put the extension on a host, and make its store."""
    twofactor = TwoFactor(app)
    with app.app_context():
        twofactor.init_store()


def visits(site: Site) -> dict[str, Work]:
    """Give each kind of visit to a site, by the name of its row."""
    site.forget()
    stranger, with_factor, without = site.stranger(), site.log_in("ann"), site.log_in("bob")
    site.forget()
    remembered = site.remember()
    return {
        "anonymous page": _page(stranger, "/"),
        "static file": _page(stranger, "/static/style.css"),
        "static file, logged in": _page(with_factor, "/static/style.css"),
        "page, with a second factor": _page(with_factor, "/account"),
        "page, without": _page(without, "/account"),
        "full login with TOTP": Work(site.log_in, site.forget),
        "login from a remembered device": Work(partial(site.come_back, remembered)),
    }


def _page(client: Client, path: str) -> Work:
    return Work(partial(client.get, path))
