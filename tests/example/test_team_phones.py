"""Cell phones on orchid's team page: the own one is proven by a text, another's is a proposal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from example_app.accounts import by_email
from flask_twofactor.testing import frozen_clock
from tests.example.hosting import ANN, log_in, make_app

OMAR, SUPPORT = "omar@orchid.test", "support@example.test"
SETUP, SEND = "/two-factor/setup/sms", "/two-factor/challenge/send"
NEWEST = re.compile(r"To <b>([+0-9]+)</b>.*?<div class=\"mail\">([0-9]{6})", re.DOTALL)


def edit_page(app: Flask, email: str) -> str:
    """Give the address of somebody's form."""
    with app.app_context():
        account = by_email(email)
        assert account is not None
        return f"/team/{account.id}/edit"


def newest_text(client: FlaskClient) -> tuple[str, str]:
    """Give receiver and code of the newest text in the outbox."""
    found = NEWEST.search(client.get("/outbox").text)
    assert found is not None
    return found[1], found[2]


def test_the_article_s_path(app: Flask) -> None:
    """Team, edit, country and number, Save, "enter the code we sent", and the next sign-in."""
    with frozen_clock(app) as clock:
        omar = app.test_client()
        log_in(omar, OMAR)
        assert edit_page(app, OMAR) in omar.get("/team").text
        form = omar.get(edit_page(app, OMAR)).text
        assert f'action="{SETUP}"' in form
        assert "Country Code" in form
        saved = omar.post(SETUP, data={"country": "DE", "phone": "01512 3456789"})
        assert saved.location == SETUP
        assert "We sent a code to •••• 89" in omar.get(SETUP).text
        to, code = newest_text(omar)
        assert to == "+4915123456789"
        assert "now enabled" in omar.post(SETUP, data={"code": code}).text

        clock.move(60)
        again = app.test_client()
        assert log_in(again, OMAR).location == "/two-factor/challenge"
        assert "Send SMS code" in again.get("/two-factor/challenge").text
        again.post(SEND, data={"method": "sms"})
        answer = {"method": "sms", "code": newest_text(again)[1]}
        assert again.post("/two-factor/challenge", data=answer).location == "/account"


def test_another_s_number_is_only_a_proposal(app: Flask) -> None:
    """What support types for Omar is offered to him, sends nothing and proves nothing."""
    page = edit_page(app, OMAR)
    support, omar = app.test_client(), app.test_client()
    log_in(support, SUPPORT)
    assert f'action="{page}"' in support.get(page).text
    stored = support.post(page, data={"country": "DE", "phone": "01512 3456789"})
    assert stored.location == "/team"
    assert "Nothing yet" in support.get("/outbox").text

    log_in(omar, OMAR)
    form = omar.get(SETUP).text
    assert 'value="01512 3456789"' in form
    assert 'value="DE" selected' in form


@pytest.mark.parametrize(
    "typed", [{"country": "XX", "phone": "1"}, {"country": "DE"}, {"country": "DE", "phone": "\n"}]
)
def test_a_bad_proposal_is_refused(app: Flask, typed: dict[str, str]) -> None:
    """A country or number that is none is said on the form."""
    support = app.test_client()
    log_in(support, SUPPORT)

    assert support.post(edit_page(app, OMAR), data=typed).status_code == 400


def test_nobody_edits_a_stranger(app: Flask) -> None:
    """Ann of another company, and Omar for the support desk, find no such page."""
    for who, whom in ((ANN, OMAR), (OMAR, SUPPORT), (ANN, ANN)):
        client = app.test_client()
        log_in(client, who)
        assert client.get(edit_page(app, whom)).status_code == 404
        assert client.post(edit_page(app, whom), data={}).status_code == 404
        assert "/edit" not in client.get("/team").text or who == OMAR


def test_the_number_goes_with_its_account(app: Flask) -> None:
    """A deleted account leaves no number behind."""
    page = edit_page(app, OMAR)
    support = app.test_client()
    log_in(support, SUPPORT)
    support.post(page, data={"country": "DE", "phone": "01512 3456789"})
    with app.app_context():
        from example_app import accounts  # noqa: PLC0415
        from example_app.database import session  # noqa: PLC0415
        from example_app.models import CellPhone  # noqa: PLC0415

        omar = by_email(OMAR)
        assert omar is not None
        accounts.delete(omar)
        assert session().query(CellPhone).count() == 0


def test_vonage_takes_the_place_of_the_outbox(tmp_path: Path) -> None:
    """Where the settings name Vonage, the demo sends real texts."""
    app = make_app(
        tmp_path,
        TWOFACTOR_VONAGE_API_KEY="a1b2c3d4",
        TWOFACTOR_VONAGE_API_SECRET="secret",
        TWOFACTOR_SMS_FROM="Meridian",
    )

    assert type(app.extensions["twofactor"].ports.sender).__name__ == "Vonage"
