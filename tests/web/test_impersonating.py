"""Acting as somebody else: who may, for how long, and what cannot be done in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from flask_twofactor import RefusedError

from .support.host import PASSWORD, Person
from .support.offices import ELM, OAK, Offices, offices, page
from .support.portal import (
    CHALLENGE,
    CODES,
    CONFIRM,
    DISABLE,
    EVERYWHERE,
    OVERVIEW,
    PAGES,
    SETUP,
    STEP_UP,
    form,
    make_codes,
    read,
    send,
)
from .support.trust import come_back, remember
from .test_tenant_isolation import HELP, nothing_changed, prepare


def test_an_admin_may_act_as_a_member() -> None:
    """Explicitly, with a second factor of their own; the record says who."""
    with offices() as host:
        host.view("/as", "as_member", lambda: impersonate(host, host.vic, host.ann))
        client = prepare(host)

        assert client.get("/as").text == "done"
        assert host.lets_in(client, host.ann)
        done = host.named("impersonated")
        assert [(one.user_key, one.actor) for one in done] == [
            (host.key(host.ann), host.key(host.vic))
        ]


def impersonate(host: Offices, actor: Person, user: Person) -> str:
    """Do what a host's own button does."""
    try:
        host.twofactor.impersonate(actor, user)
    except RefusedError as error:
        return error.code
    return "done"


