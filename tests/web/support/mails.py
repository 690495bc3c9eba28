"""What people do that they are told of by mail, and mail servers that are in trouble."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select

from flask_twofactor.core.sending import SendLimits
from flask_twofactor.flows import changing, notices, reminding
from flask_twofactor.flows.notices import Delivered
from flask_twofactor.methods.sms import SMS
from flask_twofactor.stores import schema
from flask_twofactor.stores.keys import new_key, parse_keys
from flask_twofactor.stores.sealing import KeyRing
from flask_twofactor.testing import set_up_totp
from flask_twofactor.web import people
from flask_twofactor.web.state import app_state
from tests.support.smtp import HOST

from .portal import (
    CHALLENGE,
    CODES,
    DISABLE,
    OVERVIEW,
    PAGES,
    Portal,
    finish_setup,
    form,
    make_codes,
    portal,
    read,
)
from .texting import NUMBER, OTHER_E164, Phones
from .trust import come_back, copy, remember, value

BASE = "https://portal.test/area"


@contextmanager
def mailing_portal(**config: Any) -> Iterator[Portal]:
    """Open a host whose mails have links."""
    with portal(TWOFACTOR_BASE_URL=BASE, **config) as host:
        yield host


def by_smtp(port: int) -> dict[str, Any]:
    """Give the settings of a mail server on this machine."""
    return {
        "TWOFACTOR_EMAIL_HOST": HOST,
        "TWOFACTOR_EMAIL_PORT": port,
        "TWOFACTOR_EMAIL_FROM": "Portal <support@host.test>",
    }


def wait_only(host: Portal, seconds: float) -> None:
    """Let notices hold an answer up for so long at most."""
    state = app_state(host.app)
    state.ports = replace(state.ports, limits=replace(state.ports.limits, mail=seconds))


def queued(host: Portal) -> int:
    """Give how many notices wait."""
    engine = app_state(host.app).ports.store.opened().engine  # type: ignore[attr-defined]
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(schema.notice)).scalar())


def deliver_due(host: Portal, limit: int = 100) -> Delivered:
    """Do what `flask twofactor prune` does."""
    with host.app.app_context():
        return notices.deliver_due(app_state().ports, limit)


def set_up(host: Portal) -> None:
    """Turn it on."""
    assert finish_setup(host, host.plain(), name="Pixel 9").status_code == 200


def add_authenticator(host: Portal) -> None:
    """Add a second one."""
    finish_setup(host, host.protected(), name="Pixel 10")


def change_number(host: Portal) -> None:
    """Get codes by text, and change the number that they go to."""
    phones, state = Phones(), app_state(host.app)
    methods, limits = [*state.ports.methods, SMS()], SendLimits(countries=("GB",))
    state.ports = replace(state.ports, sender=phones, methods=methods, send_limits=limits)
    with host.app.app_context():
        key = people.user_key(host.vic)
        changing.import_authenticator(state.ports, key, SMS.name, {"number": OTHER_E164}, "")
    client = host.protected()
    form(client, f"{PAGES}/setup/sms", country="GB", phone=NUMBER)
    form(client, f"{PAGES}/setup/sms", code=phones.code())


def remove_authenticator(host: Portal) -> None:
    """Remove one of two."""
    set_up_totp(host.app, host.vic, "Old phone")
    client = host.protected()
    one = read(client, OVERVIEW)["authenticators"][0]["id"]
    form(client, f"{PAGES}/authenticators/{one}/remove")


def turn_off(host: Portal) -> None:
    """Turn it off."""
    form(host.protected(), DISABLE)


def use_backup_code(host: Portal) -> None:
    """Sign in by a backup code."""
    code = make_codes(host.protected())[0]
    form(host.held(), CHALLENGE, method="backup_code", code=code)


def renew_codes(host: Portal) -> None:
    """Make new codes."""
    form(host.protected(), CODES)


def be_wrong(host: Portal, times: int = 5) -> None:
    """Give the right password and wrong codes, from a browser that nobody knows."""
    host.guard.protect(host.vic)
    client = host.held()
    for _ in range(times):
        form(client, CHALLENGE, method="totp", code="000000")


def be_right_at_last(host: Portal) -> None:
    """Be wrong five times, then right."""
    be_wrong(host)
    host.clock.move(3601)
    host.enter()


def reach_the_daily_limit(host: Portal) -> None:
    """Guess until the day's tries are used up."""
    host.guard.protect(host.vic)
    for _ in range(22):
        host.clock.move(3601)
        form(host.held(), CHALLENGE, method="totp", code="000000")


