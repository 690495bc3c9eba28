"""The older help page of the second client area, on a phone-wide window without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .orchid import OMAR, flip, save_number, switch
from .walking import ACCOUNT, SUPPORT, Customer

pytestmark = pytest.mark.browser


def test_setup_app_and_text(meet: Callable[..., Customer]) -> None:
    """From the OFF switch to a login by app, and from the team page to one by text."""
    omar = meet(OMAR, width=390, java_script_enabled=False)
    omar.step("Setup 1. Log in")
    omar.log_in()

    omar.step("Setup 2. Your name, 2-Factor Auth")
    expect(omar.page.locator("details.menu > summary")).to_have_accessible_name("Omar Haddad")
    omar.choose("2-Factor Auth")

    omar.step("Setup 3. The OFF switch to ON")
    flip(omar)

    omar.step("Setup 4-7. Duo Mobile scans the QR code, and shows a code")
    omar.sees("Duo Mobile")
    phone = omar.scan()

    omar.step("Setup 8. The Authentication field, Update")
    omar.type("Authentication Code", phone.next_code())
    omar.press("Update")

    omar.step("Setup 9. Read the warning, note the backup codes")
    omar.sees("Warning: if you lose both your phone and these codes")
    assert len(set(omar.codes())) == 10
    omar.press("I saved them")
    switch(omar, on=True)
    omar.log_out()

    omar.step("App 1-3. The code on the login page, Remember this device, Log In")
    omar.log_in(phone.next_code(), remember=True)
    omar.at(ACCOUNT)
    omar.log_out()
    omar.log_in()
    omar.at(ACCOUNT)

    omar.step("SMS 1. Log in; the dashboard")
    omar.page.context.clear_cookies()
    omar.log_in(phone.next_code())
    save_number(omar, "01512 3456789")

    omar.step("SMS. A code by text for the Authentication Code field")
    omar.log_out()
    omar.place.clock.move(60)
    omar.log_in()
    omar.press("Send SMS Code")
    omar.type("Authentication Code", omar.read_text()[1])
    omar.press("Continue")
    omar.at(ACCOUNT)

    omar.step("Assistance. Support by e-mail or through the portal")
    omar.choose("2-Factor Auth")
    omar.unfold("New phone?")
    assert omar.named("Contact support").get_attribute("href") == f"mailto:{SUPPORT}"
