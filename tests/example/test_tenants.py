"""What the demo's tenants ask of their people, and how support helps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from example_app.seed import DEMO_PASSWORD
from flask_twofactor import testing
from tests.example.hosting import log_in

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

SETUP, CHALLENGE, TENANTS = "/two-factor/setup/totp", "/two-factor/challenge", "/two-factor/tenants"
JSON = {"Accept": "application/json"}


def set_up(app: Flask, client: FlaskClient) -> dict[str, Any]:
    """Scan what the setup page shows, type the code, and give the answer."""
    shown = client.get(SETUP, headers=JSON).get_json()
    code = testing.current_code(app, shown["key"].replace(" ", ""))
    done: dict[str, Any] = client.post(SETUP, json={"code": code}, headers=JSON).get_json()
    return done


def admin(app: Flask, email: str) -> FlaskClient:
    """Open the browser of an admin who has just set up."""
    client = app.test_client()
    log_in(client, email)
    assert set_up(app, client)["ok"]
    return client


def row(page: str, email: str) -> str:
    """Give the part of a roster that is about one person."""
    parts = [part for part in page.split('<li id="member-') if f">{email}</strong>" in part]
    assert len(parts) == 1
    return parts[0]


def send(client: FlaskClient, page: str, what: str, **fields: str) -> Any:
    """Send the form for this help that stands in a row."""
    action = re.search(rf'action="([^"]+/{what})"', page)
    assert action
    return client.post(action[1], data=fields)


def test_the_story_of_atrium(app: Flask) -> None:
    """Ada requires it of all admins; Adam is led to setup, Mia is left alone."""
    adam, mia = app.test_client(), app.test_client()
    log_in(adam, "adam@atrium.test")
    log_in(mia, "mia@atrium.test")
    ada = admin(app, "ada@atrium.test")
    shown = ada.get("/account").text
    assert "Two-factor at Atrium Workspaces" in shown
    rule = {"mode": "roles", "roles": "admin", "grace_days": "0"}
    seen = ada.post(f"{TENANTS}/atrium/rule", data=rule | {"preview": "1"}).text
    assert "2 of 3 people are not ready. 2 of them are admins." in seen
    assert ada.post(f"{TENANTS}/atrium/rule", data=rule).status_code == 303

    assert adam.get("/team").location == "/two-factor/setup"
    assert "Atrium Workspaces requires two-factor" in adam.get("/two-factor/setup").text
    assert set_up(app, adam)["next"] == "/team"
    assert adam.get("/team").status_code == 200
    assert mia.get("/team").status_code == 200


def test_support_resets_adam_who_is_told_by_mail(app: Flask) -> None:
    """After the checklist a reset; it is required of Adam, so setup follows his password."""
    adam = app.test_client()
    log_in(adam, "adam@atrium.test")
    set_up(app, adam)
    support = admin(app, "support@example.test")
    rule = {"mode": "roles", "roles": "admin"}
    assert support.post(f"{TENANTS}/atrium/rule", data=rule).status_code == 303
    mine = row(support.get(f"{TENANTS}/atrium").text, "adam@atrium.test")
    assert "verify who is calling" in mine
    answer = send(support, mine, "reset", reason="lost phone, called back")

    assert answer.status_code == 303
    assert adam.get("/account").status_code == 302
    assert log_in(app.test_client(), "adam@atrium.test").location == "/two-factor/setup"
    mails = app.test_client().get("/outbox").text
    assert "adam@atrium.test" in mails
    assert "Two-factor authentication was reset" in mails


def test_support_resets_in_orchid_and_the_password_logs_in(app: Flask) -> None:
    """Where it is optional the password alone logs in, and a banner asks to set up again."""
    omar = app.test_client()
    log_in(omar, "omar@orchid.test")
    set_up(app, omar)
    support = admin(app, "support@example.test")
    mine = row(support.get(f"{TENANTS}/orchid").text, "omar@orchid.test")
    send(support, mine, "reset", reason="lost phone")
    again = app.test_client()

    assert log_in(again, "omar@orchid.test").location == "/account"
    assert "Your two-factor authentication was reset." in again.get("/account").text


@pytest.mark.parametrize(("email", "codes"), [("ann@maple.test", 1), ("omar@orchid.test", 10)])
def test_each_tenant_has_its_number_of_codes(app: Flask, email: str, codes: int) -> None:
    """Maple has a single backup code, Orchid a list."""
    client = app.test_client()
    log_in(client, email)

    assert len(set_up(app, client)["codes"]) == codes


def log_in_at_indus(client: FlaskClient, **fields: str) -> TestResponse:
    """Send the login form with its box checked, unless told otherwise."""
    typed = {"email": "ines@indus.test", "password": DEMO_PASSWORD, "captcha": "y"}
    return client.post("/login", data=typed | fields)


def test_indus_has_a_box_that_is_checked_by_the_server(client: FlaskClient) -> None:
    """Left alone it refuses the login and is shown; checked, the login leads to the settings."""
    refused = log_in_at_indus(client, captcha="")

    assert refused.status_code == 400
    assert "Check the box, please." in refused.text
    assert 'name="captcha"' in refused.text
    assert client.get("/account").status_code == 302
    assert log_in_at_indus(client).location == "/two-factor/"


def test_indus_asks_its_question_first(app: Flask) -> None:
    """Setup waits for the answer, and says so to who comes back without one."""
    client = app.test_client()
    log_in_at_indus(client)
    assert client.get(SETUP).location == "/security-question"
    assert "One step comes first" in client.get(SETUP).text
    assert client.post("/security-question", data={"answer": ""}).status_code == 400
    question = re.search(r'<option value="([^"]+)"', client.get("/security-question").text)
    assert question
    answer = {"question": question[1], "answer": "Lahore"}
    assert client.post("/security-question", data=answer).location == "/two-factor/setup"

    assert len(set_up(app, client)["codes"]) == 1


def test_everybody_is_listed_from_the_start(app: Flask) -> None:
    """The roster has those who never signed in; support is one of them in every tenant."""
    support = admin(app, "support@example.test")
    names = {
        tenant: [
            one["name"]
            for one in support.get(f"{TENANTS}/{tenant}", headers=JSON).get_json()["members"]
        ]
        for tenant in ("maple", "atrium")
    }

    assert names["maple"] == ["ann@maple.test", "support@example.test"]
    assert names["atrium"] == [
        "ada@atrium.test",
        "adam@atrium.test",
        "mia@atrium.test",
        "support@example.test",
    ]
