"""What a tenant's rule does to people who are signed in, who sign in, and who have time left."""

from __future__ import annotations

from typing import Any

import pytest
from flask import render_template_string
from sqlalchemy import event

from flask_twofactor.core.members import Wanted
from flask_twofactor.core.rules import DAY
from flask_twofactor.web.state import app_state

from .support.guard import JSON
from .support.offices import ELM, OAK, Offices, offices
from .support.portal import CHALLENGE, OVERVIEW, PAGES, finish_setup, read, scanned_code, send

SETUP_INDEX = f"{PAGES}/setup"


def test_a_rule_acts_on_live_sessions_at_the_next_request() -> None:
    """Who is signed in is led to setup at the next click, and comes back to the same page."""
    with offices() as host:
        client = host.plain(host.ann)
        assert host.lets_in(client, host.ann)
        host.rule()

        assert client.get("/account?x=1").location == SETUP_INDEX
        assert not host.lets_in(client, host.ann)
        done = finish_setup(host, client)
        assert 'href="/account?x=1"' in done.text
        assert host.lets_in(client, host.ann)


def test_a_rule_is_no_business_of_other_tenants() -> None:
    """People of another tenant, and of none, go on as before."""
    with offices() as host:
        bob, nobody = host.plain(host.bob), host.plain(host.eve)
        host.tenants["3"] = None
        host.rule(OAK)

        assert host.lets_in(bob, host.bob)
        assert host.lets_in(nobody, host.eve)


def test_json_clients_are_told_with_a_403() -> None:
    """A script hears `two_factor_setup_required` and where to set up."""
    with offices() as host:
        client = host.plain(host.ann)
        host.rule()
        answer = client.get("/account", headers=JSON)

        assert answer.status_code == 403
        assert answer.get_json() == {"error": "two_factor_setup_required", "setup_url": SETUP_INDEX}


def test_a_new_login_is_held_until_set_up() -> None:
    """The password alone gets nobody in; the page says who asks."""
    with offices() as host:
        host.twofactor.tenant_name(lambda tenant: f"The {tenant} house")
        host.rule()
        client = host.client()

        assert host.log_in(client, host.ann).location == SETUP_INDEX
        text = client.get(SETUP_INDEX).text
        assert "The oak house requires two-factor authentication." in text
        assert read(client, SETUP_INDEX)["required_by"] == [OAK]


def test_within_grace_everything_works_and_a_banner_says_when() -> None:
    """Until the date people go on; the host's pages can show who will ask, and from when."""
    with offices() as host:
        host.view("/page", "page", lambda: render_template_string("{{ twofactor.banner() }}"))
        host.rule(grace_days=14, starts_on="2027-01-15")
        client = host.plain(host.ann)
        shown = client.get("/page").text

        assert "29 Jan 2027</time> on." in shown
        assert "oak will require two-factor authentication" in shown
        assert SETUP_INDEX in shown
        assert read(client, OVERVIEW)["by"] == 1_800_000_000 + 14 * DAY
        host.clock.move(14 * DAY)
        assert client.get("/page").text == ""
        assert client.get("/account").location == SETUP_INDEX


def test_strangers_and_protected_people_see_no_banner() -> None:
    """The banner is for who has something to do."""
    with offices() as host:
        host.view("/page", "page", lambda: render_template_string("{{ twofactor.banner() }}"))
        host.rule(grace_days=14)

        assert host.client().get("/page").text == ""
        assert host.admin().get("/page").text == ""


def test_grace_counts_from_being_seen_and_is_not_renewed() -> None:
    """Logging in again, leaving and coming back begin no second grace."""
    with offices() as host:
        host.rule(grace_days=14)
        host.clock.move(30 * DAY)
        first = host.plain(host.ann)
        by = read(first, OVERVIEW)["by"]
        assert by == int(host.clock.now) + 14 * DAY
        host.clock.move(10 * DAY)
        host.tenants["1"] = None
        host.plain(host.ann)
        host.tenants["1"] = OAK

        assert read(host.plain(host.ann), OVERVIEW)["by"] == by


