"""Omar turns two-factor authentication on and signs in with it, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import ConsoleMessage, Page, expect

from example_app import create_app
from example_app.seed import DEMO_PASSWORD
from flask_twofactor.testing import FrozenClock, frozen_clock
from tests.support.phone import STEP, scan, six_digits

pytestmark = pytest.mark.browser
OMAR = "omar@orchid.test"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """The example app as `make demo` starts it, but for its folder and quick hashing."""
    return create_app({"PASSWORD_METHOD": "pbkdf2:sha256:1"}, instance_path=str(tmp_path))


@pytest.fixture
def clock(app: Flask) -> Iterator[FrozenClock]:
    """The app's two-factor clock, standing still."""
    with frozen_clock(app) as clock:
        yield clock


class Omar:
    """Omar in front of his browser, with his phone in his hand."""

    def __init__(self, page: Page, address: str, clock: FrozenClock) -> None:
        self.page, self.address, self.clock = page, address, clock
        self.secret = ""
        self.complaints: list[str] = []
        page.on("console", self._note)

    def log_in(self) -> None:
        """Give address and password."""
        self.page.goto(f"{self.address}/login")
        self.page.fill("[name=email]", OMAR)
        self.page.fill("[name=password]", DEMO_PASSWORD)
        self.page.click("main [type=submit]")

    def log_out(self) -> None:
        """Choose Log out in the menu."""
        self.page.goto(f"{self.address}/account")
        self.page.locator("details.menu > summary").click()
        self.page.get_by_role("button", name="Log out").click()

    def set_up(self) -> list[str]:
        """Set the app up by scanning the QR code, and give the backup codes."""
        self.page.goto(f"{self.address}/two-factor/")
        self.page.get_by_role("switch", name="Enable Two-Factor Authentication").click()
        self.secret = scan(self.page).secret
        self.enter(self.code())
        expect(self.page.get_by_text("Two-Factor Authentication is now enabled")).to_be_visible()
        return self.page.locator("main code").all_text_contents()

    def code(self) -> str:
        """Give the code of a new time step."""
        self.clock.move(STEP)
        return six_digits(self.secret, self.clock.now)

    def enter(self, code: str) -> None:
        """Type a code and send it."""
        self.page.fill("[name=code]", code)
        self.page.locator("[name=code]").press("Enter")

    def use_backup_code(self, code: str) -> None:
        """Log in without the phone: follow the links to the field for a backup code."""
        self.log_in()
        self.page.get_by_role("link", name="Lost your phone?").click()
        self.page.get_by_role("link", name="Enter a backup code").click()
        self.enter(code)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "status of" not in message.text:
            self.complaints.append(message.text)


@pytest.fixture
def meet(
    app: Flask,
    clock: FrozenClock,
    live_server: Callable[..., str],
    open_page: Callable[..., Page],
) -> Callable[..., Omar]:
    """Put Omar in front of a browser of the given width, colours and habits."""
    address = live_server(app)
    return lambda **profile: Omar(open_page(**profile), address, clock)


def test_first_setup_and_login(meet: Callable[..., Omar]) -> None:
    """Set up by the scanned QR code; the next login is held until a right code comes."""
    omar = meet()
    omar.log_in()
    codes = omar.set_up()
    assert len(codes) == 10
    omar.page.get_by_role("link", name=re.compile("I saved")).click()
    expect(omar.page.get_by_text("Two-factor authentication is on")).to_be_visible()

    omar.log_out()
    omar.log_in()
    expect(omar.page).to_have_url(re.compile("/two-factor/challenge"))
    omar.page.goto(f"{omar.address}/account")
    expect(omar.page).to_have_url(re.compile("/two-factor/challenge"))
    assert "Omar Haddad" not in omar.page.content()

    right = omar.code()
    omar.enter("000000" if right != "000000" else "111111")
    error = omar.page.get_by_role("alert")
    expect(error).to_contain_text("That code is not right")
    described = omar.page.locator("[name=code]").get_attribute("aria-describedby") or ""
    assert error.get_attribute("id") in described.split()
    omar.enter(f"{right[:3]} {right[3:]}")
    expect(omar.page).to_have_url(re.compile("/account"))
    assert omar.complaints == []


def test_a_code_works_once(meet: Callable[..., Omar]) -> None:
    """The code that finished the setup does not open the login of the same half minute."""
    omar = meet()
    omar.log_in()
    omar.set_up()
    used = six_digits(omar.secret, omar.clock.now)
    omar.log_out()
    omar.log_in()
    omar.enter(used)

    expect(omar.page.get_by_role("alert")).to_contain_text("That code was just used")


def test_a_backup_code_works_once(meet: Callable[..., Omar]) -> None:
    """A backup code lets in once and says what to do next; the same one is refused."""
    omar = meet(width=390, height=844)
    omar.log_in()
    (code, *_) = omar.set_up()
    omar.log_out()
    omar.use_backup_code(code.lower())
    expect(omar.page.get_by_text("You used a backup code, 9 left.")).to_be_visible()
    expect(omar.page.get_by_role("link", name="Set up your new phone")).to_be_visible()
    omar.page.get_by_role("link", name="Not now, continue").click()
    expect(omar.page).to_have_url(re.compile("/account"))

    omar.log_out()
    omar.use_backup_code(code)
    expect(omar.page.get_by_role("alert")).to_contain_text("already used")
    omar.page.goto(f"{omar.address}/account")
    expect(omar.page).to_have_url(re.compile("/two-factor/challenge"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_qr_code_is_read_on_a_phone(scheme: str, meet: Callable[..., Omar]) -> None:
    """At phone width, in light and in dark, the QR code is read from the screen."""
    omar = meet(width=390, height=844, color_scheme=scheme, device_scale_factor=2)
    omar.log_in()

    assert len(omar.set_up()) == 10
