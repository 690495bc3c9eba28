"""The third client area: a box to check, a question first, and one backup code on the same page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from example_app.seed import DEMO_PASSWORD
from tests.support.phone import STEP, Phone

from .walking import ACCOUNT, CHALLENGE, LOGIN, SETTINGS, Customer

pytestmark = pytest.mark.browser
INES = "ines@indus.test"
Meet = Callable[..., Customer]


def answer_question(ines: Customer) -> None:
    """Set the security question, which comes first."""
    ines.step("Set your security question first if not set already")
    ines.sees("Set your security question first.")
    ines.press("Set security question")
    ines.type("Answer", "Lahore")
    ines.press("Save and continue")


def enable(ines: Customer) -> tuple[Phone, str]:
    """Scan on the page that is open, type the code, and give the phone and the backup code."""
    phone = ines.scan()
    ines.type("Authentication code", phone.next_code())
    ines.press("Verify and enable")
    ines.sees("Two-Factor Authentication is now enabled")
    (backup,) = ines.codes()
    return phone, backup


def test_enabling(meet: Meet) -> None:
    """From the captcha box to the message and the code that stand on one page."""
    ines = meet(INES)
    ines.step("Open the link; registered e-mail, password, captcha box, login")
    ines.go("/login")
    ines.page.get_by_role("link", name=INES).click()
    ines.type("Password", DEMO_PASSWORD)
    ines.press("Log in")
    ines.sees("Check the box, please.")
    ines.page.get_by_label("I am not a robot").check()
    ines.type("Password", DEMO_PASSWORD)
    ines.press("Log in")

    ines.step("After login the security settings page is shown, or by the menu at the name")
    ines.at(SETTINGS)
    expect(ines.page.get_by_role("heading", level=1)).to_have_text("Security settings")
    ines.go("/account")
    ines.choose("Security settings")
    ines.at(SETTINGS)

    answer_question(ines)

    ines.step("Under Two-Factor Authentication, the button Click here to enable")
    ines.choose("Security settings")
    expect(ines.page.get_by_text("Set your security question first.")).to_have_count(0)
    expect(
        ines.page.get_by_role("heading", name="Two-factor authentication is off")
    ).to_be_visible()
    ines.press("Click here to enable")

    ines.step("A window opens: scan the QR code, or enter the code manually")
    phone = ines.scan()
    assert ines.type_key().secret == phone.secret

    ines.step("Play store, Google Authenticator")
    ines.sees("Google Authenticator")
    ines.sees("from your phone's app store")

    ines.step("Enter the code quickly, before the timer completes the round")
    late = phone.shown()
    ines.place.clock.move(3 * STEP)
    ines.answer(late)
    expect(ines.page.get_by_role("alert")).to_be_visible()
    ines.unfold("Code refused?")
    ines.sees("Is the code about to change? Wait for the new one.")
    ines.type("Authentication code", phone.next_code())
    ines.press("Verify and enable")

    ines.step("The message, along with the backup code")
    ines.sees("Two-Factor Authentication is now enabled")
    assert len(ines.codes()) == 1
    ines.log_out()
    ines.log_in()
    ines.at(CHALLENGE)
    ines.answer(phone.next_code())
    ines.at(SETTINGS)


def test_the_backup_code_and_the_new_phone(meet: Meet) -> None:
    """The saved code helps once and is replaced; a phone that was synced just goes on."""
    ines = meet(INES, width=390)
    ines.log_in()
    answer_question(ines)
    ines.press("Click here to enable")
    phone, backup = enable(ines)
    ines.log_out()

    ines.step("Save the backup code: it helps who cannot log in by the app")
    ines.log_in()
    ines.press("Use a backup code")
    ines.answer(backup)
    ines.sees("Here is your new backup code.")
    (fresh,) = ines.codes()
    ines.press("Not now, continue")
    ines.at(SETTINGS)
    ines.log_out()

    ines.step("Note 1. A new phone with the same account has the codes by itself")
    new_phone = Phone(ines.place.clock, phone.secret)
    ines.log_in()
    ines.answer(new_phone.next_code())
    ines.at(SETTINGS)
    ines.unfold("New phone?")
    ines.sees("First look whether your app has brought your codes to the new phone by itself")
    ines.log_out()
    ines.log_in()
    ines.press("Use a backup code")
    ines.answer(fresh)
    ines.sees("You are signed in")


def test_cookies_cleared_in_the_middle(meet: Meet) -> None:
    """It is said what happened; the next try starts anew, and the question is not asked again."""
    ines = meet(INES)
    ines.log_in()
    answer_question(ines)
    ines.press("Click here to enable")
    before = ines.scan()

    ines.step("Note 2. Clear the browser's history in mid-setup")
    ines.page.context.clear_cookies()
    ines.answer(before.next_code())
    ines.sees("A sign-in also ends when the browser's cookies were cleared.")
    ines.press("Sign in")
    ines.at(LOGIN)

    ines.step("Note 2. Log in again: the question is not asked again, the old scan is void")
    ines.log_in()
    expect(ines.page.get_by_text("Set your security question first.")).to_have_count(0)
    ines.press("Click here to enable")
    assert ines.scan().secret != before.secret
    ines.answer(before.next_code())
    ines.alerted("That code is not right.")
    enable(ines)


def test_the_question_is_asked_again_and_again(meet: Meet) -> None:
    """Who comes back without an answer reads why, and where to go."""
    ines = meet(INES)
    ines.log_in()

    ines.step("Note 2. The security question is asked again: cookies may be the reason")
    ines.press("Click here to enable")
    expect(ines.page.get_by_role("heading", level=1)).to_have_text("Security question")
    ines.page.go_back()
    ines.press("Click here to enable")
    ines.sees("One step comes first")
    ines.sees("that also happens when the browser's cookies are cleared in the middle")
    ines.press("Go to that page")
    ines.type("Answer", "Lahore")
    ines.press("Save and continue")
    ines.press("Click here to enable")
    enable(ines)
    ines.go("/account")
    ines.at(ACCOUNT)


def test_in_urdu(meet: Meet) -> None:
    """The same way in Urdu, from right to left; the QR code and the codes stay as they are."""
    ines = meet(INES, width=390)
    ines.log_in()

    ines.step("Urdu, from right to left")
    ines.press("اردو")
    part = ines.page.locator(".tf-page")
    expect(part).to_have_attribute("lang", "ur")
    expect(part).to_have_css("direction", "rtl")
    ines.press("سیکیورٹی سوال مقرر کریں")
    ines.type("Answer", "Lahore")
    ines.press("Save and continue")
    ines.press("فعال کرنے کے لیے یہاں کلک کریں")
    phone = ines.scan()
    assert ines.type_key().secret == phone.secret
    ines.answer(phone.next_code())
    ines.sees("دو مرحلہ توثیق اب فعال ہے")
    (backup,) = ines.codes()
    assert backup.isascii()
    ines.log_out()
    ines.log_in()
    expect(part).to_have_css("direction", "rtl")
    ines.answer(phone.next_code())
    ines.at(SETTINGS)