def test_a_session_from_before_is_first_seen_at_its_next_click() -> None:
    """Who was moved while signed in has the grace of the new tenant from the next click on."""
    with offices() as host:
        client = host.plain(host.ann)
        host.rule(ELM, grace_days=14)
        host.clock.move(20 * DAY)
        host.tenants["1"] = ELM
        assert host.lets_in(client, host.ann)
        by = read(client, OVERVIEW)["by"]
        host.clock.move(DAY)

        assert by == int(host.clock.now) + 13 * DAY
        assert read(client, OVERVIEW)["by"] == by


def test_moving_somebody_acts_at_once() -> None:
    """Who is moved into a tenant that requires it is asked at the next request."""
    with offices() as host:
        host.rule(ELM)
        client = host.plain(host.ann)
        assert host.lets_in(client, host.ann)
        host.tenants["1"] = [OAK, ELM]

        assert client.get("/account").location == SETUP_INDEX


def test_losing_a_role_acts_at_once() -> None:
    """A rule for a role stops asking who has lost it, and asks who has got it."""
    with offices() as host:
        client, admin = host.plain(host.ann), host.plain(host.vic)
        host.rule(mode="roles", roles=["admin"])
        host.vic.role, host.ann.role = "member", "admin"

        assert host.lets_in(admin, host.vic)
        assert not host.lets_in(client, host.ann)


@pytest.mark.parametrize("answer", [RuntimeError("down"), 3.5, [None], ["a" * 300], {"a": 1}])
def test_a_tenant_loader_that_fails_means_required(answer: object) -> None:
    """An error, or an answer that is no tenant, never opens a door."""
    with offices() as host:
        live = host.plain(host.ann)
        host.tenants["1"] = answer

        assert live.get("/account").location == SETUP_INDEX
        assert host.log_in(host.client(), host.ann).location == SETUP_INDEX


def test_a_role_loader_that_fails_means_required() -> None:
    """Where a rule names roles, roles that cannot be told count."""
    with offices() as host:
        host.rule(mode="roles", roles=["admin"])
        host.twofactor.role_loader(lambda _user: 1 / 0)

        assert host.log_in(host.client(), host.ann).location == SETUP_INDEX


def test_a_loader_that_fails_takes_nothing_from_the_roster() -> None:
    """At a login roles and rank that cannot be told stay as they were known, and come back."""
    with offices() as host:
        host.twofactor.role_loader(lambda user: roles[user.id])
        roles: dict[str, Any] = {one.id: {one.role} for one in host.people}
        host.meet(host.ann, host.vic, host.sue)
        runs = host.runs["2"]
        roles, host.runs["2"] = {}, RuntimeError("down")
        host.meet(host.vic)
        kept = members_of(host)
        roles, host.runs["2"] = {one.id: {one.role} for one in host.people}, runs

        assert kept["vic@host.test"] == (("admin",), True)
        roles["2"] = set()
        host.meet(host.vic)
        assert members_of(host)["vic@host.test"] == ((), True)


def members_of(host: Offices) -> dict[str, tuple[tuple[str, ...], bool]]:
    """Give oak's people with their roles, and whether they run it."""
    found = app_state(host.app).ports.store.members(OAK, Wanted(), host.clock.now)
    return {one.label: (one.roles, one.admin) for one in found}


def test_each_callback_runs_once_and_sees_the_user() -> None:
    """On every road a callback runs at most once a request, and current_user is the user."""
    with offices() as host:
        host.rule(mode="roles", roles=["boss"])
        client = host.plain(host.ann)
        for path in ("/account", OVERVIEW, SETUP_INDEX):
            host.calls.clear()
            client.get(path)
            names = [name for name, _, _ in host.calls]
            assert len(names) == len(set(names)), host.calls
            assert "tenant" in names
        assert all(real for _, _, real in host.calls)
        host.calls.clear()
        host.log_in(host.client(), host.bob)
        names = [name for name, _, _ in host.calls]
        assert len(names) == len(set(names))
        assert all(real for _, _, real in host.calls)


