"""Somebody who follows the help page of a client area, step by step."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page, expect

from example_app.seed import DEMO_PASSWORD
from flask_twofactor.testing import FrozenClock
from tests.support.phone import Phone, scan

ACCOUNT, CHALLENGE = re.compile(r"/account$"), re.compile(r"/two-factor/challenge")
SETTINGS, LOGIN = re.compile(r"/two-factor/(\?.*)?$"), re.compile(r"/login")
SUPPORT = "support@example.test"
TEXTED = re.compile(r"\b([0-9]{6}) is your Meridian code")
log = logging.getLogger(__name__)
log.setLevel(logging.INFO)


@dataclass
class Place:
    """Where the app runs, and its two-factor clock, which stands still."""

    address: str
    clock: FrozenClock


class Customer:
    """Somebody of a client area in front of a browser."""

    def __init__(self, place: Place, page: Page, email: str) -> None:
        self.place, self.page, self.email = place, page, email

    def step(self, said: str) -> None:
        """Begin a step of the article: a test that fails shows how far it came."""
        log.info("%s: %s", self.email, said)

    def go(self, path: str) -> None:
        """Type an address."""
        self.page.goto(self.place.address + path)

    def sees(self, text: str | re.Pattern[str]) -> None:
        """Read something on the page."""
        expect(self.page.get_by_text(text).first).to_be_visible()

    def alerted(self, text: str) -> None:
        """Read an error."""
        expect(self.page.get_by_role("alert")).to_contain_text(text)

    def at(self, address: re.Pattern[str]) -> None:
        """Be on a page."""
        expect(self.page).to_have_url(address)

    def named(self, name: str) -> Locator:
        """Find a button or link by its whole name, as the eye does: capitals aside."""
        whole = re.compile(rf"^\s*{re.escape(name)}\s*$", re.IGNORECASE)
        page = self.page
        return page.get_by_role("button", name=whole).or_(page.get_by_role("link", name=whole))

    def press(self, name: str) -> None:
        """Press a button, or follow a link, to the next page."""
        with self.page.expect_navigation():
            self.named(name).first.click()

    def unfold(self, name: str) -> None:
        """Open what is folded away."""
        self.page.locator("summary", has_text=name).first.click()

    def type(self, label: str, text: str) -> None:
        """Type into the field of this label."""
        self.page.get_by_label(label, exact=True).fill(text)

    def log_in(self, code: str = "", *, remember: bool = False) -> None:
        """Fill in what the login page of the own client area asks."""
        self.go(f"/login?email={self.email}")
        self.type("Password", DEMO_PASSWORD)
        if (captcha := self.page.get_by_label("I am not a robot")).count():
            captcha.check()
        if code:
            self.type("Authentication code", code)
        if remember:
            self.page.get_by_label("Remember this device for 30 days").check()
        self.press("Log in")

    def log_out(self) -> None:
        """Choose Log out in the menu."""
        self.open_menu()
        self.press("Log out")

    def open_menu(self) -> Locator:
        """Open the menu with the own name at the top right, and give it."""
        self.page.locator("details.menu > summary").click()
        menu = self.page.locator(".menu-panel")
        expect(menu).to_be_visible()
        return menu

    def choose(self, name: str) -> None:
        """Choose from the menu with the own name."""
        with self.page.expect_navigation():
            self.open_menu().get_by_role("link", name=name, exact=True).click()

    def scan(self, **phone: Any) -> Phone:
        """Scan the QR code with a phone."""
        return Phone(self.place.clock, *scan(self.page), **phone)

    def type_key(self) -> Phone:
        """Read the key beside the QR code and type it into a phone."""
        key = self.page.locator("#tf-key").inner_text()
        return Phone(self.place.clock, re.sub(r"\s", "", key))

    def answer(self, code: str) -> None:
        """Type a code into the page that asks for one, and send it."""
        self.page.locator("[name=code]").fill(code)
        with self.page.expect_navigation():
            self.page.locator("[name=code]").press("Enter")

    def codes(self) -> list[str]:
        """Read the backup codes on the page."""
        return self.page.locator("#tf-codes code").all_inner_texts()

    def press_copy(self) -> None:
        """Copy the codes, and find them on the clipboard."""
        self.page.get_by_role("button", name="Copy").click()
        expect(self.page.get_by_role("button", name="Copied")).to_be_visible()
        copied = self.page.evaluate("navigator.clipboard.readText()")
        assert copied.split() == self.codes()

    def set_up(self) -> Phone:
        """Set up by scanning, in the shortest way; the help page's own way is what tests walk."""
        self.go("/two-factor/setup/totp")
        phone = self.scan()
        self.answer(phone.next_code())
        expect(self.page.locator("#tf-codes, .tf-good").first).to_be_visible()
        return phone

    def read_text(self) -> tuple[str, str]:
        """Read the newest text message: the number it went to, and the code."""
        phone = self.page.context.new_page()
        phone.goto(f"{self.place.address}/outbox")
        newest = phone.locator("article", has_text=TEXTED).first
        to, said = newest.locator("b").inner_text(), TEXTED.search(newest.inner_text())
        phone.close()
        assert said is not None
        return to, said[1]


def reset_by_support(support: Customer, tenant: str, email: str) -> None:
    """Have support turn somebody's two-factor authentication off, after checking who it is."""
    support.log_in()
    support.set_up()
    support.go(f"/two-factor/tenants/{tenant}")
    row = support.page.locator(".tf-people > li", has_text=email)
    row.locator("summary").click()
    expect(row.get_by_text("verify who is calling")).to_be_visible()
    with support.page.expect_navigation():
        row.get_by_role("button", name="Reset").click()
    expect(row.get_by_role("alert")).to_contain_text("Say why")
    row.get_by_label("Reason").last.fill("lost phone, called back on the number in the contract")
    with support.page.expect_navigation():
        row.get_by_role("button", name="Reset").click()
    support.sees("Everything was reset")
