"""The fourth client area: each admin for themselves, mandatory by location, a backup device."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.support.phone import Phone

from .walking import ACCOUNT, CHALLENGE, Customer

pytestmark = pytest.mark.browser
ADA, ADAM, MIA = "ada@atrium.test", "adam@atrium.test", "mia@atrium.test"
TENANT = "/two-factor/tenants/atrium"
Meet = Callable[..., Customer]


def enable(ada: Customer) -> Phone:
    """Follow the article's seven steps, and give the phone."""
    ada.step("1. Log in")
    ada.log_in()

    ada.step("2. The account's icon, top right")
    menu = ada.open_menu()

    ada.step("3. Your name")
    with ada.page.expect_navigation():
        menu.locator(".menu-who").get_by_role("link").click()

    ada.step("4. Set up two-factor authentication")
    ada.press("Set up two-factor authentication")

    ada.step("5. Open the authenticator app that was downloaded")
    ada.sees("Install an authenticator app")
    ada.sees("Google Authenticator")

    ada.step("6. Scan the QR code")
    phone = ada.scan()

    ada.step("7. The code in the Enable section")
    section = ada.page.locator("li", has=ada.page.get_by_role("heading", name="Enable"))
    section.get_by_label("Authentication code").fill(phone.next_code())

    ada.step("8. Verify and enable")
    with ada.page.expect_navigation():
        section.get_by_role("button", name="Verify and enable").click()
    ada.sees("Two-factor authentication is now enabled in your account.")
    return phone


def enforce(ada: Customer) -> None:
    """Make it mandatory for all admins of the location."""
    ada.step("Enforce. Mandatory for all admins in your location")
    ada.go("/account")
    ada.choose("Two-factor at Atrium Workspaces")
    ada.page.get_by_label("People with these roles").check()
    ada.page.get_by_label("admin", exact=True).check()
    ada.press("Save the rule")
    ada.sees("The rule is saved.")


def test_enabling_and_disabling(meet: Meet) -> None:
    """Set up, log in by password and code, and turn it off again where nobody requires it."""
    ada = meet(ADA)
    phone = enable(ada)
    ada.press("I saved them")

    ada.step("A code on top of e-mail and password")
    ada.log_out()
    ada.log_in()
    ada.at(CHALLENGE)
    ada.answer(phone.next_code())
    ada.at(ACCOUNT)

    ada.step("The account shows how to disable it")
    ada.open_menu().locator(".menu-who").get_by_role("link").click()
    ada.sees("Two-factor authentication is on")
    ada.unfold("Turn off")
    ada.press("Turn it off now")
    ada.sees("Two-factor authentication is off")
    ada.log_out()
    ada.log_in()
    ada.at(ACCOUNT)


def test_mandatory_for_all_admins(meet: Meet) -> None:
    """Each admin sets up alone; nobody does it for another, and nobody turns it off."""
    adam, mia, ada = meet(ADAM), meet(MIA), meet(ADA)
    for person in (adam, mia):
        person.log_in()
    enable(ada)

    ada.step("You cannot enable it on behalf of another admin")
    ada.go(TENANT)
    ada.sees("You cannot set up two-factor authentication for another admin")
    row = ada.page.locator(".tf-people > li", has_text=ADAM)
    row.locator("summary").click()
    offered = row.get_by_role("button").all_inner_texts()
    assert [name.split()[0] for name in offered] == ["Unlock", "Excuse", "Reset"]

    ada.step("Turn off, as it was open in another window before")
    window = Customer(ada.place, ada.page.context.new_page(), ADA)
    window.go("/two-factor/")
    window.unfold("Turn off")
    enforce(ada)
    window.press("Turn it off now")
    window.alerted("Two-factor authentication is required here and stays on.")
    window.sees("Atrium Workspaces requires two-factor authentication.")
    expect(window.page.locator("summary", has_text="Turn off")).to_have_count(0)

    ada.step("Each admin must complete their own setup")
    adam.go("/team")
    adam.sees("Atrium Workspaces requires two-factor authentication.")
    adam.press("Get started")
    adam.answer(adam.scan().next_code())
    adam.sees("Two-factor authentication is now enabled in your account.")
    mia.go("/team")
    expect(mia.page.get_by_role("heading", name="Team")).to_be_visible()


def test_a_member_may_too(meet: Meet) -> None:
    """Who is no admin need not, and may."""
    mia = meet(MIA, width=390)
    enable(mia)


def test_a_backup_device(meet: Meet) -> None:
    """Added right after setup, it logs in when the phone is lost; the lost one is removed."""
    ada = meet(ADA)
    lost = enable(ada)

    ada.step("Strongly recommended: add a backup device")
    ada.press("Add a backup device")
    ada.sees("With a second phone or tablet you can still sign in when the first one is gone.")
    ada.press("Get started")
    tablet = ada.scan()
    assert tablet.secret != lost.secret
    ada.type("Name of this phone (optional)", "Tablet")
    ada.answer(tablet.next_code())
    ada.sees("From now on codes from either app let you in.")
    ada.press("Continue")
    ada.log_out()

    ada.step("Still able to log in if the phone is lost, stolen or damaged")
    ada.log_in()
    ada.answer(tablet.next_code())
    ada.at(ACCOUNT)
    ada.go("/two-factor/")
    phones = ada.page.locator("section", has=ada.page.get_by_role("heading", name="Authenticators"))
    old = phones.locator(".tf-list > li").filter(has_not_text="Tablet")
    old.locator("summary").click()
    with ada.page.expect_navigation():
        old.get_by_role("button", name="Remove").click()
    expect(phones.locator(".tf-list > li")).to_have_count(1)
    ada.log_out()
    ada.log_in()
    ada.answer(lost.next_code())
    ada.alerted("That code is not right.")
    ada.answer(tablet.next_code())
    ada.at(ACCOUNT)
