"""What no form of ours sends to a tenant's pages: each is refused at its field, none is a fault."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from flask import render_template_string
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_twofactor.core.rules import DAY, Rule
from flask_twofactor.stores.keys import new_key

from .support.guard import JSON
from .support.offices import OAK, Offices, act, offices, page
from .support.portal import OVERVIEW, PAGES, read


@pytest.fixture(params=["memory", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def host(request: pytest.FixtureRequest) -> Iterator[Offices]:
    """The offices, over each kind of store: what one keeps the other may not."""
    config: dict[str, object] = {}
    if request.param == "postgresql":
        uri = request.getfixturevalue("postgresql_uri")
        config = {"TWOFACTOR_DATABASE_URI": uri, "TWOFACTOR_KEYS": [new_key()]}
    with offices(**config) as made:
        made.meet()
        yield made


def rule_of(host: Offices, tenant: str = OAK) -> Rule:
    """Give a tenant's rule."""
    with host.app.app_context():
        return host.twofactor.rule(tenant)


def send(client: FlaskClient, path: str, **sent: object) -> TestResponse:
    """Send JSON, or what only claims to be."""
    token = read(client, OVERVIEW)["csrf_token"]
    return client.post(path, headers=JSON | {"X-CSRFToken": token}, **sent)  # type: ignore[arg-type]


def test_a_nul_anywhere_is_a_plain_answer(host: Offices) -> None:
    """In a key, a tenant, a search, a place, a reason or a date; PostgreSQL keeps none."""
    client = host.admin()
    for query in ("after=%00", "after=a%00b", "q=%00", "q=a%00b", "show=%00"):
        assert client.get(f"{page()}?{query}").status_code == 200
    for key in ("%00", "a%00b", "@Person:1%00"):
        assert act(client, page(OAK, f"/members/{key}/reset"), reason="x").status_code == 404
    assert client.get(page("o%00ak")).status_code == 403
    for fields in ({"reason": "\0"}, {"reason": "x", "until": "\0"}):
        assert host.help(client, host.ann, "exempt", **fields).status_code in {303, 400}
    assert rule_of(host).version == 0


def test_a_name_with_a_nul_costs_nobody_the_login(host: Offices) -> None:
    """What the host calls somebody is shown as far as it can be kept."""
    host.ann.email = "ann\0@host.test"

    assert host.log_in(host.client(), host.ann).location == "/account"
    names = [one["name"] for one in read(host.admin(), page())["members"]]
    assert "ann@host.test" in names


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"grace_days": 7.5}, "number_wrong"),
        ({"grace_days": True}, "number_wrong"),
        ({"grace_days": {"a": 1}}, "number_wrong"),
        ({"backup_codes": False}, "number_wrong"),
        ({"trusted_device_days": [None]}, "number_wrong"),
        ({"methods": {"totp": 1}}, "methods_unknown"),
        ({"methods": ["to\0tp"]}, "methods_unknown"),
        ({"methods": []}, "methods_unknown"),
        ({"mode": "roles", "roles": ["admin", "a\0b"]}, "roles_missing"),
        ({"mode": "roles", "roles": ["\ud800"]}, "roles_missing"),
        ({"mode": {"all": 1}}, "mode_unknown"),
        ({"mode": True}, "mode_unknown"),
        ({"starts_on": "9999-12-31", "grace_days": 366}, "starts_on_wrong"),
        ({"starts_on": "0001-01-01"}, "starts_on_wrong"),
        ({"starts_on": ["2027-01-01T00:00"]}, "starts_on_wrong"),
        ({"version": "abc"}, "rule_changed"),
        ({"version": -1}, "rule_changed"),
        ({"version": 10**30}, "rule_changed"),
    ],
)
def test_a_value_of_the_wrong_kind_is_not_read_as_left_out(
    host: Offices, fields: dict[str, object], error: str
) -> None:
    """Days that are no number are not none at all; methods that cannot be read are not all."""
    answer = send(host.admin(), page(OAK, "/rule"), json={"mode": "all"} | fields)

    assert answer.get_json()["error"] == error
    assert rule_of(host).version == 0


def test_no_way_ticked_is_not_every_way() -> None:
    """The form says when a box was there and none was ticked; what was typed stays."""
    with offices() as host:
        client = host.admin()
        assert 'type="hidden" name="methods" value=""' in client.get(page()).text
        answer = act(client, page(OAK, "/rule"), mode="all", methods="")

        assert answer.status_code == 400
        assert "Choose at least one of the ways" in answer.text
        assert 'value="totp" checked' not in answer.text


