"""Who may act on whom: never across tenants, upward or on oneself, by whatever the request says."""

from __future__ import annotations

import itertools

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_twofactor.core.rules import Rule
from flask_twofactor.web.state import app_state

from .support.guard import JSON
from .support.offices import ELM, OAK, Offices, act, offices, page
from .support.portal import OVERVIEW, read

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
        host.tenants["1"], host.runs["1"] = OAK, RuntimeError("down")
        assert host.help(client, host.ann, "reset", reason="x").status_code == 403
        assert [one.user_key for one in host.named("admin_refused")] == [host.key(host.ann)] * 3
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
