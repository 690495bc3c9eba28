"""Omar's way with codes by text, as orchid's article tells it, at phone width in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from example_app import create_app
from example_app.seed import DEMO_PASSWORD
from flask_twofactor.testing import FrozenClock, frozen_clock

pytestmark = pytest.mark.browser
OMAR, PHONE_WIDTH = "omar@orchid.test", 375
CODE = re.compile(r"\b([0-9]{6}) is your Meridian code")


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """The example app, but for its folder and quick hashing."""
    return create_app({"PASSWORD_METHOD": "pbkdf2:sha256:1"}, instance_path=str(tmp_path))


@pytest.fixture
def clock(app: Flask) -> Iterator[FrozenClock]:
    """The app's two-factor clock, standing still."""
    with frozen_clock(app) as clock:
        yield clock


class Omar:
    """Omar with his phone in his hand: the outbox is its screen."""

    def __init__(self, page: Page, phone: Page, address: str) -> None:
        self.page, self.phone, self.address = page, phone, address

    def log_in(self) -> None:
        """Give address and password."""
        self.page.goto(f"{self.address}/login")
        self.page.fill("[name=email]", OMAR)
        self.page.fill("[name=password]", DEMO_PASSWORD)
        self.page.click("main [type=submit]")

    def read_code(self) -> str:
        """Read the newest text."""
        self.phone.goto(f"{self.address}/outbox")
        found = CODE.search(self.phone.locator("main").inner_text())
        assert found is not None
        return found[1]

    def enter(self, code: str) -> None:
        """Type a code and send it."""
        self.page.fill("[name=code]", code)
        self.page.locator("[name=code]").press("Enter")

    def fits(self) -> None:
        """See that nothing has to be scrolled sideways."""
        self.page.wait_for_load_state()
        width = self.page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE_WIDTH, self.page.url


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
def test_from_the_team_page_to_signed_in(
    app: Flask,
    clock: FrozenClock,
    live_server: Callable[..., str],
    open_page: Callable[..., Page],
    script: bool,  # noqa: FBT001
) -> None:
    """Team, edit, number, Save, the code; then a sign-in by "Send SMS code"."""
    page = open_page(width=PHONE_WIDTH, height=740, java_script_enabled=script)
    omar = Omar(page, open_page(), live_server(app))
    omar.log_in()
    page.goto(f"{omar.address}/team")
    omar.fits()
    page.get_by_role("link", name="Edit Omar Haddad").click()
    page.get_by_label("Country Code").select_option("DE")
    page.get_by_label("Cell Phone").fill("01512 3456789")
    omar.fits()
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("status")).to_contain_text("We sent a code to •••• 89")
    omar.fits()
    omar.enter("000000")
    expect(page.get_by_role("alert")).to_contain_text("That code is not right")
    omar.enter(omar.read_code())
    expect(page.get_by_text("Two-Factor Authentication is now enabled")).to_be_visible()
    page.goto(f"{omar.address}/two-factor/")
    expect(page.get_by_text("•••• 89")).to_be_visible()
    expect(page.get_by_text("weaker than an authenticator app")).to_be_visible()
    omar.fits()

    clock.move(60)
    page.context.clear_cookies()
    omar.log_in()
    omar.fits()
    page.get_by_role("button", name="Send SMS code").click()
    expect(page.get_by_role("status")).to_contain_text("You can ask for a new one in 60 seconds")
    omar.fits()
    page.get_by_role("button", name="Send a new code").click()
    expect(page.get_by_role("alert")).to_contain_text("Wait 60 seconds")
    omar.enter(omar.read_code())
    expect(page).to_have_url(f"{omar.address}/account")
