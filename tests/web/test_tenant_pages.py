"""The page of a tenant: who may see it, the rule and its preview, the list, and help."""

from __future__ import annotations

import csv
import io
import re

import pytest
from flask.testing import FlaskClient
from jinja2 import ChoiceLoader, DictLoader
from sqlalchemy import event
from werkzeug.datastructures import MultiDict

from flask_twofactor.core.members import Seen
from flask_twofactor.core.rules import DAY
from flask_twofactor.testing import current_code
from flask_twofactor.web.state import app_state
from flask_twofactor.web.views.roster import safe_cell
from flask_twofactor.web.views.tenants import PAGE

from .support.guard import JSON
from .support.offices import ELM, OAK, Offices, act, offices, page
from .support.portal import CHALLENGE, OVERVIEW, PAGES, form, read

RULE = {"mode": "all", "starts_on": "2027-02-01", "grace_days": "14"}
SETUP, SETUP_INDEX = f"{PAGES}/setup/totp", f"{PAGES}/setup"


def set_rule(client: FlaskClient, tenant: str = OAK, **fields: object) -> object:
    """Send the rule form."""
    return act(client, page(tenant, "/rule"), **(RULE | fields))


def crowd(host: Offices, number: int, tenant: str = OAK) -> None:
    """Put people into the member table."""
    with host.app.app_context(), app_state().ports.store.transaction() as transaction:
        for at in range(number):
            transaction.see(Seen(tenant, f"user:c{at}", f"person {at:04}"), host.clock.now)


def test_a_stranger_and_a_held_person_see_nothing() -> None:
    """The page is for signed-in admins: others are led to login or to the challenge."""
    with offices() as host:
        host.guard.protect(host.vic)

        assert host.client().get(page()).location.startswith("/login")
        assert host.held(host.vic).get(page()).location == CHALLENGE


@pytest.mark.parametrize("rest", ["", "/adoption.svg", "/members.csv"])
def test_only_its_admins_see_a_tenant(rest: str) -> None:
    """Members, and admins of another tenant, get a 403 and leave an event."""
    with offices() as host:
        for client in (host.plain(host.ann), host.plain(host.eve)):
            answer = client.get(page(OAK, rest))
            assert answer.status_code == 403
            assert client.get(page(OAK, rest), headers=JSON).get_json()["error"] == "not_allowed"
        assert host.plain(host.vic).get(page(OAK, rest)).status_code == 200
        assert len(host.named("admin_refused")) == 4


def test_an_admin_loader_that_fails_refuses() -> None:
    """Who administers what cannot be told: nobody is an admin."""
    with offices() as host:
        client = host.admin()
        host.runs["2"] = RuntimeError("down")

        assert client.get(page()).status_code == 403


def test_a_rule_is_saved_and_acts() -> None:
    """The form saves the rule, says so, and leaves an event with who did it and what."""
    with offices() as host:
        client = host.admin()
        answer = set_rule(client, mode="roles", roles="clerk, admin", backup_codes="1",
                          trusted_device_days="0", methods="totp")  # fmt: skip
        assert answer.status_code == 303
        assert "The rule is saved." in client.get(answer.location).text
        with host.app.app_context():
            shown = repr(host.twofactor.rule(OAK))

        assert shown == (
            "Rule(tenant='oak', mode='roles', roles=('admin', 'clerk'), starts_on='2027-02-01', "
            "grace_days=14, methods=('totp',), trusted_device_days=0, backup_codes=1, version=1)"
        )
        changed = host.named("policy_changed")
        assert [(one.actor, one.tenant, one.reason) for one in changed] == [
            (host.key(host.vic), OAK, shown)
        ]


def test_a_rule_may_come_as_json() -> None:
    """A script sends numbers and lists; what it left out takes its default."""
    with offices() as host:
        client = host.admin()
        answer = send_json(client, mode="roles", roles=["admin"], grace_days=7)

        assert answer == {"ok": True, "next": f"{page()}?done=rule"}
        found = read(client, page())["rule"]
        assert (found["mode"], found["roles"], found["grace_days"]) == ("roles", ["admin"], 7)


