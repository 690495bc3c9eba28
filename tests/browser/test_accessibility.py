"""WCAG 2.2 AA on every page and in every error state: wide, narrow, zoomed, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from example_app import create_app
from flask_twofactor.testing import frozen_clock
from tests.support import axe
from tests.support.mishaps import walk_mishaps
from tests.support.tour import Visitor, walk

from .test_every_page import FAINT, FAULTS, QUICK

pytestmark = pytest.mark.browser
TRANSLATIONS = Path(__file__).parents[2] / "flask_twofactor/translations"
LANGUAGES = sorted(place.name for place in TRANSLATIONS.glob("*") if place.is_dir())
# A window of 1280 by 1024 pixels has 320 by 256 at 400 % zoom (1.4.10).
ZOOMED = {"width": 320, "height": 256}
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
ALL_LOOKS = [(WIDE, "light"), (WIDE, "dark"), (PHONE, "light"), (PHONE, "dark"), (ZOOMED, "light")]
TWO_LOOKS = [(PHONE, "dark"), (ZOOMED, "light")]
# What is cut off or leaves the page (1.4.10), and what is too small to hit (2.5.8: 24 by 24).
MEASURED = """
() => {
  const found = [];
  const told = (what, one) => found.push(`${what}: ${one.outerHTML.slice(0, 90)}`);
  for (const one of document.querySelectorAll(".tf-page *")) {
    if (!one.checkVisibility() || one.closest(".tf-sr, .tf-scroll, svg")) continue;
    const { left, right, width, height } = one.getBoundingClientRect();
    if (left < -1 || right > innerWidth + 1) told("it leaves the page", one);
    if (!one.matches("a[href], button, input, select, summary")) continue;
    if (width < 24 || height < 24) told(`${width} by ${height} is too small`, one);
  }
  return found;
}
"""
# Buttons and fields whose edge cannot be told from what is around them (1.4.11: 3 to 1).
UNSEEN = """
() => {
  const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const light = (colours) => {
    for (const colour of ["#fff", ...colours]) { brush.fillStyle = colour; brush.fillRect(0, 0, 1, 1); }
    const [r, g, b] = Array.from(brush.getImageData(0, 0, 1, 1).data, (value) => {
      const part = value / 255;
      return part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4;
    });
    return .2126 * r + .7152 * g + .0722 * b + .05;
  };
  const ground = (one) => (one ? [...ground(one.parentElement), getComputedStyle(one).backgroundColor] : []);
  const told = (a, b) => Math.max(a, b) / Math.min(a, b);
  return [...document.querySelectorAll(".tf-button:not(.tf-link), .tf-input")].filter((one) => {
    if (!one.checkVisibility()) return false;
    const style = getComputedStyle(one), around = ground(one.parentElement);
    const edge = parseFloat(style.borderTopWidth) ? [...around, style.borderTopColor] : around;
    const body = [...around, style.backgroundColor];
    return Math.max(told(light(edge), light(around)), told(light(body), light(around))) < 3;
  }).map((one) => "one does not see " + one.outerHTML.slice(0, 90));
}
"""
# As people set it who read better so (1.4.12); set by script, for the CSP allows no style.
SPACED = """
() => {
  const style = document.documentElement.style;
  style.letterSpacing = ".12em"; style.wordSpacing = ".16em"; style.lineHeight = "1.5";
}
"""


def examine(page: Page, looks: list[tuple[dict[str, int], str]]) -> list[str]:
    """Give all that is wrong with a page, in each look."""
    found = []
    for size, colours in looks:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=colours)
        wrong = axe.complaints(page)
        for measure in (FAULTS, FAINT, MEASURED, UNSEEN):
            wrong += page.evaluate(measure)
        found += [f"{size['width']} {colours}: {one}" for one in wrong]
    return found


@pytest.mark.parametrize("way", [walk, walk_mishaps], ids=["tour", "mishaps"])
@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_everybody_can_use_every_page(
    way: Callable[..., None],
    language: str,
    tmp_path: Path,
    live_server: Callable[..., str],
    open_page: Callable[..., Page],
) -> None:
    """axe, contrast, size of targets, reflow and text spacing on each page and each error."""
    _examined(way, language, "base.html", tmp_path, live_server, open_page)


def test_so_it_is_without_a_base_of_the_host(
    tmp_path: Path, live_server: Callable[..., str], open_page: Callable[..., Page]
) -> None:
    """The bundled frame keeps the same promises."""
    _examined(walk, "en", None, tmp_path, live_server, open_page)


def _examined(
    way: Callable[..., None],
    language: str,
    base: str | None,
    tmp_path: Path,
    live_server: Callable[..., str],
    open_page: Callable[..., Page],
) -> None:
    app = create_app({**QUICK, "TWOFACTOR_BASE_TEMPLATE": base}, instance_path=str(tmp_path))
    page, seen, wrong = open_page(locale=language), set[str](), dict[str, list[str]]()
    reads: dict[str, Any] = {"reads": language} if language != "en" else {}
    looks = ALL_LOOKS if language == "en" else TWO_LOOKS

    def look(name: str) -> None:
        seen.add(name)
        found = examine(page, looks)
        page.evaluate(SPACED)
        found += [f"spaced: {one}" for one in page.evaluate(MEASURED)]
        if found:
            wrong[name] = found
        page.set_viewport_size(WIDE)

    with frozen_clock(app) as clock:
        way(Visitor(app, page, live_server(app), clock, **reads), look)

    assert wrong == {}
    assert len(seen) > 20


BAD = """
<!doctype html><html lang="en"><head><title>Bad</title></head><body><main><div class="tf-page">
<h1>Bad</h1><form><input id="a"><p style="color: #bbb">Too faint to be read</p>
<a href="/x" style="display: block; width: 9px; height: 9px; overflow: hidden">x</a>
<div style="width: 3000px">wide</div></form></div></main></body></html>
"""


def test_what_is_wrong_is_found(open_page: Callable[..., Page]) -> None:
    """A page with a nameless field, faint words, a tiny link and a wide box fails on each."""
    page = open_page()
    page.set_content(BAD)
    found = "\n".join(examine(page, [(WIDE, "light")]))

    for fault in ("label: ", "color-contrast: ", "no label", "Too faint", "too small", "leaves"):
        assert fault in found, fault
