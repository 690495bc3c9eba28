"""The second client area: a switch, a list of codes, the code on the login page, or a text."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.support.phone import Phone

from .orchid import OMAR, flip, save_number, switch
from .walking import ACCOUNT, CHALLENGE, SUPPORT, Customer, reset_by_support

pytestmark = pytest.mark.browser
DAY = 86400
Meet = Callable[..., Customer]


def test_enabling_and_disabling(meet: Meet) -> None:
    """The switch leads to the QR code, Update to the list of codes; the switch takes it back."""
    omar = meet(OMAR)
    omar.step("Enable 1. Log in")
    omar.log_in()
    omar.at(ACCOUNT)

    omar.step("Enable 2. Drop-down list, 2-Factor Auth")
    omar.choose("2-Factor Auth")

    omar.step("Enable 3. The Enable Two-Factor Authentication toggle")
    flip(omar)

    omar.step("Enable 4. Scan the QR code, or enter the key")
    phone = omar.scan()
    assert omar.type_key().secret == phone.secret

    omar.step("Pre-setup check. The phone's time is automatic")
    omar.sees("First set your phone's clock to automatic")

    omar.step("Enable 5. Authentication Code")
    omar.type("Authentication Code", phone.next_code())

    omar.step("Enable 6. Update")
    omar.press("Update")
    omar.sees("Two-Factor Authentication is now enabled")

    omar.step("Enable 7. Backup Codes to save")
    assert len(set(omar.codes())) == 10
    omar.sees("Keep them away from your phone")
    omar.press("I saved them")

    omar.step("Disable. The same toggle")
    switch(omar, on=True).click()
    omar.press("Turn it off now")
    switch(omar, on=False)
    omar.log_out()
    omar.log_in()
    omar.at(ACCOUNT)


def test_authenticating(meet: Meet) -> None:
    """The code is typed on the login page; a remembered device needs none for 30 days."""
    omar = meet(OMAR)
    omar.log_in()
    phone = omar.set_up()
    omar.log_out()

    omar.step("Authenticating 2. The app names the account of the code")
    assert phone.label == f"Meridian:{OMAR}"

    omar.step("Authenticating 1, 3, 5. Log in with the six-digit code")
    omar.log_in(phone.next_code())
    omar.at(ACCOUNT)
    omar.log_out()

    omar.step("Authenticating 4. Remember this device for 30 days")
    omar.log_in(phone.next_code(), remember=True)
    omar.at(ACCOUNT)
    omar.log_out()
    omar.place.clock.move(29 * DAY)
    omar.log_in()
    omar.at(ACCOUNT)
    omar.log_out()
    omar.place.clock.move(2 * DAY)
    omar.log_in()
    omar.at(CHALLENGE)


def test_authenticating_by_text(meet: Meet) -> None:
    """Without a number the button is missing, and it is said why; a new number takes over."""
    omar = meet(OMAR)
    omar.log_in()
    phone = omar.set_up()
    omar.log_out()

    omar.step("SMS. The Send SMS Code button is not present")
    omar.log_in()
    expect(omar.named("Send SMS Code")).to_have_count(0)
    omar.sees("No button to get a code by text message? Add your cell phone number")

    omar.step("SMS 1. Log in")
    omar.answer(phone.next_code())
    save_number(omar, "01512 3456789")
    omar.sees("From now on its codes let you in.")
    omar.log_out()

    omar.step("SMS. Send SMS Code, Authentication Code")
    omar.place.clock.move(60)
    omar.log_in()
    omar.press("Send SMS Code")
    to, code = omar.read_text()
    assert to == "+4915123456789"
    omar.type("Authentication Code", code)
    omar.press("Continue")
    omar.at(ACCOUNT)
    omar.log_out()

    omar.step("SMS. The button is present, but nothing arrives: update the number")
    omar.place.clock.move(60)
    omar.log_in(phone.next_code())
    save_number(omar, "01601 2345678")
    omar.sees("Your phone number was changed")
    omar.log_out()
    omar.place.clock.move(60)
    omar.log_in()
    omar.press("Send SMS Code")
    assert omar.read_text()[0] == "+4916012345678"


def test_recovering(meet: Meet) -> None:
    """The phone is lost: a backup code lets in once, and the saved key makes a second phone."""
    omar = meet(OMAR)
    omar.log_in()

    omar.step("Recovery 1. Backup Codes; both ways are named before setup is left")
    omar.go("/two-factor/setup/totp")
    omar.sees("Keep the key somewhere safe")
    omar.sees("Backup codes come next.")
    saved_key = omar.page.locator("#tf-key").inner_text()
    omar.answer(omar.scan().next_code())
    backup = omar.codes()[0]
    omar.log_out()
    for _ in range(2):
        omar.log_in()
        omar.press("Lost your phone?")
        omar.press("Enter a backup code")
        omar.answer(backup)
        if omar.page.get_by_text("You used a backup code, 9 left.").is_visible():
            omar.log_out()
    omar.alerted("That backup code was already used.")

    omar.step("Recovery 2. The secret key: another phone, without support")
    omar.press("Lost your phone?")
    omar.sees("If you saved the key shown beside the QR code")
    omar.press("Back")
    restored = Phone(omar.place.clock, saved_key.replace(" ", ""))
    omar.answer(restored.next_code())
    omar.at(ACCOUNT)

    omar.step("Next. Review the other security settings")
    omar.choose("2-Factor Auth")
    for name in ("Backup codes", "Trusted devices", "Sessions"):
        expect(omar.page.get_by_role("heading", name=name)).to_be_visible()


def test_a_clock_that_is_off(meet: Meet) -> None:
    """At setup it is said by how much; at a login the help has the way to put it right."""
    omar = meet(OMAR)
    omar.log_in()
    omar.go("/two-factor/setup/totp")

    omar.step("Pre-setup check. The time is wrong: the code is refused, and it is said why")
    phone = omar.scan(ahead=240)
    omar.answer(phone.next_code())
    omar.alerted("Your phone's clock is about 4 minutes ahead. Set it to automatic.")
    phone.ahead = 0
    omar.answer(phone.next_code())
    omar.log_out()

    omar.step("Unable to Sync 1-4. Menu, Settings, Time correction for codes, Sync now")
    phone.ahead = -240
    omar.log_in(phone.next_code())
    omar.alerted("That code is not right.")
    omar.unfold("Code refused?")
    omar.sees("In Google Authenticator: open the menu, then Settings")
    omar.sees("“Time correction for codes”, “Sync now”")

    omar.step("FAQ. The computer's clock, and restarting the browser")
    omar.sees("Is the clock of this computer right? Set it to automatic too")
    omar.sees("restart the browser")
    phone.ahead = 0
    omar.answer(phone.next_code())
    omar.at(ACCOUNT)


def test_support_turns_it_off(meet: Meet) -> None:
    """Support checks who it is, resets; the password logs in, and a new app is set up at once."""
    omar = meet(OMAR)
    omar.log_in()
    lost = omar.set_up()
    omar.log_out()

    omar.step("FAQ. Lost access to the app: contact Support")
    omar.log_in()
    omar.press("Lost your phone?")
    omar.sees("Support can turn two-factor authentication off for you after checking who you are.")
    assert omar.named("Contact support").get_attribute("href") == f"mailto:{SUPPORT}"
    omar.press("Cancel and sign out")

    omar.step("FAQ. Identity verified, 2FA removed")
    reset_by_support(meet(SUPPORT), "orchid", OMAR)

    omar.step("FAQ. Log in again, and set up a new app immediately")
    omar.log_in()
    omar.at(ACCOUNT)
    omar.sees("Your two-factor authentication was reset. Please set it up again.")
    omar.press("Set it up now")
    omar.press("Get started")
    phone = omar.scan()
    omar.answer(phone.next_code())
    omar.sees("Two-Factor Authentication is now enabled")
    omar.log_out()
    omar.log_in(lost.next_code())
    omar.alerted("That code is not right.")
    omar.answer(phone.next_code())
    omar.at(ACCOUNT)