def send_json(client: FlaskClient, **fields: object) -> dict[str, object]:
    """Send a rule as JSON."""
    token = read(client, OVERVIEW)["csrf_token"]
    answer = client.post(page(OAK, "/rule"), json=fields, headers=JSON | {"X-CSRFToken": token})
    found: dict[str, object] = answer.get_json()
    return found


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("mode", "sometimes", "Choose who must"),
        ("mode", "roles", "Enter at least one role"),
        ("starts_on", "tomorrow", "Enter a date"),
        ("starts_on", "2027-02-30", "Enter a date"),
        ("grace_days", "-1", "Enter a whole number from 0 to 366"),
        ("grace_days", "٣", "Enter a whole number from 0 to 366"),
        ("trusted_device_days", "999", "Enter a whole number from 0 to 366"),
        ("backup_codes", "0", "Enter a whole number from 1 to 50"),
        ("methods", "pigeon", "Choose at least one"),
    ],
)
def test_a_wrong_field_is_said_at_the_field(field: str, value: str, words: str) -> None:
    """Nothing is saved, what was typed stays, and the field says what it takes."""
    with offices() as host:
        client = host.admin()
        answer = set_rule(client, **{field: value})

        assert answer.status_code == 400
        assert words in answer.text
        assert read(client, page())["rule"]["version"] == 0
        if field == "grace_days":
            assert f'value="{value}"' in answer.text


def test_the_preview_says_who_is_affected_and_saves_nothing() -> None:
    """People, those who are not ready, and how many of these are admins, are counted."""
    with offices() as host:
        host.runs["1"] = OAK
        host.meet(host.ann, host.vic, host.sue)
        client = host.admin()
        everyone = set_rule(client, preview="1")
        some = set_rule(client, mode="roles", roles="admin", preview="1")

        assert "Nothing is saved yet." in everyone.text
        assert "2 of 3 people are not ready. 2 of them are admins." in everyone.text
        assert "This rule would ask 2 of the people here." in some.text
        assert "1 of 2 people is not ready. 1 of them is an admin." in some.text
        assert "They have until <time" in everyone.text
        assert "Now nobody has to use it." in everyone.text
        assert 'value="2027-02-01"' in some.text
        assert read(client, page())["rule"]["version"] == 0


def test_a_preview_says_that_a_rule_would_act_at_once() -> None:
    """Without days to set it up everybody who is not ready is stopped at their next click."""
    with offices() as host:
        host.meet(host.ann, host.vic)
        answer = set_rule(host.admin(), starts_on="", grace_days="", preview="1")

        assert "It would act at once" in answer.text


def test_roles_are_ticked_and_others_can_be_typed() -> None:
    """The roles that people have are boxes; what is typed beside them counts too, and stays."""
    with offices() as host:
        host.meet(host.ann, host.vic)
        client = host.admin()
        box = '<input type="checkbox" name="roles" value="admin"'
        assert f"{box}>" in client.get(page()).text
        both = MultiDict(RULE | {"mode": "roles"})
        both.setlist("roles", ["admin", "clerk, boss"])
        both["csrf_token"] = read(client, OVERVIEW)["csrf_token"]
        assert client.post(page(OAK, "/rule"), data=both).status_code == 303
        text = client.get(page()).text

        assert read(client, page())["rule"]["roles"] == ["admin", "boss", "clerk"]
        assert f"{box} checked>" in text
        assert ">1 Feb 2027</time> on: admin, boss, clerk." in text


def test_a_role_with_a_comma_can_be_named_by_a_script() -> None:
    """What is an item of a list is one role, whatever it holds."""
    with offices() as host:
        client = host.admin()
        send_json(client, mode="roles", roles=["admin, north", " clerk "])

        assert read(client, page())["rule"]["roles"] == ["admin, north", "clerk"]


def test_an_expired_token_loses_nothing() -> None:
    """The form comes back with what was typed, and nothing is saved."""
    with offices() as host:
        client = host.admin()
        answer = client.post(page(OAK, "/rule"), data=RULE | {"csrf_token": "old"})

        assert answer.status_code == 400
        assert "This page was open for too long." in answer.text
        assert 'value="2027-02-01"' in answer.text
        assert read(client, page())["rule"]["version"] == 0


def test_two_admins_at_once() -> None:
    """The second sees the first's change, keeps what they typed, and is asked again."""
    with offices() as host:
        first, second = host.admin(), host.admin(host.sue)
        assert set_rule(first, mode="all", version="0").status_code == 303
        answer = set_rule(second, mode="optional", version="0", grace_days="3")

        assert answer.status_code == 409
        assert "Somebody saved this rule" in answer.text
        assert 'name="version" value="1"' in answer.text
        assert "Now everyone must use it, from" in answer.text
        assert "They have 14 days to set it up." in answer.text
        assert (
            'id="tf-grace_days" name="grace_days" type="text" inputmode="numeric" maxlength="3" autocomplete="off" value="3"'
            in answer.text
        )
        assert read(first, page())["rule"]["mode"] == "all"
        assert set_rule(second, mode="optional", version="1").status_code == 303


