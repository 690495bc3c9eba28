"""Orchid's login page, where the code is typed beside the password."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from example_app.accounts import by_email
from example_app.seed import DEMO_PASSWORD
from flask_twofactor.testing import current_code, set_up_totp
from tests.example.hosting import ANN

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

OMAR = "omar@orchid.test"
ORCHIDS = ["/login?tenant=orchid", f"/login?email={OMAR}"]


def set_up(app: Flask, email: str = OMAR) -> str:
    """Give somebody an authenticator app."""
    with app.test_request_context():
        return set_up_totp(app, by_email(email))


def log_in(client: FlaskClient, address: str = "/login", **fields: Any) -> str | None:
    """Send the form, and say where it leads."""
    typed = {"email": OMAR, "password": DEMO_PASSWORD, **fields}
    return client.post(address, data=typed).location


@pytest.mark.parametrize("address", ORCHIDS)
def test_orchid_asks_for_the_code_on_its_login_page(client: FlaskClient, address: str) -> None:
    """The page of the tenant, or of one of its people, has the field and the box."""
    page = client.get(address).text

    assert re.search(
        r'<label for="code">Authentication code</label>\s*<input[^>]*name="code"', page
    )
    assert 'name="remember_device"' in page
    assert "Remember this device for 30 days" in page


@pytest.mark.parametrize("address", ["/login", f"/login?email={ANN}", "/login?tenant=maple"])
def test_the_others_do_not(client: FlaskClient, address: str) -> None:
    """The other tenants' people are asked on a page of its own."""
    assert 'name="code"' not in client.get(address).text


@pytest.mark.parametrize("address", ["/login", "/login?tenant=orchid"])
def test_password_and_code_open_the_account(app: Flask, client: FlaskClient, address: str) -> None:
    """One form, and in; with the box ticked the next login needs no code."""
    secret = set_up(app)
    code = current_code(app, secret)

    assert log_in(client, address, code=code, remember_device="y") == "/account"
    client.post("/logout")
    assert log_in(client, address) == "/account"


def test_a_wrong_code_leads_to_the_challenge(app: Flask, client: FlaskClient) -> None:
    """The usual page says what is wrong."""
    set_up(app)

    assert log_in(client, code="no") == "/two-factor/challenge"
    assert "six digits" in client.get("/two-factor/challenge").text


def test_the_form_comes_back_after_a_wrong_password(client: FlaskClient) -> None:
    """The field is still there, and what was typed into it is not lost."""
    page = client.post("/login", data={"email": OMAR, "password": "no", "code": "123456"})

    assert page.status_code == 400
    assert 'value="123456"' in page.text
