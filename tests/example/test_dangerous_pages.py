"""The example app's dangerous corners: billing, deleting the account, and the files beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from example_app.accounts import by_email
from example_app.seed import DEMO_PASSWORD
from flask_twofactor import testing
from flask_twofactor.stores import schema
from flask_twofactor.web.state import app_state
from tests.example.hosting import ANN, emails, log_in, make_app

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

OMAR = "omar@orchid.test"
STEP_UP = "/two-factor/step-up"


@pytest.fixture
def secret(app: Flask) -> str:
    """Ann's authenticator app."""
    with app.app_context():
        return testing.set_up_totp(app, by_email(ANN))


@pytest.fixture
def ann(app: Flask, secret: str) -> FlaskClient:
    """A browser of Ann's that is all the way in."""
    client = app.test_client()
    log_in(client)
    with app.app_context():
        testing.pass_challenge(client, by_email(ANN))
    return client


def rows(app: Flask, key: str) -> int:
    """Count what the extension's store has of a user."""
    store: Any = app_state(app).ports.store
    with store.opened().engine.connect() as connection:
        return sum(
            connection.scalar(
                select(func.count()).select_from(table).where(table.c.user_key == key)
            )
            for table in schema.PERSONAL
        )


def test_billing_leads_to_setup(client: FlaskClient) -> None:
    """Without two-factor authentication billing leads to setup, which leads on to billing."""
    log_in(client)
    asked = client.get("/billing")

    assert asked.location == "/two-factor/setup?next=/billing"
    assert "next=/billing" in client.get(asked.location).text


def test_billing_opens(ann: FlaskClient) -> None:
    """With it, billing opens, and keeps to the policy of the other pages."""
    page = ann.get("/billing")

    assert "CA$48.00" in page.text
    assert "<script" not in page.text
    assert "style=" not in page.text


def test_deleting_the_account_asks_first(app: Flask, ann: FlaskClient, secret: str) -> None:
    """The button leads to a code, the code back to the button, and then all is gone."""
    assert ann.get("/files/welcome.txt").status_code == 200
    came_from = {"Referer": "http://localhost/account"}
    asked = ann.post("/delete-account", headers=came_from)
    assert asked.location.startswith(STEP_UP)
    assert ANN in emails(app)

    with testing.frozen_clock(app, at=app_state(app).ports.clock() + 30):
        code = testing.current_code(app, secret)
        back = ann.post(asked.location, data={"method": "totp", "code": code})
        assert back.location == "/account"
        assert "send the form once more" in ann.get(back.location).text
        assert ann.post("/delete-account", headers=came_from).location == "/login"

    assert "Your account is deleted." in ann.get("/login").text
    assert ANN not in emails(app)
    assert rows(app, "account:1") == 0
    assert not (Path(app.instance_path) / "files" / "1").exists()
    assert log_in(ann).status_code == 400


def test_deleting_an_account_without_a_second_factor(app: Flask, client: FlaskClient) -> None:
    """Who has nothing set up confirms the password, for just that."""
    log_in(client, OMAR)
    asked = client.post("/delete-account", headers={"Referer": "http://localhost/account"})
    assert asked.location.startswith("/two-factor/confirm-password")

    assert client.post(asked.location, data={"password": "a guess"}).status_code == 400
    assert client.post(asked.location, data={"password": DEMO_PASSWORD}).location == "/account"
    assert client.post("/delete-account").location == "/login"
    assert OMAR not in emails(app)


def test_deleting_needs_a_post_and_its_token(tmp_path: Path) -> None:
    """No link and no form of another site deletes an account."""
    client = make_app(tmp_path, WTF_CSRF_ENABLED=True).test_client()

    assert client.get("/delete-account").status_code == 405
    assert client.post("/delete-account").status_code == 400


@pytest.mark.parametrize("method", ["GET", "PUT", "PROPFIND", "DELETE"])
def test_files_are_behind_the_guard(client: FlaskClient, secret: str, method: str) -> None:
    """Nobody reaches the files without a login, nor with a password alone."""
    expected = 302 if method == "GET" else 401

    assert client.open("/files/welcome.txt", method=method).status_code == expected
    log_in(client)
    answer = client.open("/files/welcome.txt", method=method)
    assert answer.status_code == expected
    assert "yours alone" not in answer.text


def test_a_login_leads_on_to_the_files(client: FlaskClient) -> None:
    """The folder that was asked for is where the login leads."""
    asked = client.get("/files/")
    assert asked.location == "/login?next=%2Ffiles%2F"

    assert log_in(client, address=asked.location).location == "/files/"
    assert "welcome.txt" in client.get("/files/").text


def test_files_are_a_webdav_share(ann: FlaskClient) -> None:
    """The folder is listed, written and read by WebDAV; larger files than forms may be."""
    listed = ann.open("/files/", method="PROPFIND", headers={"Depth": "1"})
    assert listed.status_code == 207
    assert "/files/welcome.txt" in listed.text

    sent = bytes(range(256)) * 4 * 1024 * 5
    assert ann.put("/files/large.bin", data=sent).status_code == 201
    with ann.get("/files/large.bin") as answer:
        assert answer.data == sent


@pytest.mark.parametrize(
    "path",
    ["/files/../2/secret.txt", "/files/%2e%2e/2/secret.txt", "/files/..%2f2/secret.txt", "/2/"],
)
def test_nobody_sees_the_files_of_another(app: Flask, ann: FlaskClient, path: str) -> None:
    """No path leads into the folder of another account."""
    omar = app.test_client()
    log_in(omar, OMAR)
    assert omar.put("/files/secret.txt", data=b"Omar's own").status_code == 201
    assert (Path(app.instance_path) / "files" / "2" / "secret.txt").exists()

    for method in ("GET", "PROPFIND"):
        assert "Omar" not in ann.open(path, method=method).text
    target = {"Destination": "http://localhost/files/stolen.txt"}
    assert ann.open(path, method="COPY", headers=target).status_code >= 400
    assert ann.get("/files/stolen.txt").status_code == 404


@pytest.mark.parametrize("way", ["COPY", "MOVE"])
def test_nobody_writes_into_the_folder_of_another(app: Flask, ann: FlaskClient, way: str) -> None:
    """However a target is spelt, a copied file stays in one's own folder."""
    omar = app.test_client()
    log_in(omar, OMAR)
    omar.get("/files/")
    for target in ("../2/x", "..%2f2%2fx", "%2e%2e/2/x", "/files/../2/x", "http://localhost/2/x"):
        ann.put("/files/mine.txt", data=b"Ann's")
        headers = {"Destination": f"http://localhost/files/{target}"}
        ann.open("/files/mine.txt", method=way, headers=headers)

    others = Path(app.instance_path) / "files" / "2"
    assert [one.name for one in others.iterdir()] == ["welcome.txt"]


def test_a_path_that_no_file_has_is_not_found(ann: FlaskClient) -> None:
    """A NUL in the address is no fault of the server."""
    for method in ("GET", "PROPFIND", "PUT", "DELETE"):
        assert ann.open("/files/a%00b", method=method).status_code == 404