def test_an_admin_protects_themselves_first() -> None:
    """Who has not set up cannot require it of others, nor help them."""
    with offices() as host:
        host.meet(host.ann)
        client = host.plain(host.vic)

        assert "before you require it of others" in set_rule(client).text
        assert set_rule(client, mode="optional").location.startswith(f"{PAGES}/step-up")
        assert host.help(client, host.ann, "reset", reason="x").location.startswith(
            f"{PAGES}/step-up"
        )
        assert read(client, page())["rule"]["version"] == 0
        assert host.named("admin_reset") == []


def test_a_change_asks_for_a_fresh_code() -> None:
    """Five minutes after the last code nothing changes before a new one; a backup code is none."""
    with offices() as host:
        host.meet(host.ann)
        client = host.admin()
        host.clock.move(301)
        asked = set_rule(client)
        assert asked.location.startswith(f"{PAGES}/step-up?")
        assert "full=1" in asked.location
        for what in ("reset", "exempt", "unlock"):
            found = host.help(client, host.ann, what, reason="x", until="2027-02-01")
            assert found.location.startswith(f"{PAGES}/step-up?")

        assert form(client, asked.location, method="totp", code=host.code()).location == page()
        assert set_rule(client).status_code == 303


def test_the_roster_says_how_everybody_is() -> None:
    """Methods, last use, codes, grace, excuse and lock stand in the person's row."""
    with offices() as host:
        host.meet(host.ann, host.vic)
        client = host.admin()
        host.rule(grace_days=14, starts_on="2027-01-15")
        host.help(client, host.ann, "exempt", until="2027-02-01", reason="on <leave>")
        ann, vic = read(client, page())["members"]

        assert (ann["name"], ann["ready"], ann["exempt_reason"]) == (
            "ann@host.test", False, "on <leave>",
        )  # fmt: skip
        assert ann["grace_end"] == 1_800_000_000 + 14 * DAY
        assert (vic["methods"], vic["admin"], vic["grace_end"]) == (["totp"], True, None)
        text = client.get(page()).text
        assert "on &lt;leave&gt;" in text
        assert "1 Feb 2027</time>: on" in text
        assert "This is you." in text


def test_the_roster_is_paged_searched_and_filtered() -> None:
    """Each page leads to the next; a search and a filter stay while paging."""
    with offices() as host:
        client = host.admin()
        crowd(host, PAGE + 5)
        first = read(client, f"{page()}?show=not_ready&q=Person")
        assert len(first["members"]) == PAGE
        second = read(client, f"{page()}?show=not_ready&q=Person&after={first['next']}")

        assert [one["name"] for one in second["members"]] == [
            f"person {at:04}" for at in range(PAGE, PAGE + 5)
        ]
        assert second["next"] is None
        assert [one["name"] for one in read(client, f"{page()}?show=ready")["members"]] == [
            "vic@host.test"
        ]
        assert read(client, f"{page()}?q=%25")["members"] == []
        link = re.search(r'href="([^"]*after=[^"]*)"', client.get(page()).text)
        assert link


@pytest.mark.parametrize(
    "query", ["after=nobody", "after=%00", "show=x", "q=%00", "q=" + "a" * 999]
)
def test_a_strange_query_shows_a_page(query: str) -> None:
    """What no link of ours has leads to a plain page, not to a fault."""
    with offices() as host:
        assert host.admin().get(f"{page()}?{query}").status_code == 200


def test_the_page_costs_the_same_statements_for_any_number() -> None:
    """One person or a thousand and more: the same number of statements."""
    with offices() as host:
        client = host.admin()
        client.get(page())
        opened = app_state(host.app).ports.store.opened()  # type: ignore[attr-defined]
        seen: list[str] = []

        def note(_c: object, _k: object, statement: str, *_: object) -> None:
            seen.append(statement)

        for engine in (opened.engine, opened.reader):
            event.listen(engine, "before_cursor_execute", note)
        counts = []
        for number in (0, 200, 1200):
            crowd(host, number)
            client.get(page())
            seen.clear()
            assert client.get(page()).status_code == 200
            counts.append(len(seen))

        assert counts[0] == counts[1] == counts[2]
        assert counts[0] <= 8