CHANGES = {
    "setup": (SETUP, {"code": "123456"}),
    "codes": (CODES, {}),
    "off": (DISABLE, {}),
    "password": (CONFIRM, {"password": PASSWORD}),
    "everywhere": (EVERYWHERE, {}),
    "devices": (f"{PAGES}/devices/revoke", {}),
    "device": (f"{PAGES}/devices/{{device}}/revoke", {}),
    "device's name": (f"{PAGES}/devices/{{device}}/rename", {"name": "x"}),
    "session": (f"{PAGES}/sessions/{{session}}/end", {}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_acting_as_somebody_changes_nothing_of_theirs(what: str) -> None:
    """Nothing of theirs is set up, renamed or ended, though it asks for nothing of the person."""
    with offices() as host:
        host.view("/as", "as_member", lambda: impersonate(host, host.vic, host.ann))
        client = prepare(host)
        theirs = host.held(host.ann)
        form(theirs, CHALLENGE, method="totp", code=host.code(host.ann), remember_device="1")
        shown = read(theirs, OVERVIEW)
        kept = {"device": shown["trusted_devices"][0]["id"], "session": shown["sessions"][0]["id"]}
        client.get("/as")
        path, fields = CHANGES[what]
        events = len(host.events)

        assert send(client, path.format(**kept), **fields).status_code == 403
        assert len(host.events) == events
        assert host.lets_in(theirs, host.ann)
        assert len(read(theirs, OVERVIEW)["trusted_devices"]) == 1


def test_acting_as_somebody_sees_no_secret_and_goes_on_under_a_rule() -> None:
    """No key to scan is shown, nobody is led to setup in the other's place, and leaving works."""
    with offices() as host:
        host.view("/as", "as_member", lambda: impersonate(host, host.vic, host.bob))
        host.tenants["4"] = OAK
        host.meet(host.bob)
        client = host.admin()
        assert client.get("/as").text == "done"
        host.rule()

        assert host.lets_in(client, host.bob)
        assert client.get(SETUP).status_code == 403
        assert client.get(page()).status_code == 403
        assert client.get(OVERVIEW).status_code == 200
        client.post("/logout")
        assert not host.lets_in(client, host.bob)


@pytest.mark.parametrize(
    ("who", "whom"),
    [("vic", "bob"), ("vic", "eve"), ("vic", "sue"), ("vic", "vic"), ("eve", "bob")],
)
def test_nobody_acts_as_somebody_out_of_reach(who: str, whom: str) -> None:
    """Not across tenants, upward, as oneself, nor in another's name."""
    with offices() as host:
        actor, user = getattr(host, who), getattr(host, whom)
        host.view("/as", "as_other", lambda: impersonate(host, actor, user))
        client = prepare(host)

        assert client.get("/as").text == "not_allowed"
        assert host.lets_in(client, host.vic)
        assert host.named("impersonated") == []


def trusted_only(host: Offices) -> FlaskClient:
    """Let Vic in by his trusted device alone."""
    client = host.held(host.vic)
    form(client, CHALLENGE, method="totp", code=host.code(), remember_device="1")
    client.post("/logout")
    assert host.log_in(client, host.vic).location == "/account"
    return client


def by_backup_code(host: Offices) -> FlaskClient:
    """Let Vic in by a backup code."""
    code = make_codes(host.enter(host.vic))[0]
    client = host.held(host.vic)
    form(client, CHALLENGE, method="backup_code", code=code)
    return client


def long_ago(host: Offices) -> FlaskClient:
    """Let Vic in by a code that is six minutes old by now."""
    client = host.enter(host.vic)
    host.clock.move(360)
    return client


def turned_off(host: Offices) -> FlaskClient:
    """Let Vic in, who then turns his two-factor authentication off."""
    client = host.enter(host.vic)
    assert send(client, f"{PAGES}/disable").get_json()["ok"]
    return client


@pytest.mark.parametrize(
    ("browser", "answer"),
    [
        (trusted_only, "step_up_required"),
        (by_backup_code, "step_up_required"),
        (long_ago, "step_up_required"),
        (turned_off, "not_protected"),
    ],
)
def test_acting_as_somebody_needs_a_code_shown_just_now(
    browser: Callable[[Offices], FlaskClient], answer: str
) -> None:
    """A trusted device, a backup code, an old code and one that is gone are no second factor."""
    with offices() as host:
        host.view("/as", "as_member", lambda: impersonate(host, host.vic, host.ann))
        prepare(host)
        client = browser(host)

        assert client.get("/as").text == answer
        assert host.lets_in(client, host.vic)
        assert host.named("impersonated") == []


def test_acting_as_somebody_ends_within_the_hour() -> None:
    """To the second, however busy: what ends the admin's own sessions does not reach this one."""
    with offices() as host:
        host.view("/as", "as_member", lambda: impersonate(host, host.vic, host.ann))
        client = prepare(host)
        client.get("/as")
        host.clock.move(3599)
        assert host.lets_in(client, host.ann)
        host.clock.move(1)

        assert not host.lets_in(client, host.ann)


def test_acting_as_somebody_is_not_passed_on() -> None:
    """Who acts as an admin acts as nobody else by that, and sees no more than they may."""
    with offices() as host:
        host.view("/as", "as_admin", lambda: impersonate(host, host.sue, host.vic))
        host.view("/on", "as_next", lambda: impersonate(host, host.vic, host.ann))
        prepare(host)
        client = host.enter(host.sue)
        assert client.get("/as").text == "done"

        assert client.get("/on").text == "not_protected"
        assert client.get(page(ELM)).status_code == 403
        for what in HELP:
            assert "/step-up?" in str(host.help(client, host.ann, what, **HELP[what]).location)
        assert nothing_changed(host)


def test_a_password_step_while_acting_as_somebody_leads_to_the_challenge() -> None:
    """The admin's session showed nothing of the user's: their own login is held as ever."""
    with offices() as host:
        host.view("/as", "as_member", lambda: impersonate(host, host.vic, host.ann))
        client = prepare(host)
        client.get("/as")

        assert host.log_in(client, host.ann).location == CHALLENGE
        assert not host.lets_in(client, host.ann)


def test_acting_as_somebody_needs_a_second_factor() -> None:
    """An admin who is not protected may not; nor may a plain login of somebody else."""
    with offices() as host:
        host.guard.protect(host.ann)
        host.view("/as", "as_member", lambda: impersonate(host, host.vic, host.ann))
        client = host.plain(host.vic)

        assert client.get("/as").text == "not_protected"
        assert host.log_in(client, host.ann).location == CHALLENGE


def test_the_list_of_sessions_tells_who_acts_as_somebody() -> None:
    """The person reads that it is an admin, in which browser and where, and can end it."""
    with offices() as host:
        host.view("/as", "as_member", lambda: impersonate(host, host.vic, host.ann))
        prepare(host)
        anns, client = host.enter(host.ann), host.enter(host.vic)
        client.environ_base |= {
            "HTTP_USER_AGENT": "Firefox/140 Windows",
            "REMOTE_ADDR": "192.0.2.9",
        }
        client.get("/as")

        assert anns.get(OVERVIEW).text.count("an admin, acting for you") == 1
        (other,) = [one for one in read(anns, OVERVIEW)["sessions"] if not one["is_this"]]
        assert (other["name"], other["address"]) == ("Firefox on Windows", "192.0.2.9")
        form(anns, f"{PAGES}/sessions/{other['id']}/end")
        assert not host.lets_in(client, host.ann)


def test_acting_as_somebody_ends_nothing_of_theirs() -> None:
    """Neither sessions nor trust: the record would say that they did."""
    with offices() as host:
        host.view("/as", "as_member", lambda: impersonate(host, host.vic, host.ann))
        prepare(host)
        anns = remember(host, host.ann)
        client = host.enter(host.vic)
        assert client.get("/as").text == "done"
        for path in ("devices/revoke", "sign-out-everywhere"):
            assert send(client, f"{PAGES}/{path}").get_json()["error"] == "not_allowed"

        assert host.lets_in(anns, host.ann)
        assert come_back(host, anns, host.ann)


def test_acting_as_somebody_passes_no_step_up() -> None:
    """A code that its owner read out on the phone opens no dangerous view to the admin."""
    with offices() as host:
        host.view("/as", "as_member", lambda: impersonate(host, host.vic, host.ann))
        client = prepare(host)
        host.guard.protect(host.ann)
        assert client.get("/as").text == "done"
        host.clock.move(30)

        answer = send(client, STEP_UP, method="totp", code=host.code(host.ann))
        assert (answer.status_code, answer.get_json()["error"]) == (403, "not_allowed")
        assert host.named("stepped_up") == []
