"""A tour of every page of the extension in the example app, as Ann meets them in a browser."""

from __future__ import annotations

from collections.abc import Callable
from unittest.mock import patch
from urllib.parse import urlsplit

from flask import Flask
from playwright.sync_api import Page

from example_app.accounts import by_email
from example_app.seed import DEMO_PASSWORD
from flask_twofactor.core.errors import StoreError
from flask_twofactor.stores.sqlalchemy import SQLStore
from flask_twofactor.testing import FrozenClock, current_code, set_up_totp

ANN = "ann@maple.test"
Look = Callable[[str], None]


class Visitor:
    """Ann, in front of one browser window, and the clock of the app she looks at."""

    def __init__(self, app: Flask, page: Page, address: str, clock: FrozenClock) -> None:
        self.app, self.page, self.address, self.clock = app, page, address, clock
        self.secret = ""

    def go(self, path: str) -> None:
        """Open a page of the app."""
        self.page.goto(self.address + path)

    def press(self, name: str) -> None:
        """Press the button, or follow the link, of this name."""
        page = self.page
        named = page.get_by_role("button", name=name).or_(page.get_by_role("link", name=name))
        with page.expect_navigation():
            named.first.click()

    def answer(self, code: str) -> None:
        """Type a code and send it."""
        self.enter("#tf-code", code)

    def enter(self, field: str, text: str) -> None:
        """Type into a field and send its form."""
        self.page.locator(field).fill(text)
        with self.page.expect_navigation():
            self.page.locator(field).press("Enter")

    def code(self) -> str:
        """Wait for the app's next code and read it."""
        self.clock.move(30)
        return current_code(self.app, self.secret)

    def wrong_code(self) -> str:
        """Make up a code that is certainly wrong."""
        return f"{(int(current_code(self.app, self.secret)) + 5) % 1_000_000:06}"

    def log_in(self) -> None:
        """Send the host's login form."""
        self.go("/login")
        self.page.locator("#email").fill(ANN)
        self.enter("#password", DEMO_PASSWORD)

    def log_out(self) -> None:
        """Become a stranger, as a fresh browser would be."""
        self.page.context.clear_cookies()


def walk(ann: Visitor, look: Look) -> None:
    """Go through every page, in the order in which a person meets them."""
    codes = _set_up(ann, look)
    _log_in_again(ann, look, codes)
    _change(ann, look)
    _say_not_me(ann, look)
    _meet_trouble(ann, look)


def _set_up(ann: Visitor, look: Look) -> list[str]:
    ann.log_in()
    ann.go("/two-factor/")
    look("overview-off")
    ann.go("/two-factor/setup")
    look("setup-index")
    ann.clock.move(360)
    ann.go("/two-factor/setup/totp")
    look("confirm-password")
    ann.enter("#tf-password", "a guess")
    look("confirm-password-error")
    ann.enter("#tf-password", DEMO_PASSWORD)
    look("setup")
    ann.secret = ann.page.locator("#tf-key").inner_text().replace(" ", "")
    ann.page.locator("#tf-name").fill("Pixel 9")
    ann.answer(ann.wrong_code())
    look("setup-error")
    ann.answer(ann.code())
    look("codes")
    return ann.page.locator("#tf-codes code").all_inner_texts()


def _log_in_again(ann: Visitor, look: Look, codes: list[str]) -> None:
    ann.log_out()
    ann.log_in()
    look("challenge")
    ann.answer(ann.wrong_code())
    look("challenge-error")
    ann.go("/two-factor/lost-device")
    look("lost-device")
    ann.go("/two-factor/challenge?method=backup_code")
    look("challenge-backup-code")
    ann.answer(codes[0])
    look("backup-code-used")
    ann.log_out()
    ann.log_in()
    ann.answer(ann.code())


def _change(ann: Visitor, look: Look) -> None:
    with ann.app.test_request_context():
        set_up_totp(ann.app, by_email(ANN), "Work tablet")
    ann.log_out()
    ann.log_in()
    ann.page.check("#tf-remember")
    ann.answer(ann.code())
    ann.go("/two-factor/")
    look("overview-on")
    ann.page.locator("summary", has_text="Pixel 9").click()
    look("overview-changing")
    ann.clock.move(360)
    ann.go("/two-factor/backup-codes")
    look("backup-codes")
    ann.press("Make new codes")
    look("step-up")
    ann.answer("12")
    look("step-up-error")
    ann.go("/two-factor/")
    ann.page.locator("summary", has_text="Turn off").click()
    ann.press("Turn it off now")
    look("step-up-to-turn-off")


def _say_not_me(ann: Visitor, look: Look) -> None:
    ann.go("/outbox")
    link = ann.page.locator("a[href*='/not-me/']").first.get_attribute("href")
    ann.go(urlsplit(str(link)).path)
    look("not-me")
    ann.press("Sign out everywhere")
    look("not-me-done")
    ann.go("/two-factor/not-me/cut-off")
    look("link-gone")


def _meet_trouble(ann: Visitor, look: Look) -> None:
    ann.log_out()
    ann.log_in()
    for _ in range(6):
        ann.answer(ann.wrong_code())
    look("throttled")
    ann.clock.move(660)
    ann.answer(ann.wrong_code())
    look("signed-out")
    with patch.object(SQLStore, "hold", side_effect=StoreError("shown for the picture")):
        ann.log_in()
        look("unavailable")
