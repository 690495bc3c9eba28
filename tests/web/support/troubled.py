"""What people do while the store fails: each deed up to its last request, then that request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pyotp
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from flask_twofactor.core.records import Account
from flask_twofactor.flows import setting_up
from flask_twofactor.flows.acting import Acting
from flask_twofactor.methods.totp import PERIOD
from flask_twofactor.stores import schema
from flask_twofactor.stores.sqlalchemy import SQLStore
from flask_twofactor.web.state import app_state

from .browsing import OurHost, csrf_token
from .guard import CHALLENGE, JSON
from .host import PASSWORD, Person

SETUP = "/two-factor/setup/totp"


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser just before its last request, and what that request sends."""

    host: OurHost
    client: FlaskClient
    user: Person
    path: str
    data: dict[str, str] | None = field(default=None)

    def act(self) -> TestResponse:
        """Send the last request."""
        if self.data is None:
            return self.client.get(self.path)
        return self.client.post(self.path, data=self.data)


def key_of(user: Person) -> str:
    """Give the key of a user's rows."""
    return f"@Person:{user.id}"


def code_of(host: OurHost, user: Person, secret: str = "") -> str:
    """Give the code a person's app shows now."""
    ports = app_state(host.app).ports
    if not secret:
        owned = [one for one in ports.store.authenticators(key_of(user)) if one.protects]
        secret = str((owned[0].data or {})["secret"])
    return str(pyotp.TOTP(secret).generate_otp(int(ports.clock()) // PERIOD))


def give_codes(host: OurHost, user: Person) -> list[str]:
    """Give a protected person backup codes."""
    ports = app_state(host.app).ports
    acting = Acting(Account(key_of(user), user.email, "Host"), 0, required=False)
    with ports.store.transaction() as transaction:
        return list(setting_up.give_codes(ports, transaction, acting, ports.clock()))


def log_in(host: OurHost, user: Person) -> Browser:
    """Type the password."""
    return Browser(host, host.client(), user, "/login", login_data(user))


def login_data(user: Person) -> dict[str, str]:
    """Give what the login form sends."""
    return {"email": user.email, "password": PASSWORD}


def protected_login(host: OurHost) -> Browser:
    """Vic types his password."""
    return log_in(host, host.vic)


def plain_login(host: OurHost) -> Browser:
    """Ann, who has no second factor, types her password."""
    return log_in(host, host.ann)


def answer(host: OurHost, method: str, code: str) -> Browser:
    """Vic is held and types a code."""
    client = host.held()
    data = {"csrf_token": csrf_token(client), "method": method, "code": code}
    return Browser(host, client, host.vic, CHALLENGE, data)


def app_answer(host: OurHost) -> Browser:
    """Vic is held and types the code of his app."""
    return answer(host, "totp", code_of(host, host.vic))


def backup_answer(host: OurHost) -> Browser:
    """Vic is held and types a backup code."""
    return answer(host, "backup_code", give_codes(host, host.vic)[0])


def begin_setup(host: OurHost) -> Browser:
    """Ann opens the setup page."""
    client = host.client()
    host.log_in(client, host.ann)
    return Browser(host, client, host.ann, SETUP)


def confirm_setup(host: OurHost) -> Browser:
    """Ann types the first code, signed in or held until she does."""
    browser = begin_setup(host)
    shown = browser.client.get(SETUP, headers=JSON).get_json()
    code = code_of(host, host.ann, shown["key"].replace(" ", ""))
    data = {"csrf_token": shown["csrf_token"], "code": code}
    return Browser(host, browser.client, host.ann, SETUP, data)


def vic_signed_in(host: OurHost, path: str, page: str) -> Browser:
    """Vic is in, with a fresh second factor and backup codes, and has a page open."""
    client = host.signed_in(host.vic)
    give_codes(host, host.vic)
    return Browser(host, client, host.vic, path, {"csrf_token": csrf_token(client, page)})


def disable(host: OurHost) -> Browser:
    """Vic turns it off."""
    return vic_signed_in(host, "/two-factor/disable", "/two-factor/")


def new_codes(host: OurHost) -> Browser:
    """Vic makes new backup codes."""
    return vic_signed_in(host, "/two-factor/backup-codes", "/two-factor/backup-codes")


def login_again(host: OurHost) -> Browser:
    """Vic, who is in, types his password once more."""
    return Browser(host, host.signed_in(host.vic), host.vic, "/login", login_data(host.vic))


def visit(host: OurHost) -> Browser:
    """Vic, who is in, looks at his account."""
    return Browser(host, host.signed_in(host.vic), host.vic, "/account")


def held_visit(host: OurHost) -> Browser:
    """Vic, who is held, tries to look at his account."""
    return Browser(host, host.held(), host.vic, "/account")


def log_out(host: OurHost) -> Browser:
    """Vic logs out."""
    return Browser(host, host.signed_in(host.vic), host.vic, "/logout", {})


def shape(host: OurHost) -> Counter[str]:
    """Count what the store holds, guesses left out: those are paid for in any case."""
    store = cast("SQLStore", app_state(host.app).ports.store)
    found: Counter[str] = Counter()
    with store.opened().engine.connect() as connection:
        for table in schema.PERSONAL:
            for row in connection.execute(select(table)).mappings():
                found.update(_facts(table.name, dict(row)))
    return found


def _facts(table: str, row: dict[str, Any]) -> list[str]:
    if table == schema.account.name:
        return [f"{row['user_key']} epoch"] * row["epoch"]
    facts = [f"{table} of {row['user_key']}"]
    facts += [
        f"{table} {name}" for name in ("spent_at", "consumed_at", "revoked_at") if row.get(name)
    ]
    if row.get("last_used_at") and table == schema.authenticator.name:
        facts.append("a step was used")
    return facts


Prepare = Callable[[OurHost], Browser]
FROM_OUTSIDE: dict[str, Prepare] = {
    "login": protected_login,
    "login without a factor": plain_login,
    "answer": app_answer,
    "answer by backup code": backup_answer,
    "held visit": held_visit,
}
FROM_INSIDE: dict[str, Prepare] = {
    "begin setup": begin_setup,
    "confirm setup": confirm_setup,
    "disable": disable,
    "new codes": new_codes,
    "login again": login_again,
    "visit": visit,
    "log-out": log_out,
}