def test_the_last_day_that_is_taken_can_be_shown(host: Offices) -> None:
    """The page, the list and the host's banner show whatever a rule may say."""
    client, theirs = host.admin(), host.plain(host.ann)
    fields = {"mode": "all", "starts_on": "2999-12-31", "grace_days": 366}
    assert send(client, page(OAK, "/rule"), json=fields).status_code == 200

    assert "1 Jan 3001" in client.get(page()).text
    assert "3001-01-01" in client.get(page(OAK, "/members.csv")).text
    assert "1 Jan 3001" in theirs.get(OVERVIEW).text


BODIES = {
    "nothing but brackets": "[" * 60_000,
    "half an object": '{"mode": "all", "reason": "x"',
    "a list": '["all"]',
    "too long": '{"mode": "all", "reason": "' + "x" * 200_000 + '"}',
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("what", ["rule", "reset", "exempt"])
def test_a_strange_body_is_refused(what: str, body: str) -> None:
    """However deep, long or broken: a 400, and nothing changes."""
    with offices() as host:
        host.meet(host.ann)
        client = host.admin()
        rest = "/rule" if what == "rule" else f"/members/{host.key(host.ann)}/{what}"
        answer = send(client, page(OAK, rest), data=BODIES[body], content_type="application/json")

        assert answer.status_code == 400
        assert rule_of(host).version == 0
        assert host.named("admin_reset") == host.named("exempted") == []


@pytest.mark.parametrize("name", ["north/south", "50% off", "a b", "ä/ö"])
def test_any_name_of_a_tenant_or_person_has_its_pages(name: str) -> None:
    """A slash, a percent sign, a blank: every link and form of the page still leads there."""
    with offices() as host:
        host.tenants |= {"1": name, "2": name}
        host.runs["2"] = name
        host.ann.id = "7/8%2f 9"
        host.tenants[host.ann.id] = name
        host.meet(host.ann, host.vic)
        client, tenant = host.admin(), quote(name)
        with host.app.test_request_context():
            from flask import url_for  # noqa: PLC0415

            here = url_for("twofactor.tenant", tenant=name)
            forms = {
                what: url_for(f"twofactor.{what}_member", tenant=name, key=host.key(host.ann))
                for what in ("unlock", "exempt", "reset")
            }

        text = client.get(here).text
        assert here == f"{PAGES}/tenants/{tenant}" or "%" in here
        assert all(path.replace("&", "&amp;") in text for path in forms.values())
        assert client.get(f"{here}/adoption.svg").mimetype == "image/svg+xml"
        assert "ann@host.test" in client.get(f"{here}/members.csv").text
        for what, path in forms.items():
            assert act(client, path, reason="x", until="2027-02-01").status_code == 303, what
        assert act(client, f"{here}/rule", mode="all").status_code == 303
        assert rule_of(host, name).mode == "all"


EVIL = "<script>alert('1')</script>\"'&"


def test_names_are_only_ever_text() -> None:
    """Markup in the name of a tenant, a person or a role, in a reason or a search stays text."""
    with offices() as host:
        host.twofactor.tenant_name(lambda _tenant: EVIL)
        host.view("/hall", "hall", lambda: render_template_string("{{ twofactor.banner() }}"))
        host.ann.email, host.ann.role = f"{EVIL}@host.test", EVIL
        host.meet(host.ann)
        client = host.admin()
        host.help(client, host.ann, "exempt", until="2027-01-20", reason=EVIL)
        fields = {"mode": "roles", "roles": [EVIL, "member"], "grace_days": 30}
        assert send(client, page(OAK, "/rule"), json=fields).status_code == 200
        host.clock.move(6 * DAY)
        theirs, admin = host.plain(host.ann), host.enter(host.vic)
        shown = [client_.get(path) for client_, path in (
            (admin, page()), (admin, f"{page()}?q={quote(EVIL)}&show={quote(EVIL)}"),
            (admin, f"{page()}?done={quote(EVIL)}"), (admin, page(quote(EVIL, safe=""))),
            (theirs, "/hall"), (theirs, OVERVIEW), (theirs, f"{PAGES}/setup"),
        )]  # fmt: skip
        shown.append(host.help(admin, host.ann, "exempt", until="soon", reason=EVIL))
        shown.append(act(admin, page(OAK, "/rule"), mode=EVIL, roles=EVIL, starts_on=EVIL))

        assert "&lt;script&gt;" in shown[0].text
        assert "&lt;script&gt;" in shown[4].text
        for answer in shown:
            assert "<script>" not in answer.text
            assert "alert('1')" not in answer.text
        assert "<script" not in admin.get(page(OAK, "/adoption.svg")).text
