"""Who may act on whom: never across tenants, upward or on oneself, by whatever the request says."""

from __future__ import annotations

import itertools

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_twofactor import RefusedError
from flask_twofactor.core.rules import Rule
from flask_twofactor.web.state import app_state

from .support.guard import JSON
from .support.host import Person
from .support.offices import ELM, OAK, Offices, act, offices, page
from .support.portal import CHALLENGE, CONFIRM, OVERVIEW, PAGES, SETUP, STEP_UP, form, read, send
from .support.trust import come_back, remember

HELP = {"reset": {"reason": "x"}, "exempt": {"reason": "x", "until": "2027-02-01"}, "unlock": {}}


def prepare(host: Offices) -> FlaskClient:
    """Let everybody be known and protected, and open the browser of oak's admin."""
    for one in (host.ann, host.eve, host.bob, host.sue):
        host.guard.protect(one)
    host.meet(host.ann, host.vic, host.eve, host.bob, host.sue)
    return host.admin()


def nothing_changed(host: Offices) -> bool:
    """Say whether everybody still has what they had and no rule was saved."""
    with host.app.app_context():
        kept = all(
            host.twofactor.status(one).protected
            for one in (host.ann, host.vic, host.eve, host.bob, host.sue)
        )
        rules = [host.twofactor.rule(tenant) for tenant in (OAK, ELM)]
        store = app_state().ports.store
        excused = [one.exempt_until for key in host.people for one in
                   store.memberships(host.key(key)) if one.exempt_until]  # fmt: skip
    done = {"admin_reset", "exempted", "unlocked", "policy_changed"}
    silent = not [one for one in host.events if one.name in done]
    return kept and rules == [Rule(OAK), Rule(ELM)] and not excused and silent


TARGETS = {
    "another tenant's member": ("bob", ELM),
    "another tenant's member under the own tenant": ("bob", OAK),
    "another tenant's admin": ("eve", OAK),
    "somebody of both tenants who runs both": ("sue", OAK),
    "oneself": ("vic", OAK),
    "nobody": (None, OAK),
    "the own member under another tenant": ("ann", ELM),
    "the own member under no tenant": ("ann", "nowhere"),
}


@pytest.mark.parametrize(("what", "target"), list(itertools.product(HELP, TARGETS)))
def test_help_stays_in_the_tenant_and_the_rank(what: str, target: str) -> None:
    """Each of them is refused with a 403 or 404, changes nothing and leaves an event."""
    with offices() as host:
        client = prepare(host)
        name, tenant = TARGETS[target]
        key = "@Person:99" if name is None else host.key(getattr(host, name))
        before = len(host.named("admin_refused"))
        answer = act(client, page(tenant, f"/members/{key}/{what}"), **HELP[what])

        assert answer.status_code in {403, 404}
        assert len(host.named("admin_refused")) == before + 1
        assert host.named("admin_refused")[-1].actor == host.key(host.vic)
        assert nothing_changed(host)


@pytest.mark.parametrize("what", HELP)
def test_help_for_the_own_people_works(what: str) -> None:
    """The same forms do their work on a member of the own tenant: the refusals above bite."""
    with offices() as host:
        client = prepare(host)

        assert host.help(client, host.ann, what, **HELP[what]).status_code == 303
        assert not nothing_changed(host)


@pytest.mark.parametrize("where", ["query", "body", "json", "header"])
@pytest.mark.parametrize("what", ["rule", *HELP])
def test_only_the_address_says_which_tenant(what: str, where: str) -> None:
    """A tenant, key or actor in the query, the body or a header is not looked at."""
    with offices() as host:
        client = prepare(host)
        lies = {"tenant": OAK, "key": host.key(host.ann), "actor": host.key(host.eve)}
        rest = "/rule" if what == "rule" else f"/members/{host.key(host.bob)}/{what}"
        fields = {"mode": "all", "reason": "x", "until": "2027-02-01"}

        assert lie(client, page(ELM, rest), where, fields, lies).status_code == 403
        assert nothing_changed(host)


def lie(
    client: FlaskClient, path: str, where: str, fields: dict[str, str], lies: dict[str, str]
) -> TestResponse:
    """Send a form that says something else in another place than its address."""
    token = read(client, OVERVIEW)["csrf_token"]
    if where == "json":
        return client.post(path, json=fields | lies, headers=JSON | {"X-CSRFToken": token})
    headers = {f"X-{name}": value for name, value in lies.items()} if where == "header" else {}
    query = lies if where == "query" else {}
    body = lies if where == "body" else {}
    data = {"csrf_token": token} | fields | body
    return client.post(path, data=data, query_string=query, headers=headers)


