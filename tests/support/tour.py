"""A tour of every page of the extension in the example app, as Omar meets them in a browser."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from unittest.mock import patch
from urllib.parse import urlsplit

from flask import Flask
from playwright.sync_api import Page

from example_app.accounts import by_email
from example_app.seed import DEMO_PASSWORD
from flask_twofactor.core.errors import StoreError
from flask_twofactor.stores.sqlalchemy import SQLStore
from flask_twofactor.testing import FrozenClock, current_code, set_up_totp
from flask_twofactor.web import session as keys
from flask_twofactor.web.i18n import gettext, in_language

OMAR, ADA, INES = "omar@orchid.test", "ada@atrium.test", "ines@indus.test"
Look = Callable[[str], None]


class Visitor:
    """Omar, in front of one browser window, and the clock of the app he looks at.

    `reads` is the language that his browser asks for; names of buttons are given in English.
    """

    def __init__(
        self, app: Flask, page: Page, address: str, clock: FrozenClock, reads: str = "en"
    ) -> None:
        self.app, self.page, self.address, self.clock = app, page, address, clock
        self.secret, self.reads = "", reads

    def word(self, text: str) -> str:
        """Give a text of ours as Omar reads it."""
        with in_language(self.reads):
            return gettext(text)

    def go(self, path: str) -> None:
        """Open a page of the app."""
        self.page.goto(self.address + path)

    def press(self, name: str) -> None:
        """Press the button, or follow the link, of this name."""
        page, name = self.page, self.word(name)
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

    def log_in(self, email: str = OMAR) -> None:
        """Send the host's login form."""
        self.go(f"/login?email={email}")
        if (captcha := self.page.locator("[name=captcha]")).count():
            captcha.check()
        self.enter("#password", DEMO_PASSWORD)

    def log_out(self) -> None:
        """Become a stranger, as a fresh browser would be."""
        self.page.context.clear_cookies()


def walk(omar: Visitor, look: Look) -> None:
    """Go through every page, in the order in which a person meets them."""
    codes = _set_up(omar, look)
    _log_in_again(omar, look, codes)
    _change(omar, look)
    _say_not_me(omar, look)
    _manage(copy(omar), look)
    _meet_trouble(omar, look)


def _set_up(omar: Visitor, look: Look) -> list[str]:
    omar.log_in()
    omar.go("/two-factor/")
    look("overview-off")
    omar.go("/two-factor/setup")
    look("setup-index")
    omar.clock.move(360)
    omar.go("/two-factor/setup/totp")
    look("confirm-password")
    omar.enter("#tf-password", "a guess")
    look("confirm-password-error")
    omar.enter("#tf-password", DEMO_PASSWORD)
    look("setup")
    omar.secret = omar.page.locator("#tf-key").inner_text().replace(" ", "")
    omar.page.locator("#tf-name").fill("Pixel 9")
    omar.answer(omar.wrong_code())
    look("setup-error")
    omar.answer(omar.code())
    look("codes")
    return omar.page.locator("#tf-codes code").all_inner_texts()


def _log_in_again(omar: Visitor, look: Look, codes: list[str]) -> None:
    omar.log_out()
    omar.log_in()
    look("challenge")
    omar.answer(omar.wrong_code())
    look("challenge-error")
    omar.page.locator(".tf-refused summary").click()
    look("challenge-help")
    omar.go("/two-factor/lost-device")
    look("lost-device")
    omar.go("/two-factor/challenge?method=backup_code")
    look("challenge-backup-code")
    before = omar.page.context.cookies()
    omar.answer(codes[0])
    look("backup-code-used")
    omar.log_out()
    omar.page.context.add_cookies(before)  # as the second request of a double click comes
    omar.go("/two-factor/challenge")
    look("continue")
    omar.log_out()
    omar.log_in()
    omar.answer(omar.code())


def _change(omar: Visitor, look: Look) -> None:
    with omar.app.test_request_context():
        set_up_totp(omar.app, by_email(OMAR), "Work tablet")
    omar.log_out()
    omar.log_in()
    omar.page.check("#tf-remember")
    omar.answer(omar.code())
    omar.go("/two-factor/")
    look("overview-on")
    omar.page.locator("summary", has_text="Pixel 9").click()
    look("overview-changing")
    omar.go("/two-factor/setup/sms")
    look("setup-place")
    omar.page.locator("#tf-country").select_option("DE")
    omar.enter("#tf-phone", "030 1")
    look("setup-place-error")
    omar.enter("#tf-phone", "01512 3456789")
    look("setup-place-sent")
    omar.clock.move(360)
    omar.go("/two-factor/backup-codes")
    look("backup-codes")
    omar.press("Make new codes")
    look("step-up")
    omar.answer("12")
    look("step-up-error")
    omar.go("/two-factor/")
    omar.page.locator("details:has(form[action$='/disable']) summary").click()
    omar.press("Turn it off now")
    look("step-up-to-turn-off")


def _say_not_me(omar: Visitor, look: Look) -> None:
    omar.go("/outbox")
    link = omar.page.locator("a[href*='/not-me/']").first.get_attribute("href")
    omar.go(urlsplit(str(link)).path)
    look("not-me")
    omar.press("Sign out everywhere")
    look("not-me-done")
    omar.go("/two-factor/not-me/cut-off")
    look("link-gone")


def _manage(ada: Visitor, look: Look) -> None:
    ada.log_out()
    ada.log_in(ADA)
    ada.go("/two-factor/setup/totp")
    ada.secret = ada.page.locator("#tf-key").inner_text().replace(" ", "")
    ada.answer(ada.code())
    ada.go("/two-factor/tenants/atrium")
    look("tenant")
    ada.page.check("[name=mode][value=all]")
    ada.press("See who is affected")
    look("tenant-preview")
    mia = ada.page.locator(".tf-people > li", has_text="mia@atrium.test")
    mia.locator("summary").click()
    mia.locator("[name=reason]").last.fill("lost phone, called back")
    mia.locator("[name=setup_code]").check()
    with ada.page.expect_navigation():
        mia.locator("form[action$='/reset'] button").click()
    look("setup-code")
    ada.go("/two-factor/tenants/maple")
    look("not-allowed")
    ada.log_out()
    ada.log_in(INES)
    for _ in range(2):
        ada.go("/two-factor/setup/totp")
    look("prerequisite")


def _meet_trouble(omar: Visitor, look: Look) -> None:
    omar.log_out()
    omar.log_in()
    for _ in range(6):
        omar.answer(omar.wrong_code())
    look("throttled")
    omar.clock.move(660)
    omar.answer(omar.wrong_code())
    look("signed-out")
    with patch.object(keys, "serialise", side_effect=keys.UnkeepableError("shown")):
        omar.log_in()
        look("refused")
    with patch.object(SQLStore, "hold", side_effect=StoreError("shown for the picture")):
        omar.log_in()
        look("unavailable")
