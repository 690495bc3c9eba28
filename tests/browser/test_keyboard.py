"""Each flow by the keyboard alone; one sees each time where one is, and never is nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from example_app import create_app
from example_app.accounts import by_email
from flask_twofactor.testing import FrozenClock, frozen_clock, set_up_totp
from tests.support.keyboard import Keyboard
from tests.support.mishaps import MIA, TENANT, texted
from tests.support.plain import plain
from tests.support.tour import ADA, OMAR, Visitor

from .test_every_page import QUICK

pytestmark = pytest.mark.browser
Seat = Callable[..., tuple[Visitor, Keyboard]]


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """The example app, quick to hash, with our own pages."""
    return plain(create_app(QUICK, instance_path=str(tmp_path)))


@pytest.fixture
def clock(app: Flask) -> Iterator[FrozenClock]:
    """The app's two-factor clock, standing still."""
    with frozen_clock(app) as clock:
        yield clock


@pytest.fixture
def seat(
    app: Flask,
    clock: FrozenClock,
    live_server: Callable[..., str],
    open_page: Callable[..., Page],
) -> Seat:
    """Seat somebody in front of a browser; `protected` gives them an app on the phone."""
    address = live_server(app)

    def sit(email: str = OMAR, *, protected: bool = True) -> tuple[Visitor, Keyboard]:
        page = open_page(width=390)
        visitor = Visitor(app, page, address, clock)
        if protected:
            with app.test_request_context():
                visitor.secret = set_up_totp(app, by_email(email), "Pixel 9")
        visitor.log_in(email)
        return visitor, Keyboard(page)

    return sit


def test_setup_and_login(seat: Seat) -> None:
    """From the settings to the saved codes, and in again after a typo."""
    omar, keys = seat(protected=False)
    omar.go("/two-factor/")
    keys.enter("Set up two-factor authentication")
    keys.enter("Get started")
    omar.secret = omar.page.locator("#tf-key").inner_text().replace(" ", "")
    keys.tab_to("Copy the key")
    keys.press("Enter")
    assert keys.has("Cop"), "the focus left the button that was pressed"
    keys.tab_to("Authentication code")
    keys.type(omar.code())
    keys.tab_to("Name of this phone")
    keys.type("Pixel 9")
    keys.enter("Verify and enable")
    expect(omar.page.locator("#tf-codes")).to_be_visible()
    keys.enter("I saved them")
    expect(omar.page.get_by_text("Two-factor authentication is on")).to_be_visible()

    omar.log_out()
    omar.log_in()
    assert keys.has("Authentication code")
    keys.type(omar.wrong_code())
    keys.enter()
    expect(omar.page.get_by_role("alert")).to_be_visible()
    assert keys.has("Authentication code")
    keys.tab_to("Code refused?")
    keys.press("Space")
    expect(omar.page.get_by_text("Sync now")).to_be_visible()
    keys.tab_to("Authentication code")
    keys.type(omar.code())
    keys.enter("Continue")
    omar.page.wait_for_url("**/account")


def test_a_backup_code(seat: Seat) -> None:
    """No phone at hand: to the backup code, in, and to the new phone."""
    omar, keys = seat(protected=False)
    omar.go("/two-factor/setup/totp")
    omar.secret = omar.page.locator("#tf-key").inner_text().replace(" ", "")
    omar.answer(omar.code())
    code = omar.page.locator("#tf-codes code").first.inner_text()
    omar.log_out()
    omar.log_in()
    keys.type(code)
    keys.enter()
    expect(omar.page.get_by_text("looks like another kind of code")).to_be_visible()
    assert keys.has("Authentication code")
    keys.enter("Use a backup code")
    assert keys.has("Backup code")
    keys.type(code)
    keys.enter("Continue")
    keys.enter("Set up your new phone")
    expect(omar.page.get_by_role("heading", name="Add a backup device")).to_be_visible()


def test_a_trusted_device(seat: Seat) -> None:
    """The box is ticked by Space, a later login asks nothing, and the trust is ended."""
    omar, keys = seat()
    keys.type(omar.code())
    keys.tab_to("Remember this device")
    keys.press("Space")
    keys.enter("Continue")
    omar.page.locator("details.menu > summary").click()
    omar.page.get_by_role("button", name="Log out").click()
    omar.log_in()
    omar.page.wait_for_url("**/account")
    omar.go("/two-factor/")
    keys.enter("Stop trusting")
    expect(omar.page.get_by_text("tick the box when you sign in")).to_be_visible()


