"""The demo's outbox: what people would be mailed, for anybody to read."""

from __future__ import annotations

import re
from pathlib import Path

import pyotp
from flask.testing import FlaskClient

from example_app.accounts import by_email
from example_app.two_factor import twofactor
from flask_twofactor.testing import frozen_clock
from tests.example.hosting import ANN, log_in, make_app

LINK = re.compile(r'href="http://127\.0\.0\.1:5000(/two-factor/not-me/[\w.-]+)"')
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def token(client: FlaskClient, path: str) -> str:
    """Read the token out of a page's form."""
    found = TOKEN.search(client.get(path).text)
    assert found is not None
    return found[1]


def test_a_stranger_reads_what_happened_and_the_link_works(tmp_path: Path) -> None:
    """After a setup the mail stands in the outbox, whole; its link signs the person out."""
    app = make_app(tmp_path)
    ann, stranger = app.test_client(), app.test_client()
    assert "Nothing yet" in stranger.get("/outbox").text
    with frozen_clock(app) as clock:
        log_in(ann)
        json = {"Accept": "application/json"}
        key = ann.get("/two-factor/setup/totp", headers=json).get_json()["key"].replace(" ", "")
        code = pyotp.TOTP(key).at(int(clock.now))
        given = {"code": code, "csrf_token": token(ann, "/two-factor/setup/totp")}
        assert ann.post("/two-factor/setup/totp", data=given).status_code == 200
        page = stranger.get("/outbox").text
        assert f"To <b>{ANN}</b>" in page
        assert "Meridian: Two-factor authentication is on" in page
        assert "mailto:support@example.test" in page
        found = LINK.search(page)
        assert found is not None

        assert ann.get("/account").status_code == 200
        pressed = stranger.post(found[1], data={"csrf_token": token(stranger, found[1])})
        assert pressed.status_code == 200
        assert ann.get("/account").status_code == 302


def test_the_newest_mail_comes_first(tmp_path: Path) -> None:
    """The outbox is in the order in which one looks for a mail."""
    app = make_app(tmp_path)
    with app.app_context():
        twofactor.reset(by_email(ANN), actor="support", reason="lost")
        twofactor.password_changed(by_email(ANN))
    page = app.test_client().get("/outbox").text

    assert page.index("Your password was changed") < page.index("authentication was reset")


def test_every_page_leads_to_the_outbox(tmp_path: Path) -> None:
    """The layout has the link, for strangers too."""
    assert 'href="/outbox"' in make_app(tmp_path).test_client().get("/login").text