def shut_the_method(host: Portal) -> None:
    """Be wrong so often that the method is shut to unknown browsers."""
    host.guard.protect(host.vic)
    for _ in range(3):
        host.clock.move(3601)
        form(host.held(), CHALLENGE, method="totp", code="000000")


def open_the_method(host: Portal) -> None:
    """Be right from a known browser after that."""
    client = host.protected()
    for _ in range(3):
        host.clock.move(3601)
        form(host.held(), CHALLENGE, method="totp", code="000000")
    client.post("/logout")
    host.log_in(client, host.vic)
    form(client, CHALLENGE, method="totp", code=host.code())


def be_reset(host: Portal) -> None:
    """Be reset by support."""
    host.guard.protect(host.vic)
    with host.app.app_context():
        host.twofactor.reset(host.vic, actor="support", reason="lost phone, ticket 81723")


def change_password(host: Portal) -> None:
    """Change the password."""
    host.guard.protect(host.vic)
    with host.app.app_context():
        host.twofactor.password_changed(host.vic)


def retire_a_key(host: Portal) -> None:
    """Move the rows to a new key while backup codes are under the old one."""
    make_codes(host.protected())
    store: Any = app_state(host.app).ports.store
    store._adopt(replace(store.opened(), ring=KeyRing(parse_keys([new_key(), OLD_KEY]))))
    with host.app.app_context():
        store.upkeep().rotate(lambda _rows: None)


def put_a_backup_back(host: Portal) -> None:
    """Say that a backup was put back, while there are backup codes."""
    make_codes(host.protected())
    store: Any = app_state(host.app).ports.store
    with host.app.app_context():
        store.upkeep().after_restore({}, "operator:olga", lambda _rows: None)


OLD_KEY = new_key()
UNDER_OLD_KEY = {"TWOFACTOR_DATABASE_URI": "sqlite://", "TWOFACTOR_KEYS": [OLD_KEY]}


def trust_a_device(host: Portal) -> None:
    """Tick the box at the challenge."""
    host.guard.protect(host.vic)
    remember(host)


def bring_a_copy(host: Portal) -> None:
    """Bring a value that a trusted device's cookie had before."""
    host.guard.protect(host.vic)
    client = remember(host)
    stolen = value(host, client)
    for _ in range(2):
        assert come_back(host, client)
    host.log_in(copy(host, stolen), host.vic)


def be_reminded(host: Portal) -> None:
    """Be a week away from a tenant's date."""
    host.twofactor.tenant_loader(lambda _user: "oak")
    host.plain()
    with host.app.app_context():
        host.twofactor.set_rule("oak", mode="all", grace_days=7, actor="a script")
        reminding.remind(app_state().ports, "oak")


QUICKLY_SHUT = {"TWOFACTOR_THROTTLE_DISABLE_AFTER": 3}
CAUSES: dict[str, tuple[Callable[[Portal], None], dict[str, Any]]] = {
    "set_up": (set_up, {}),
    "authenticator_added": (add_authenticator, {}),
    "number_changed": (change_number, {}),
    "authenticator_removed": (remove_authenticator, {}),
    "turned_off": (turn_off, {}),
    "backup_code_used": (use_backup_code, {}),
    "codes_renewed": (renew_codes, {}),
    "codes_retiring": (retire_a_key, UNDER_OLD_KEY),
    "codes_ended": (put_a_backup_back, {}),
    "code_refused": (be_wrong, {}),
    "signed_in_after_wrong_codes": (be_right_at_last, {}),
    "locked": (reach_the_daily_limit, {}),
    "method_locked": (shut_the_method, QUICKLY_SHUT),
    "method_unlocked": (open_the_method, QUICKLY_SHUT),
    "reset": (be_reset, {}),
    "password_changed": (change_password, {}),
    "device_trusted": (trust_a_device, {}),
    "device_copied": (bring_a_copy, {}),
    "reminder": (be_reminded, {}),
}
"""What makes each kind of notice, and the settings it needs."""
