"""Every form of ours over HTTPS, in a host with an app-wide CSRFProtect and a strict CSP."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from example_app.accounts import by_email
from example_app.seed import DEMO_PASSWORD
from flask_twofactor.testing import FrozenClock, current_code, frozen_clock, set_up_totp
from tests.example.hosting import ANN, make_app

SITE = "https://localhost"
PAGES = "/two-factor"
TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", re.IGNORECASE)


class Browser:
    """Ann's browser over HTTPS: it sends a Referer and the token of the page before."""

    def __init__(self, app: Flask, clock: FrozenClock) -> None:
        self.app, self.clock = app, clock
        self.client: FlaskClient = app.test_client()
        with app.app_context():
            self.ann = by_email(ANN)
        self.secret, self.token = "", ""

    def get(self, path: str) -> TestResponse:
        """Open a page."""
        return self._seen(self.client.get(path, base_url=SITE))

    def post(self, path: str, **fields: str) -> TestResponse:
        """Send a form; `csrf_token` may be given, to be wrong."""
        data = {"csrf_token": self.token, **fields}
        headers = {"Referer": SITE + path}
        return self._seen(self.client.post(path, data=data, base_url=SITE, headers=headers))

    def log_in(self) -> None:
        """Give the password."""
        self.get("/login")
        self.post("/login", email=ANN, password=DEMO_PASSWORD)

    def code(self) -> str:
        """Give the code of a new time step."""
        self.clock.move(30)
        return current_code(self.app, self.secret)

    def protect(self) -> None:
        """Give Ann an authenticator app."""
        self.secret = set_up_totp(self.app, self.ann)

    def enter(self) -> None:
        """Log in all the way."""
        self.log_in()
        self.get(f"{PAGES}/challenge")
        assert self.post(f"{PAGES}/challenge", method="totp", code=self.code()).status_code == 303
        self.get(f"{PAGES}/")

    def _seen(self, answer: TestResponse) -> TestResponse:
        if found := TOKEN.search(answer.text):
            self.token = found[1]
        return answer


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """Ann's browser in front of the example app, CSRF protection on."""
    app = make_app(tmp_path, WTF_CSRF_ENABLED=True, SESSION_COOKIE_SECURE=True)
    with frozen_clock(app) as clock:
        yield Browser(app, clock)


def set_up(browser: Browser) -> TestResponse:
    """Set an app up by the pages."""
    browser.log_in()
    page = browser.get(f"{PAGES}/setup/totp")
    key = re.search(r'id="tf-key"[^>]*>([A-Z2-7 ]+)<', page.text)
    assert key
    browser.secret = key[1].replace(" ", "")
    return browser.post(f"{PAGES}/setup/totp", code=browser.code(), name="Pixel 9")


def authenticator(browser: Browser) -> str:
    """Give the address of Ann's authenticator."""
    found = re.search(r"/authenticators/(\w+)/rename", browser.get(f"{PAGES}/").text)
    assert found
    return f"{PAGES}/authenticators/{found[1]}"


def test_setup_is_posted(browser: Browser) -> None:
    """Setting up over HTTPS works, and shows the codes once."""
    answer = set_up(browser)

    assert answer.status_code == 200
    assert "Two-Factor Authentication is now enabled" in answer.text


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (lambda one: one.post(f"{authenticator(one)}/rename", name="Old phone"), 303),
        (lambda one: one.post(f"{authenticator(one)}/remove"), 303),
        (lambda one: one.post(f"{PAGES}/backup-codes"), 200),
        (lambda one: one.post(f"{PAGES}/disable"), 303),
        (lambda one: one.post(f"{PAGES}/step-up", method="totp", code=one.code()), 303),
        (lambda one: one.post(f"{PAGES}/confirm-password", password=DEMO_PASSWORD), 303),
        (lambda one: one.post(f"{PAGES}/cancel"), 303),
    ],
    ids=["rename", "remove", "backup-codes", "disable", "step-up", "confirm-password", "cancel"],
)
def test_every_other_form_is_posted(
    act: Callable[[Browser], TestResponse], status: int, browser: Browser
) -> None:
    """Each form of somebody signed in works over HTTPS with the page's token."""
    browser.protect()
    browser.enter()

    assert act(browser).status_code == status


@pytest.mark.parametrize("token", ["", "nonsense"])
def test_a_bad_token_changes_nothing(token: str, browser: Browser) -> None:
    """A missing or wrong token: 400, the setup form again with the typed name, nothing done."""
    browser.log_in()
    browser.get(f"{PAGES}/setup/totp")

    answer = browser.post(f"{PAGES}/setup/totp", csrf_token=token, code="123456", name="Pixel 9")

    assert answer.status_code == 400
    assert 'value="Pixel 9"' in answer.text
    assert 'role="alert"' in answer.text
    assert "is off" in browser.get(f"{PAGES}/").text


def test_an_expired_token_shows_the_form_again(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token older than its time limit: the challenge again, and its new token is good."""
    browser.protect()
    browser.log_in()
    browser.get(f"{PAGES}/challenge")
    monkeypatch.setitem(browser.app.config, "WTF_CSRF_TIME_LIMIT", -1)
    answer = browser.post(f"{PAGES}/challenge", method="totp", code=browser.code())
    monkeypatch.setitem(browser.app.config, "WTF_CSRF_TIME_LIMIT", 3600)

    assert answer.status_code == 400
    assert "open for too long" in answer.text
    again = browser.post(f"{PAGES}/challenge", method="totp", code=browser.code())
    assert again.status_code == 303


@pytest.mark.parametrize(
    "path", ["challenge", "challenge?method=backup_code", "lost-device", "cancel"]
)
def test_held_pages_are_plain_and_private(path: str, browser: Browser) -> None:
    """Pages of a held login have our headers and nothing inline."""
    set_up(browser)
    browser.get("/account")
    browser.post("/logout")
    browser.log_in()
    answer = browser.get(f"{PAGES}/{path}")

    assert answer.status_code in {200, 405}
    if answer.status_code == 200:
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert INLINE.search(answer.text) is None


@pytest.mark.parametrize(
    "path", ["", "setup", "setup/totp", "backup-codes", "step-up", "confirm-password"]
)
def test_settings_pages_are_plain_and_private(path: str, browser: Browser) -> None:
    """Pages of somebody signed in have our headers and nothing inline."""
    browser.protect()
    browser.enter()
    answer = browser.get(f"{PAGES}/{path}")

    assert answer.status_code == 200
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert INLINE.search(answer.text) is None