def test_changes_and_the_step_up(seat: Seat) -> None:
    """Rename, with a mistake; then turn it off, which asks for a code first."""
    omar, keys = seat()
    keys.type(omar.code())
    keys.enter()
    omar.go("/two-factor/")
    keys.tab_to("Change")
    keys.press("Enter")
    keys.tab_to("New name for")
    keys.type(" ")
    keys.enter("Rename")
    assert keys.has("New name for")
    keys.type("Old phone")
    keys.enter()
    expect(omar.page.get_by_role("strong")).to_contain_text(["Old phone"])

    omar.clock.move(3600)
    keys.tab_to("Turn off")
    keys.press("Space")
    keys.enter("Turn it off now")
    expect(omar.page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    assert keys.has("Authentication code")
    keys.type(omar.code())
    keys.enter("Continue")
    expect(omar.page.get_by_role("status")).to_be_visible()
    keys.tab_to("Turn off")
    keys.press("Enter")
    keys.enter("Turn it off now")
    expect(omar.page.get_by_text("Two-factor authentication is off")).to_be_visible()


def test_codes_by_text(seat: Seat) -> None:
    """The country by its first letters, the number, the code; and a code sent at the login."""
    omar, keys = seat(protected=False)
    omar.go("/two-factor/setup")
    keys.enter("Set up: Text message")
    keys.tab_to("Country code")
    keys.page.keyboard.type("Ger")
    keys.tab_to("Cell phone")
    keys.type("01512 3456789")
    keys.enter("Send SMS code")
    assert keys.has("Code from the text message")
    keys.type(texted(omar))
    keys.enter("Verify and enable")
    expect(omar.page.locator("#tf-codes")).to_be_visible()
    omar.log_out()
    omar.clock.move(61)
    omar.log_in()
    keys.enter("Send SMS code")
    assert keys.has("Code from the text message")
    keys.type(texted(omar))
    keys.enter("Continue")
    omar.page.wait_for_url("**/account")


def test_a_rule_and_a_reset(seat: Seat) -> None:
    """An admin sees whom a rule would ask, saves it, and resets a member."""
    ada, keys = seat(ADA)
    keys.type(ada.code())
    keys.enter()
    ada.go(TENANT)
    keys.tab_to("Nobody has to")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    assert keys.has("Everyone")
    keys.tab_to("Days to set it up")
    keys.type("14")
    keys.enter("See who is affected")
    expect(ada.page.get_by_text("Nothing is saved yet.")).to_be_visible()
    keys.enter("Save the rule")
    expect(ada.page.get_by_text("The rule is saved.")).to_be_visible()

    keys.tab_to(f"Help {MIA}")
    keys.press("Enter")
    keys.enter("Reset")
    expect(ada.page.get_by_role("alert")).to_be_visible()
    assert keys.has("Reason")
    keys.type("lost phone, called back")
    keys.tab_to("Make a setup code")
    keys.press("Space")
    keys.enter("Reset")
    expect(ada.page.get_by_role("heading", name="Setup code for")).to_be_visible()
    keys.enter("Done")


@pytest.mark.parametrize(
    ("style", "wrong"),
    [
        ("outline: none", "no outline"),
        ("outline: 3px solid #eee", "a faint outline"),
        ("outline: 3px solid #000; position: fixed; top: 20px; z-index: -1", "it is hidden"),
        ("outline: 3px solid #000", ""),
    ],
)
def test_a_focus_that_is_not_seen_is_found(
    open_page: Callable[..., Page], style: str, wrong: str
) -> None:
    """Without an outline, with a faint one, or under a bar: the walks above would fail."""
    page = open_page()
    bar = "position: fixed; inset: 0 0 auto 0; height: 9rem; background: #fff"
    page.set_content(
        f'<div class="tf-page"><p style="height: 12rem"><button style="{style}">Save</button></div>'
        f'<div style="{bar}"></div>'
        if wrong == "it is hidden"
        else f'<div class="tf-page"><button style="{style}">Save</button></div>'
    )
    page.keyboard.press("Tab")

    assert Keyboard(page).where() == ["Save", wrong, True]
