"""Everything that must end trust, each with two browsers and with the old cookie put back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from flask_twofactor.core.tokens import new_id
from flask_twofactor.testing import set_up_totp
from flask_twofactor.web import links
from flask_twofactor.web.state import app_state

from .support.browsing import csrf_token
from .support.host import put_cookie
from .support.mails import BASE
from .support.portal import (
    CHALLENGE,
    CODES,
    DISABLE,
    EVERYWHERE,
    OVERVIEW,
    PAGES,
    STEP_UP,
    Portal,
    finish_setup,
    form,
    portal,
    read,
)
from .support.trust import DAY, come_back, copy, name, names_of_events, put, remember, value

End = Callable[[Portal, FlaskClient], object]


def _revoke(_host: Portal, other: FlaskClient) -> object:
    (mine,) = read(other, OVERVIEW)["trusted_devices"]
    return form(other, f"{PAGES}/devices/{mine['id']}/revoke")


def _remove(host: Portal, other: FlaskClient) -> object:
    one = read(other, OVERVIEW)["authenticators"][0]
    form(other, STEP_UP, method="totp", code=host.code())
    return form(other, f"{PAGES}/authenticators/{one['id']}/remove")


def _in_the_app(call: Callable[[Portal], object]) -> End:
    def end(host: Portal, _other: FlaskClient) -> object:
        with host.app.app_context():
            return call(host)

    return end


def _add(host: Portal, other: FlaskClient) -> object:
    form(other, STEP_UP, method="totp", code=host.code())
    return finish_setup(host, other, name="Second")


def _disable_and_set_up_again(host: Portal, other: FlaskClient) -> object:
    form(other, STEP_UP, method="totp", code=host.code())
    assert form(other, DISABLE).status_code == 303
    set_up_totp(host.app, host.vic)
    return host.guard.protect(host.vic)


def _reset_and_set_up_again(host: Portal) -> None:
    host.twofactor.reset(host.vic, actor="support", reason="lost phone")
    host.guard.protect(host.vic)


def _forget_and_set_up_again(host: Portal) -> None:
    host.twofactor.forget_user(host.vic)
    host.guard.protect(host.vic)


def _notice_a_new_password(host: Portal, other: FlaskClient) -> object:
    passwords = {host.vic.id: "first hash"}
    host.twofactor.password_fingerprint_loader(lambda user: passwords.get(user.id))
    assert host.lets_in(other, host.vic)
    passwords[host.vic.id] = "second hash"
    return other.get("/account")


def _import(host: Portal) -> None:
    host.twofactor.import_totp(host.vic, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "Old phone")


def _press_the_mails_button(host: Portal, _other: FlaskClient) -> object:
    with host.app.test_request_context():
        link = links.not_me(f"@Person:{host.vic.id}", new_id())
    client, path = host.client(), str(link).removeprefix(BASE)
    return client.post(path, data={"csrf_token": csrf_token(client, path)})


def _rule_without_days(host: Portal) -> None:
    host.twofactor.tenant_loader(lambda _user: "oak")
    host.twofactor.set_rule("oak", mode="optional", trusted_device_days=0, actor="a script")


def lower_the_days(host: Portal, days: int) -> None:
    """Deploy the app with another number of days."""
    state = app_state(host.app)
    state.settings = replace(state.settings, trusted_device_days=days)
    state.ports = replace(
        state.ports, limits=state.settings.limits(host.app.permanent_session_lifetime)
    )


def _lower(days: int) -> End:
    def end(host: Portal, _other: FlaskClient) -> object:
        host.clock.move(2 * DAY)
        return lower_the_days(host, days)

    return end


ENDS: dict[str, End] = {
    "revoked": _revoke,
    "all revoked": lambda _host, other: form(other, f"{PAGES}/devices/revoke"),
    "signed out everywhere on the page": lambda _host, other: form(other, EVERYWHERE),
    "signed out everywhere by the app": _in_the_app(
        lambda host: host.twofactor.sign_out_everywhere(host.vic)
    ),
    "password changed": _in_the_app(lambda host: host.twofactor.password_changed(host.vic)),
    "authenticator added": _add,
    "authenticator removed": _remove,
    "turned off and on": _disable_and_set_up_again,
    "authenticator imported": _in_the_app(_import),
    "a new password noticed": _notice_a_new_password,
    "the button in a mail": _press_the_mails_button,
    "a tenant's rule": _in_the_app(_rule_without_days),
    "reset": _in_the_app(_reset_and_set_up_again),
    "forgotten": _in_the_app(_forget_and_set_up_again),
    "days lowered": _lower(2),
    "days set to none": _lower(0),
    "too old": lambda host, _other: host.clock.move(30 * DAY),
}


@pytest.mark.parametrize("end", ENDS)
def test_the_code_is_asked_again(end: str) -> None:
    """After it the browser is asked for a code, and so is each old cookie that is put back."""
    with portal(TWOFACTOR_PROOF_IDLE_MINUTES=90 * 24 * 60, TWOFACTOR_BASE_URL=BASE) as host:
        host.guard.protect(host.vic)
        set_up_totp(host.app, host.vic, "Other phone")
        client, first = remember(host), None
        first = value(host, client)
        assert come_back(host, client)
        second, other = value(host, client), host.enter()
        assert first != second

        ENDS[end](host, other)

        assert not come_back(host, client)
        for old in (first, second):
            for browser in (client, copy(host, old)):
                put(host, browser, old)
                assert not come_back(host, browser)
                assert form(browser, CHALLENGE, method="totp", code="000000").status_code == 400
        assert names_of_events(host).count("device_used") == 1


@pytest.mark.parametrize("harmless", ["nothing", "new backup codes", "another session ended"])
def test_what_does_not_end_trust(harmless: str) -> None:
    """The table bites: without an end, or after what ends nothing, the device is still trusted."""
    with portal() as host:
        host.guard.protect(host.vic)
        client, other = remember(host), host.enter()
        if harmless == "new backup codes":
            form(other, CODES)
        elif harmless == "another session ended":
            other.post("/logout")

        assert come_back(host, client)


def test_the_cookie_outlives_the_browsers_session_but_not_trust() -> None:
    """Who changes the password in the remembered browser goes on there, and is asked next time."""
    with portal() as host:
        host.view("/password", "password", lambda: _changed(host), "POST")
        host.guard.protect(host.vic)
        client = remember(host)
        client.post("/password")

        assert host.lets_in(client, host.vic)
        assert not come_back(host, client)


def _changed(host: Portal) -> str:
    host.twofactor.password_changed(host.vic)
    return "changed"


@pytest.mark.parametrize(("seconds", "passes"), [(-1, True), (0, False), (1, False)])
def test_age_counts_from_the_making(seconds: int, *, passes: bool) -> None:
    """One second before the end it is trusted, at the end and after it is not; use adds nothing."""
    with portal(PERMANENT_SESSION_LIFETIME=90 * DAY) as host:
        host.guard.protect(host.vic)
        client, made = remember(host), host.clock.now
        host.clock.now = made + 29 * DAY
        assert come_back(host, client)
        host.clock.now = made + 30 * DAY + seconds

        assert come_back(host, client) is passes


def test_lowering_and_raising_the_days_is_read_at_each_login() -> None:
    """The days now in force count, whatever they were when the box was ticked."""
    with portal(TWOFACTOR_TRUSTED_DEVICE_DAYS=10) as host:
        host.guard.protect(host.vic)
        client = remember(host)
        host.clock.move(5 * DAY)
        lower_the_days(host, 4)
        assert not come_back(host, client)
        lower_the_days(host, 6)

        assert come_back(host, client)


def test_an_ended_device_leaves_when_the_next_one_comes() -> None:
    """Rows that are good for nothing do not pile up."""
    with portal() as host:
        host.guard.protect(host.vic)
        client, other = remember(host), remember(host)
        form(client, f"{PAGES}/devices/revoke")
        third = host.held()
        put_cookie(third, value(host, other), name(host))
        form(third, CHALLENGE, method="totp", code=host.code(), remember_device="1")

        assert len(read(third, OVERVIEW)["trusted_devices"]) == 1
        assert come_back(host, third)