def test_the_list_is_safe_in_a_spreadsheet() -> None:
    """Everybody is in it, and no cell is taken for a formula."""
    names = ["=1+1", "+a", "-a", "@a", "\tq", " =b", 'quote " and , comma', "plain"]
    with offices() as host:
        client = host.admin()
        with host.app.app_context(), app_state().ports.store.transaction() as transaction:
            for at, name in enumerate(names):
                transaction.see(Seen(OAK, f"user:f{at}", name, (name,)), host.clock.now)
            transaction.see(Seen(ELM, "user:other", "other"), host.clock.now)
        answer = client.get(page(OAK, "/members.csv"))
        rows = list(csv.reader(io.StringIO(answer.text)))

        assert answer.mimetype == "text/csv"
        assert "attachment" in answer.headers["Content-Disposition"]
        assert answer.headers["Cache-Control"] == "no-store"
        found = {row[0] for row in rows[1:]}
        assert {"plain", "'=1+1", "'+a", "'-a", "'@a", "' =b", 'quote " and , comma'} <= found
        assert "other" not in found
        assert not any(
            cell.lstrip(" ")[:1] in set("=+-@\t\r") for row in rows for cell in row if cell
        )


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1", "'=1"), ("  =1", "'  =1"), ("\u00a0=1", "'\u00a0=1"), ("\ufeff=1", "'\ufeff=1"),
        ("\u200b+1", "'\u200b+1"), ("\uff1d1", "'\uff1d1"), ("\uff20a", "'\uff20a"), ("\v-1", "'\v-1"),
        ("\nx", "'\nx"), ("a=1", "a=1"), ("", ""), ("  ", "  "), ("'=1", "'=1"), ("\u00e9 -", "\u00e9 -"),
    ],
)  # fmt: skip
def test_no_cell_begins_a_formula(text: str, safe: str) -> None:
    """Whatever stands before it unseen, and in whichever width it is written."""
    assert safe_cell(text) == safe


def test_the_chart_is_a_picture_of_its_own() -> None:
    """The page shows it by an image, with the numbers in a table; nothing in it can run."""
    with offices() as host:
        host.meet(host.ann)
        client = host.admin()
        text = client.get(page()).text
        host.clock.move(DAY - 400)
        client = host.enter(host.vic)
        client.get(page())
        chart = client.get(page(OAK, "/adoption.svg"))

        assert f'<img class="tf-chart" src="{page(OAK, "/adoption.svg")}"' in text
        assert "<td>2027-01-15</td><td>2</td><td>1</td>" in text
        assert (chart.status_code, chart.mimetype) == (200, "image/svg+xml")
        assert chart.text.startswith("<svg")
        assert "<script" not in chart.text
        assert "style" not in chart.text


def test_nothing_is_done_without_a_token() -> None:
    """A form from elsewhere changes nothing."""
    with offices() as host:
        host.meet(host.ann)
        admin = host.admin()
        for path in ("/rule", "/members/user:1/reset", "/members/user:1/exempt",
                     "/members/user:1/unlock"):  # fmt: skip
            answer = admin.post(page(OAK, path), data=RULE | {"reason": "x"})
            assert answer.status_code == 400
        assert read(admin, page())["rule"]["version"] == 0
        assert host.named("admin_reset") == []


def test_a_template_learns_whose_tenants_its_page_is_about() -> None:
    """Of who is held, of who has just finished setup or used a backup code; none of a stranger."""
    with offices() as host:
        name = "{{ super() }}<i>of: {{ twofactor_tenants|join }}</i>"
        pages = {
            f"twofactor/{page}.html": f'{{% extends "twofactor/pages/{page}.html" %}}'
            f"{{% block intro %}}{name}{{% endblock %}}"
            for page in ("codes", "challenge", "lost_device", "backup_code_used")
        }
        host.app.jinja_loader = ChoiceLoader([DictLoader(pages), host.app.jinja_loader])
        ann = host.plain(host.ann)
        key = ann.get(SETUP, headers=JSON).get_json()["key"].replace(" ", "")
        saved = form(ann, SETUP, code=current_code(host.app, key)).text
        backup = re.search(r"<code>([0-9A-Z-]{29})</code>", saved)
        held = host.held(host.ann)
        shown = [held.get(address).text for address in (CHALLENGE, f"{PAGES}/lost-device")]
        assert backup
        used = form(held, CHALLENGE, method="backup_code", code=backup[1]).text

        assert [f"of: {OAK}" in page for page in (saved, *shown, used)] == [True] * 4
        assert "of: <" in host.client().get(f"{PAGES}/lost-device").text
