"""Atrium's story: its admins must, members need not but may; support helps who is locked out."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from example_app import create_app
from example_app.seed import DEMO_PASSWORD
from flask_twofactor.testing import FrozenClock, current_code, frozen_clock

from .test_every_page import FAINT, FAULTS, PROFILES, Watch

pytestmark = pytest.mark.browser
TENANT = "/two-factor/tenants/atrium"


class Desk:
    """Somebody in front of a browser of their own."""

    def __init__(
        self, app: Flask, page: Page, address: str, clock: FrozenClock, email: str
    ) -> None:
        self.app, self.page, self.address, self.clock = app, page, address, clock
        self.email, self.secret = email, ""
        self.watch = Watch(page)

    def go(self, path: str) -> None:
        """Open a page."""
        self.page.goto(self.address + path)

    def log_in(self) -> None:
        """Give address and password."""
        self.go("/login")
        self.page.fill("#email", self.email)
        self.page.fill("#password", DEMO_PASSWORD)
        self.page.click("main [type=submit]")

    def code(self) -> str:
        """Read the next code from the phone."""
        self.clock.move(30)
        return current_code(self.app, self.secret)

    def set_up(self) -> None:
        """Scan, type the code, save the codes and go on."""
        self.secret = self.page.locator("#tf-key").inner_text().replace(" ", "")
        self.page.fill("#tf-code", self.code())
        self.page.get_by_role("button", name="Verify and enable").click()
        expect(self.page.get_by_text("Two-Factor Authentication is now enabled")).to_be_visible()
        self.page.get_by_role("link", name=re.compile("I saved")).click()

    def row(self, email: str) -> Any:
        """Open somebody's row on the roster."""
        found = self.page.locator(".tf-people > li", has_text=email)
        found.locator("summary").click()
        return found


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """The example app, quick to hash."""
    return create_app({"PASSWORD_METHOD": "pbkdf2:sha256:1"}, instance_path=str(tmp_path))


@pytest.fixture
def seat(
    app: Flask, live_server: Callable[..., str], open_page: Callable[..., Page]
) -> Iterator[Callable[..., Desk]]:
    """Seat people in front of browsers of the same app, whose clock stands still."""
    address = live_server(app)
    with frozen_clock(app) as clock:
        yield lambda email, **profile: Desk(app, open_page(**profile), address, clock, email)


def test_the_story(seat: Callable[..., Desk]) -> None:
    """Ada requires it of all admins, Adam is led to setup, Mia is left alone, support helps Adam."""
    ada, adam, mia = (seat(f"{name}@atrium.test") for name in ("ada", "adam", "mia"))
    adam.log_in()
    mia.log_in()
    ada.log_in()
    ada.go(TENANT)
    ada.page.get_by_role("link", name="Set it up now").click()
    ada.page.get_by_role("link", name="Get started").click()
    ada.set_up()

    ada.go("/account")
    ada.page.locator("details.menu > summary").click()
    ada.page.get_by_role("link", name="Two-factor at Atrium Workspaces").click()
    ada.page.get_by_label("People with these roles").check()
    ada.page.get_by_label("admin", exact=True).check()
    ada.page.get_by_role("button", name="See who is affected").click()
    expect(
        ada.page.get_by_text("2 of 3 people are not ready. 2 of them are admins.")
    ).to_be_visible()
    ada.page.get_by_role("button", name="Save the rule").click()
    expect(ada.page.get_by_text("The rule is saved.")).to_be_visible()

    mia.go("/team")
    expect(mia.page.get_by_role("heading", name="Team")).to_be_visible()
    adam.go("/team")
    expect(adam.page.get_by_text("Atrium Workspaces requires two-factor")).to_be_visible()
    adam.page.get_by_role("link", name="Get started").click()
    adam.set_up()
    expect(adam.page).to_have_url(re.compile("/team$"))

    support = seat("support@example.test")
    support.log_in()
    support.go("/two-factor/setup/totp")
    support.set_up()
    support.go(TENANT)
    row = support.row("adam@atrium.test")
    expect(row.get_by_text("verify who is calling")).to_be_visible()
    row.get_by_label("Reason").last.fill("lost phone, called back")
    row.get_by_label(re.compile("Make a setup code")).check()
    row.get_by_role("button", name="Reset").click()
    code = support.page.locator("#tf-key").inner_text()

    adam.go("/team")
    expect(adam.page).to_have_url(re.compile("/login"))
    adam.log_in()
    adam.page.get_by_role("link", name="Get started").click()
    adam.page.get_by_label("Setup code").fill(code)
    adam.set_up()
    mia.go("/outbox")
    expect(mia.page.get_by_text("Two-factor authentication was reset").first).to_be_visible()
    for person in (ada, adam, mia, support):
        assert person.watch.complaints == []


@pytest.mark.parametrize("profile", PROFILES)
def test_the_page_of_a_tenant_in_every_window(profile: str, seat: Callable[..., Desk]) -> None:
    """Nothing sideways, nothing unnamed or faint, nothing the CSP refuses, also with an error."""
    ada = seat("ada@atrium.test", **PROFILES[profile])
    ada.log_in()
    ada.go("/two-factor/setup/totp")
    ada.set_up()

    def look(name: str) -> None:
        assert ada.page.evaluate(FAULTS) == [], name
        assert ada.page.evaluate(FAINT) == [], name
        assert ada.watch.complaints == [], name

    ada.go(TENANT)
    look("tenant")
    if shots := os.environ.get("TENANT_SHOTS"):
        ada.page.screenshot(path=f"{shots}-{profile}.png", full_page=True)
    drawn = ada.page.locator("img.tf-chart")
    assert drawn.evaluate("(image) => image.complete && image.naturalWidth") == 640
    ada.page.fill("#tf-grace_days", "many")
    ada.page.get_by_role("button", name="Save the rule").click()
    expect(ada.page.get_by_role("alert")).to_contain_text("Enter a whole number")
    expect(ada.page.locator("#tf-grace_days")).to_be_focused()
    look("tenant-error")
    ada.page.fill("#tf-grace_days", "14")
    ada.page.get_by_label("Everyone", exact=True).check()
    with ada.page.expect_navigation():
        ada.page.get_by_role("button", name="See who is affected").click()
    look("tenant-preview")
    row = ada.row("mia@atrium.test")
    with ada.page.expect_navigation():
        row.get_by_role("button", name="Reset").click()
    expect(row.get_by_role("alert")).to_be_visible()
    look("tenant-help")
    ada.go("/two-factor/tenants/maple")
    look("not-allowed")
