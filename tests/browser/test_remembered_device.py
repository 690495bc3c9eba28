"""A browser that Omar remembers, and her other browser that ends it, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from example_app import create_app
from example_app.accounts import by_email
from flask_twofactor.testing import frozen_clock, set_up_totp
from tests.support.tour import OMAR, Visitor

pytestmark = pytest.mark.browser
CODE_PAGE, ACCOUNT = re.compile("/two-factor/challenge"), re.compile("/account")


def log_out(omar: Visitor) -> None:
    """Choose Log out in the menu."""
    omar.go("/account")
    omar.page.locator("details.menu > summary").click()
    omar.page.get_by_role("button", name="Log out").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_remember_this_device_for_30_days(
    tmp_path: Path,
    live_server: Callable[..., str],
    open_page: Callable[..., Page],
    *,
    scripts: bool,
) -> None:
    """Tick it, log out, log in: no code. Revoked from the other browser: a code again."""
    app = create_app({"PASSWORD_METHOD": "pbkdf2:sha256:1"}, instance_path=str(tmp_path))
    address = live_server(app)
    with frozen_clock(app) as clock:
        omar = Visitor(app, open_page(width=390, java_script_enabled=scripts), address, clock)
        other = Visitor(app, open_page(), address, clock)
        with app.test_request_context():
            omar.secret = other.secret = set_up_totp(app, by_email(OMAR))
        omar.log_in()
        omar.page.get_by_label("Remember this device for 30 days").check()
        omar.answer(omar.code())
        log_out(omar)
        omar.log_in()
        expect(omar.page).to_have_url(ACCOUNT)

        other.log_in()
        other.answer(other.code())
        other.go("/two-factor/")
        devices = other.page.locator("#devices")
        expect(devices.get_by_role("strong")).to_have_text("Chrome on Linux")
        devices.get_by_role("button", name="Stop trusting").click()
        expect(devices.get_by_text("tick the box when you sign in")).to_be_visible()

        log_out(omar)
        omar.log_in()
        expect(omar.page).to_have_url(CODE_PAGE)
        omar.go("/account")
        expect(omar.page).to_have_url(CODE_PAGE)


def test_end_the_other_session(
    tmp_path: Path, live_server: Callable[..., str], open_page: Callable[..., Page]
) -> None:
    """Omar ends the session of her other browser: it is out at its next page, this one goes on."""
    app = create_app({"PASSWORD_METHOD": "pbkdf2:sha256:1"}, instance_path=str(tmp_path))
    address = live_server(app)
    with frozen_clock(app) as clock:
        omar, other = (Visitor(app, open_page(), address, clock) for _ in range(2))
        with app.test_request_context():
            omar.secret = other.secret = set_up_totp(app, by_email(OMAR))
        for one in (other, omar):
            one.log_in()
            one.answer(one.code())
        omar.go("/two-factor/")
        theirs = omar.page.locator("#sessions li").nth(1)
        theirs.get_by_role("button", name="Sign out").click()
        expect(omar.page.locator("#sessions li")).to_have_count(1)

        other.go("/account")
        expect(other.page).to_have_url(re.compile("/login"))
        omar.go("/account")
        expect(omar.page).to_have_url(ACCOUNT)