def test_support_may_help_in_both() -> None:
    """Who administers every tenant of a person may help them, admins too."""
    with offices() as host:
        prepare(host)
        sue = host.enter(host.sue)

        assert host.help(sue, host.vic, "reset", reason="lost").status_code == 303
        assert host.help(sue, host.eve, "reset", ELM, reason="lost").status_code == 303


def test_a_move_is_seen_before_the_table_is() -> None:
    """Who has left the tenant since the table was written is out of its admin's reach."""
    with offices() as host:
        client = prepare(host)
        host.tenants["1"] = ELM

        assert host.help(client, host.ann, "reset", reason="x").status_code == 403
        host.tenants["1"] = RuntimeError("down")
        assert host.help(client, host.ann, "reset", reason="x").status_code == 403
        assert nothing_changed(host)


def test_the_audit_rows_are_the_tenants() -> None:
    """What happens to a person is numbered under their first tenant, also at the challenge."""
    from sqlalchemy import select  # noqa: PLC0415

    from flask_twofactor.stores.schema import audit  # noqa: PLC0415

    with offices() as host:
        prepare(host)
        host.enter(host.sue)
        engine = app_state(host.app).ports.store.opened().engine  # type: ignore[attr-defined]
        with engine.connect() as connection:
            rows = connection.execute(select(audit.c.tenant, audit.c.name)).all()

        assert (ELM, "verified") in [tuple(row) for row in rows]
        assert {row.tenant for row in rows if row.name == "challenge_required"} == {OAK, ELM}


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


def test_acting_as_somebody_changes_nothing_of_theirs() -> None:
    """No setup, no codes, no turning off, no help to others: those ask for what is theirs."""
    with offices() as host:
        host.view("/as", "as_member", lambda: impersonate(host, host.vic, host.ann))
        client = prepare(host)
        client.get("/as")
        host.rule()

        assert host.lets_in(client, host.ann)
        assert client.get(SETUP).location.startswith((CONFIRM, f"{PAGES}/step-up"))
        assert send(client, f"{PAGES}/disable").status_code in {400, 403}
        assert client.get(page()).status_code == 403


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
    """Neither sessions nor trust: the record would say that they did. One's own session, yes."""
    with offices() as host:
        host.view("/as", "as_member", lambda: impersonate(host, host.vic, host.ann))
        prepare(host)
        anns = remember(host, host.ann)
        (device,) = read(anns, OVERVIEW)["trusted_devices"]
        (session,) = read(anns, OVERVIEW)["sessions"]
        client = host.enter(host.vic)
        assert client.get("/as").text == "done"
        own = next(one for one in read(client, OVERVIEW)["sessions"] if one["is_this"])
        for path in (
            f"devices/{device['id']}/revoke",
            "devices/revoke",
            f"sessions/{session['id']}/end",
            "sign-out-everywhere",
        ):
            assert send(client, f"{PAGES}/{path}").get_json()["error"] == "not_allowed"

        assert host.lets_in(anns, host.ann)
        form(client, f"{PAGES}/sessions/{own['id']}/end")
        assert not host.lets_in(client, host.ann)
        assert come_back(host, anns, host.ann)


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


def test_acting_as_somebody_needs_a_fresh_second_factor() -> None:
    """As all help does: to the second, and never by a trusted device, which shows none."""
    with offices() as host:
        host.view("/as", "as_member", lambda: impersonate(host, host.vic, host.ann))
        client = prepare(host)
        host.clock.move(300)
        assert client.get("/as").text == "step_up_required"

        host.guard.protect(host.vic)
        trusted = remember(host)
        assert come_back(host, trusted)
        assert trusted.get("/as").text == "step_up_required"
        form(trusted, STEP_UP, method="totp", code=host.code())
        host.clock.move(299)
        assert trusted.get("/as").text == "done"
        assert len(host.named("impersonated")) == 1


def test_acting_as_somebody_needs_a_second_factor() -> None:
    """An admin who is not protected may not; nor may a plain login of somebody else."""
    with offices() as host:
        host.guard.protect(host.ann)
        host.view("/as", "as_member", lambda: impersonate(host, host.vic, host.ann))
        client = host.plain(host.vic)

        assert client.get("/as").text == "not_protected"
        assert host.log_in(client, host.ann).location == CHALLENGE
