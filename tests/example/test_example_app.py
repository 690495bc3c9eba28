"""The example app as a host: its login and pages, before the extension says a word."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from example_app.redirects import local_target
from example_app.seed import DEMO_PASSWORD
from tests.example.hosting import ANN, log_in, make_app

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

CLOSED_PAGES = ["/account", "/team", "/billing"]
FOREIGN_TARGETS = [
    "https://elsewhere.test/",
    "//elsewhere.test/",
    "///elsewhere.test/",
    "/\\elsewhere.test/",
    "\\\\elsewhere.test/",
    "/\t/elsewhere.test/",
    "/\n/elsewhere.test/",
    " //elsewhere.test/",
    "/team\x85",
    "javascript:alert(1)",
    "team",
    "",
]


def test_right_password_opens_the_account(client: FlaskClient) -> None:
    """The right password leads to the account page, which greets its owner."""
    answer = log_in(client)

    assert answer.status_code == 302
    assert answer.location == "/account"
    assert "Ann Tremblay" in client.get("/account").text


def test_address_is_found_however_typed(client: FlaskClient) -> None:
    """Capitals and spaces around the address do not matter."""
    assert log_in(client, " Ann@Maple.TEST ").status_code == 302


@pytest.mark.parametrize(
    ("email", "password"),
    [(ANN, "wrong"), ("nobody@maple.test", DEMO_PASSWORD), ("a\0b", DEMO_PASSWORD)],
)
def test_wrong_login_tells_nothing(client: FlaskClient, email: str, password: str) -> None:
    """A wrong password and an unknown address get the same words, and nobody is logged in."""
    answer = log_in(client, email, password)

    assert answer.status_code == 400
    assert "do not belong together" in answer.text
    assert client.get("/account").status_code == 302


def test_empty_fields_are_named(client: FlaskClient) -> None:
    """Each empty field is told, beside the field."""
    answer = log_in(client, "", "")

    assert answer.status_code == 400
    assert "Enter your e-mail address." in answer.text
    assert "Enter your password." in answer.text


def test_remember_sets_a_cookie(client: FlaskClient) -> None:
    """The tick box asks Flask-Login for its remember cookie."""
    client.post("/login", data={"email": ANN, "password": DEMO_PASSWORD, "remember": "y"})

    assert client.get_cookie("remember_token") is not None


def test_next_leads_to_our_page(client: FlaskClient) -> None:
    """A page of ours that asked for the login is where it leads."""
    asked = client.get("/team?a=1")

    assert asked.location == "/login?next=%2Fteam%3Fa%3D1"
    assert log_in(client, address=asked.location).location == "/team?a=1"


@pytest.mark.parametrize("target", FOREIGN_TARGETS)
def test_next_never_leaves(client: FlaskClient, target: str) -> None:
    """Every address elsewhere, however disguised, is dropped for the account page."""
    answer = client.post(
        "/login", query_string={"next": target}, data={"email": ANN, "password": DEMO_PASSWORD}
    )

    assert local_target(target) is None
    assert answer.location == "/account"


@pytest.mark.parametrize("page", CLOSED_PAGES)
def test_pages_refuse_strangers(client: FlaskClient, page: str) -> None:
    """No page of a customer opens without a login."""
    answer = client.get(page)

    assert answer.status_code == 302
    assert answer.location.startswith("/login?next=")


@pytest.mark.parametrize("page", ["/account", "/team"])
@pytest.mark.parametrize("email", [ANN, "support@example.test"])
def test_pages_open_after_login(client: FlaskClient, page: str, email: str) -> None:
    """Each page opens for its customer and leads to the security settings."""
    log_in(client, email)
    answer = client.get(page)

    assert answer.status_code == 200
    assert 'href="/two-factor/"' in answer.text


def test_index_leads_on(client: FlaskClient) -> None:
    """The bare address leads strangers to the login and customers to their account."""
    assert client.get("/").location == "/login"
    log_in(client)
    assert client.get("/").location == "/account"
    assert client.get("/login").location == "/account"


def test_logout_takes_a_post(client: FlaskClient) -> None:
    """A link cannot log out; the form in the menu can."""
    log_in(client)

    refused = client.get("/logout")
    assert refused.status_code == 405
    assert set(refused.allow) == {"POST", "OPTIONS"}
    assert client.get("/account").status_code == 200
    assert client.post("/logout").location == "/login"
    assert client.get("/account").status_code == 302


def test_team_stays_in_its_tenant(client: FlaskClient) -> None:
    """A member sees the people of the own tenant only; support sees everyone."""
    log_in(client, "mia@atrium.test")
    page = client.get("/team").text
    assert "ada@atrium.test" in page
    assert ANN not in page

    client.post("/logout")
    log_in(client, "support@example.test")
    assert ANN in client.get("/team").text


@pytest.mark.parametrize("address", ["/login", "/logout"])
def test_forms_need_their_token(tmp_path: Path, address: str) -> None:
    """Without a CSRF token nothing is logged in or out, and a plain page says so."""
    client = make_app(tmp_path, WTF_CSRF_ENABLED=True).test_client()
    answer = log_in(client, address=address)

    assert answer.status_code == 400
    assert "This page had expired" in answer.text


def test_form_with_its_token_works(tmp_path: Path) -> None:
    """The token on the login page is the one its form needs."""
    client = make_app(tmp_path, WTF_CSRF_ENABLED=True).test_client()
    token = client.get("/login").text.partition('name="csrf_token" type="hidden" value="')[2]
    fields = {"email": ANN, "password": DEMO_PASSWORD, "csrf_token": token.partition('"')[0]}

    assert client.post("/login", data=fields).location == "/account"


@pytest.mark.parametrize("address", ["/login", "/nowhere", "/static/example.css"])
def test_every_answer_carries_the_policy(client: FlaskClient, address: str) -> None:
    """Pages, errors and static files alike forbid foreign content and framing."""
    with client.get(address) as answer:
        policy = answer.headers["Content-Security-Policy"]

    assert policy.startswith("default-src 'self';")
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("address", ["/login", "/account", "/team", "/nowhere"])
def test_pages_keep_to_the_policy(client: FlaskClient, address: str) -> None:
    """No page has inline style or script, which the policy would silently drop."""
    log_in(client)
    page = client.get(address, follow_redirects=True).text

    assert "style=" not in page
    assert "<style" not in page
    assert "<script" not in page


def test_session_cookie_is_kept_close(client: FlaskClient) -> None:
    """Scripts cannot read the session cookie, and other sites cannot send it with a form."""
    header = log_in(client).headers["Set-Cookie"]

    assert "HttpOnly" in header
    assert "SameSite=Lax" in header


def test_missing_page_is_plain(client: FlaskClient) -> None:
    """An unknown address gets a page in our own look."""
    answer = client.get("/nowhere")

    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


def test_failing_database_is_plain(app: Flask, client: FlaskClient) -> None:
    """With the database gone the answer is a plain page of ours, not a second fault."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    log_in(client)
    Path(app.instance_path, "client_area.sqlite").unlink()
    answer = client.get("/account")

    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
