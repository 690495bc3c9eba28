"""Omar types the code on the login page itself, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from example_app import create_app
from example_app.accounts import by_email
from example_app.seed import DEMO_PASSWORD
from flask_twofactor.testing import frozen_clock, set_up_totp
from tests.support.tour import Visitor

pytestmark = pytest.mark.browser
OMAR = "omar@orchid.test"


def log_in(omar: Visitor, code: str = "", *, remember: bool = False) -> None:
    """Choose Omar's account on the login page and fill in the form as its labels say."""
    page = omar.page
    omar.go("/login")
    page.get_by_role("link", name=OMAR).click()
    page.get_by_label("Password", exact=True).fill(DEMO_PASSWORD)
    page.get_by_label("Authentication code").fill(code)
    if remember:
        page.get_by_label("Remember this device for 30 days").check()
    page.locator("main").get_by_role("button", name="Log in").click()


def log_out(omar: Visitor) -> None:
    """Choose Log out in the menu."""
    omar.go("/account")
    omar.page.locator("details.menu > summary").click()
    omar.page.get_by_role("button", name="Log out").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_code_is_typed_on_the_login_page(
    tmp_path: Path,
    live_server: Callable[..., str],
    open_page: Callable[..., Page],
    *,
    scripts: bool,
) -> None:
    """Wrong: the challenge says so, and keeps the tick. Right: in at once. Remembered: no code."""
    app = create_app({"PASSWORD_METHOD": "pbkdf2:sha256:1"}, instance_path=str(tmp_path))
    address = live_server(app)
    account, challenge = re.compile("/account"), re.compile("/two-factor/challenge")
    with frozen_clock(app) as clock:
        omar = Visitor(app, open_page(width=390, java_script_enabled=scripts), address, clock)
        with app.test_request_context():
            omar.secret = set_up_totp(app, by_email(OMAR))

        log_in(omar, omar.code())
        expect(omar.page).to_have_url(account)
        log_out(omar)

        log_in(omar, omar.wrong_code(), remember=True)
        expect(omar.page).to_have_url(challenge)
        expect(omar.page.get_by_role("alert")).to_contain_text("That code is not right")
        expect(omar.page.get_by_label("Remember this device for 30 days")).to_be_checked()
        omar.answer(omar.code())
        expect(omar.page).to_have_url(account)
        log_out(omar)

        log_in(omar)
        expect(omar.page).to_have_url(account)