def test_rules_cost_a_page_no_statement() -> None:
    """One statement a page, whatever rules say, also in several tenants."""
    with offices() as host:
        host.rule(OAK, "roles", roles=["boss"], grace_days=3)
        host.rule(ELM, grace_days=30)
        clients = [host.plain(host.ann), host.plain(host.sue)]
        opened = app_state(host.app).ports.store.opened()  # type: ignore[attr-defined]
        seen: list[str] = []

        def note(_c: object, _k: object, statement: str, *_: object) -> None:
            seen.append(statement)

        for engine in (opened.engine, opened.reader):
            event.listen(engine, "before_cursor_execute", note)
        for client in clients:
            seen.clear()
            assert client.get("/account").status_code == 200
            assert len(seen) == 1, seen


def test_an_exempt_person_enters_and_leaves_an_event() -> None:
    """An exemption holds until its day, is recorded at each login, and then it is over."""
    with offices() as host:
        host.rule()
        host.meet(host.ann)
        admin = host.admin()
        answer = host.help(admin, host.ann, "exempt", until="2027-01-20", reason="on leave")
        assert answer.status_code == 303, answer.text
        client = host.plain(host.ann)

        assert host.lets_in(client, host.ann)
        assert [one.tenant for one in host.named("exemption_used")] == [OAK]
        host.clock.move(6 * DAY)
        assert client.get("/account").location == SETUP_INDEX


def test_turning_off_is_refused_where_a_rule_requires_it() -> None:
    """The rule of a tenant keeps two-factor authentication on, as the site's does."""
    with offices() as host:
        client = host.admin()
        host.rule()

        assert send(client, f"{PAGES}/disable").get_json()["error"] == "required_by_rule"


def test_turning_a_rule_off_takes_nobodys_protection() -> None:
    """Who has set up stays protected."""
    with offices() as host:
        host.admin()
        host.rule()
        host.rule(mode="optional")

        assert host.log_in(host.client(), host.vic).location == CHALLENGE


def test_backup_codes_are_the_tenants_number() -> None:
    """The smallest number of several tenants is made and shown."""
    with offices() as host:
        host.rule(mode="optional", backup_codes=3)
        client = host.plain(host.ann)
        done = send(client, f"{PAGES}/setup/totp", code=scanned_code(host, client))

        assert len(done.get_json()["codes"]) == 3
        assert read(client, OVERVIEW)["codes_left"] == 3


def test_the_sites_floor_asks_roles() -> None:
    """`REQUIRED_FOR = roles` asks who has one of the roles, in every tenant and none."""
    config = {"TWOFACTOR_REQUIRED_FOR": "roles", "TWOFACTOR_REQUIRED_ROLES": ["admin"]}
    with offices(**config) as host:
        host.tenants.clear()

        assert host.log_in(host.client(), host.eve).location == SETUP_INDEX
        assert host.log_in(host.client(), host.ann).location == "/account"


def test_status_says_whether_it_is_required() -> None:
    """The host may ask outside a request too."""
    with offices() as host:
        host.rule()
        with host.app.app_context():
            assert host.twofactor.status(host.ann).required
            assert not host.twofactor.status(host.bob).required


def test_a_hold_that_nothing_asks_for_any_more_lets_go() -> None:
    """Who waits at setup when the rule is switched off, or is excused, goes on to their page."""
    with offices() as host:
        client = host.plain(host.ann)
        host.rule()
        assert client.get("/account?x=1").location == SETUP_INDEX
        host.rule(mode="optional")

        assert client.get(SETUP_INDEX).location == "/account?x=1"
        assert host.lets_in(client, host.ann)
        host.rule()
        assert client.get("/account").location == SETUP_INDEX


def test_a_protected_persons_hold_lets_nobody_go() -> None:
    """Only who has nothing set up is let go: a challenge is not a rule's to lift."""
    with offices() as host:
        host.guard.protect(host.ann)
        held = host.held(host.ann)

        assert held.get(SETUP_INDEX).location == CHALLENGE
        assert not host.lets_in(held, host.ann)
