"""The first client area: profile menu, three pages, one backup code, a new code at every login."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.support.phone import Phone

from .walking import ACCOUNT, CHALLENGE, SUPPORT, Customer, reset_by_support

pytestmark = pytest.mark.browser
ANN = "ann@maple.test"
Meet = Callable[..., Customer]


def enable(ann: Customer) -> tuple[Phone, str]:
    """Follow the article from the login to the backup code."""
    ann.step("1. Log in")
    ann.log_in()
    ann.at(ACCOUNT)

    ann.step("2. Profile name at the top right, User Management")
    ann.choose("User Management")

    ann.step("3. Click here to Enable")
    ann.press("Click here to Enable")

    ann.step("4. Enable Two-Factor Authentication, Get Started")
    expect(ann.page.get_by_role("heading", level=1)).to_have_text(
        "Enable Two-Factor Authentication"
    )
    ann.press("Get Started")

    ann.step("5. Connect your app: install, scan, type the code, Submit")
    expect(ann.page.get_by_role("heading", level=1)).to_have_text("Connect your app")
    ann.sees("Google Authenticator")
    phone = ann.scan()
    ann.type("Enter authentication code", phone.next_code())

    ann.step("5. Enter the code manually: the key gives the same codes")
    ann.sees("Enter the code manually")
    assert ann.type_key().shown() == phone.shown()
    ann.press("Submit")

    ann.step("6. Enabled, and a Backup Code to copy and save")
    ann.sees("Two-Factor Authentication is now enabled")
    (backup,) = ann.codes()
    ann.press_copy()
    ann.press("I saved them")
    return phone, backup


def test_enabling_and_the_next_logins(meet: Meet) -> None:
    """From the profile menu to the code; each later login asks for a new one."""
    ann = meet(ANN, permissions=["clipboard-read", "clipboard-write"])
    phone, _ = enable(ann)

    ann.step("7. Sign in and test the login")
    ann.log_out()
    ann.log_in()
    ann.at(CHALLENGE)

    ann.step("7. A new code every time: nothing to tick, no code works twice")
    expect(ann.page.get_by_label(re.compile("Remember this device"))).to_have_count(0)
    ann.answer(phone.shown())
    ann.alerted("That code was just used. Wait for the next one.")
    ann.answer(phone.next_code())
    ann.at(ACCOUNT)
    ann.log_out()
    ann.log_in()
    ann.at(CHALLENGE)


def test_the_key_typed_in_is_enough(meet: Meet) -> None:
    """Who cannot scan types the key into the phone and is as well off."""
    ann = meet(ANN, width=390)
    ann.log_in()
    ann.go("/two-factor/setup/totp")

    ann.step("Note. Trouble scanning: enter the code manually")
    phone = ann.type_key()
    ann.type("Enter authentication code", phone.next_code())
    ann.press("Submit")
    ann.sees("Two-Factor Authentication is now enabled")


def test_in_french(meet: Meet) -> None:
    """The same way in French, chosen once at the foot of the page."""
    ann = meet(ANN, width=390)
    ann.log_in()
    ann.choose("User Management")

    ann.step("Français")
    ann.press("Français")
    ann.press("Cliquez ici pour activer")
    expect(ann.page.get_by_role("heading", level=1)).to_have_text(
        "Activer l'authentification à deux facteurs"
    )
    ann.press("Commencer")
    phone = ann.scan()
    ann.sees("Saisir le code manuellement")
    ann.type("Saisissez le code d'authentification", phone.next_code())
    ann.press("Envoyer")
    ann.sees("est maintenant activée")
    assert len(ann.codes()) == 1
    ann.log_out()
    ann.log_in()
    expect(ann.page.locator(".tf-page")).to_have_attribute("lang", "fr")
    ann.answer(phone.next_code())
    ann.at(ACCOUNT)


def test_locked_out(meet: Meet) -> None:
    """The phone is gone: first the backup code, then, without one, support."""
    ann = meet(ANN, permissions=["clipboard-read", "clipboard-write"])
    _, backup = enable(ann)
    ann.log_out()

    ann.step("Locked out, Step One: use the backup code")
    ann.log_in()
    ann.press("Lost your phone?")
    expect(ann.page.get_by_role("heading", level=1)).to_have_text(
        "Lost Two-Factor (2FA) code and locked out of account"
    )
    ann.sees("Step One: Locate your backup code")
    ann.press("Enter a backup code")
    ann.answer(backup)
    ann.sees("You are signed in")
    (fresh,) = ann.codes()
    assert fresh != backup
    ann.press("Not now, continue")
    ann.at(ACCOUNT)
    ann.log_out()
    ann.log_in()
    ann.go("/two-factor/challenge?method=backup_code")
    ann.answer(backup)
    ann.alerted("That code is not right")

    ann.step("Locked out, Step Two: no backup code either")
    ann.press("Lost your phone?")
    ann.named("Go to Step Two").click()
    expect(ann.page.get_by_role("heading", name="Step Two")).to_be_in_viewport()
    help_at = ann.named("Contact support").get_attribute("href")
    assert help_at == f"mailto:{SUPPORT}"
    reset_by_support(meet(SUPPORT), "maple", ANN)
    ann.go("/account")
    ann.sees("This sign-in took too long or was ended. Please sign in again.")
    ann.log_in()
    ann.at(ACCOUNT)
    ann.sees("Your two-factor authentication was reset. Please set it up again.")
