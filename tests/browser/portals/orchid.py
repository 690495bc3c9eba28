"""What both help pages of the second client area tell alike: the switch, and the cell phone."""

from __future__ import annotations

import colorsys
import re

from playwright.sync_api import Locator, expect

from .walking import Customer

OMAR = "omar@orchid.test"
ORANGE = range(15, 46)
"""Hues, in degrees."""


def switch(omar: Customer, *, on: bool) -> Locator:
    """Find the switch, and see how it stands."""
    found = omar.page.get_by_role("switch", name="Enable Two-Factor Authentication", checked=on)
    expect(found).to_be_visible()
    expect(omar.page.get_by_text("ON" if on else "OFF", exact=True)).to_be_visible()
    return found


def flip(omar: Customer) -> None:
    """Click the switch that is off."""
    with omar.page.expect_navigation():
        switch(omar, on=False).click()


def save_number(omar: Customer, phone: str) -> None:
    """Follow the steps from the dashboard to Save, and enter the code that is sent."""
    omar.step("SMS 2. From the dashboard: drop-down list, Team")
    omar.go("/account")
    omar.choose("Team")

    omar.step("SMS 3. Locate your user, the orange edit icon")
    mine = omar.page.locator(".rows li", has_text=OMAR)
    icon = mine.get_by_role("link", name="Edit Omar Haddad")
    assert hue(icon) in ORANGE
    with omar.page.expect_navigation():
        icon.click()

    omar.step("SMS 4. Country Code, Cell Phone, Save")
    omar.page.get_by_label("Country Code").select_option("DE")
    omar.type("Cell Phone", phone)
    omar.press("Save")
    omar.sees(f"We sent a code to •••• {phone[-2:]}.")
    to, code = omar.read_text()
    assert to == f"+49{phone.replace(' ', '')[1:]}"
    omar.answer(code)


def hue(one: Locator) -> int:
    """Give the hue of its colour, in degrees."""
    colour = one.evaluate("(one) => getComputedStyle(one).color")
    red, green, blue = (int(part) / 255 for part in re.findall(r"[0-9]+", colour)[:3])
    return round(colorsys.rgb_to_hls(red, green, blue)[0] * 360)
