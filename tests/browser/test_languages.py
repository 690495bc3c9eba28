"""The pages in every language in a real browser; Urdu from right to left."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
import zxingcpp
from flask import Flask
from PIL import Image
from playwright.sync_api import Page, expect

from example_app import create_app
from flask_twofactor.testing import frozen_clock
from tests.support.tour import Visitor, walk

from .test_every_page import FAULTS, QUICK, Watch

pytestmark = pytest.mark.browser
# What leaves the page at either side: a page that scrolls only tells of one. Then fields and codes
# that do not run to the right, and a heading that does not begin where the page does.
ASTRAY = """
(rtl) => {
  const found = [], all = (selector) => [...document.querySelectorAll(selector)];
  const part = document.querySelector(".tf-page"), way = (one) => getComputedStyle(one).direction;
  if (way(part) !== (rtl ? "rtl" : "ltr")) found.push("it runs " + way(part));
  for (const one of all(".tf-page *")) {
    if (!one.checkVisibility() || one.closest(".tf-sr, .tf-scroll, svg")) continue;
    const { left, right } = one.getBoundingClientRect();
    if (left < -1 || right > innerWidth + 1) found.push("it sticks out: " + one.outerHTML.slice(0, 80));
  }
  for (const one of all("input.tf-code, input[type=tel], .tf-key, .tf-codes")) {
    if (way(one) !== "ltr") found.push("it runs to the left: " + one.outerHTML.slice(0, 80));
  }
  const words = document.createRange(), box = part.getBoundingClientRect();
  words.selectNodeContents(document.querySelector(".tf-page h1"));
  const head = words.getBoundingClientRect();
  if (Math.abs(rtl ? head.right - box.right : head.left - box.left) > 3) found.push("the heading");
  return found;
}
"""
TOURS = [
    ("ur", 320, None),
    ("ur", 390, "base.html"),
    ("ur", 1280, None),
    ("de", 320, None),
    ("es", 320, None),
    ("fr", 320, None),
]


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """The example app, quick to hash."""
    return create_app(QUICK, instance_path=str(tmp_path))


@pytest.mark.parametrize(("language", "width", "base"), TOURS)
def test_every_page_in_a_language(
    tmp_path: Path,
    language: str,
    width: int,
    base: str | None,
    live_server: Callable[..., str],
    open_page: Callable[..., Page],
) -> None:
    """A tour of all pages: in its direction, nothing beside the page, and the QR can be scanned."""
    app = create_app({**QUICK, "TWOFACTOR_BASE_TEMPLATE": base}, instance_path=str(tmp_path))
    page, seen, rtl = open_page(width=width, locale=language), list[str](), language == "ur"
    watch = Watch(page)
    with frozen_clock(app) as clock:
        omar = Visitor(app, page, live_server(app), clock, reads=language)

        def look(name: str) -> None:
            seen.append(name)
            part = page.locator(".tf-page")
            assert (part.get_attribute("lang"), page.evaluate(ASTRAY, rtl)) == (language, []), name
            assert page.evaluate(FAULTS) == [], name
            assert watch.complaints == [], name
            if base is None:
                assert page.locator("html").get_attribute("dir") == ("rtl" if rtl else "ltr")
            if name == "setup":
                assert scanned(page).startswith("otpauth://totp/")

        walk(omar, look)

    assert len(seen) > 20


def test_the_choice_at_the_foot_is_kept(
    app: Flask, live_server: Callable[..., str], open_page: Callable[..., Page]
) -> None:
    """A click changes the language of our pages, the query of the page stays, and so does the choice."""
    page = open_page()
    with frozen_clock(app) as clock:
        omar = Visitor(app, page, live_server(app), clock)
        omar.log_in()
        omar.go("/two-factor/setup?next=/billing")
        page.get_by_role("link", name="اردو").click()
        expect(page.locator(".tf-page")).to_have_attribute("dir", "rtl")
        assert page.url.endswith("?next=%2Fbilling&lang=ur")
        omar.go("/two-factor/")
        expect(page.locator(".tf-page")).to_have_attribute("lang", "ur")
        page.get_by_role("link", name="Deutsch").click()
        expect(page.locator(".tf-page")).to_have_attribute("lang", "de")


def scanned(page: Page) -> str:
    """Scan the QR code as a phone would."""
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    (found,) = zxingcpp.read_barcodes(picture)
    return str(found.text)
