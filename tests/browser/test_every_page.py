"""Every page of ours in a real browser: narrow, dark, without scripts, under a strict CSP."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, template_rendered
from jinja2 import Template
from playwright.sync_api import ConsoleMessage, Page, Response, expect

from example_app import create_app
from flask_twofactor.testing import frozen_clock
from flask_twofactor.web.headers import HEADERS
from tests.support.tour import Visitor, walk

pytestmark = pytest.mark.browser
QUICK = {"PASSWORD_METHOD": "pbkdf2:sha256:1"}
POLICY = "default-src 'self'"
ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "flask_twofactor/templates/twofactor/pages").glob("*.html"))
PICTURES = ROOT / "docs/reference/pictures.md"
PROFILES: dict[str, dict[str, Any]] = {
    "wide": {"width": 1280},
    "phone": {"width": 390, "color_scheme": "dark"},
    "small phone": {"width": 320},
    "no script": {"width": 390, "java_script_enabled": False},
}
# What a person who cannot see the page meets: one heading, a name for each field, and an error
# that stands at a field is told with it.
FAULTS = """
() => {
  const found = [], all = (selector) => [...document.querySelectorAll(selector)];
  if (all("h1").length !== 1) found.push("headings: " + all("h1").length);
  if (document.documentElement.scrollWidth > innerWidth) found.push("it scrolls sideways");
  for (const field of all(".tf-page input:not([type=hidden], [hidden])")) {
    if (!field.labels.length) found.push("no label: " + field.name);
    const told = (field.getAttribute("aria-describedby") || "").split(" ").filter(Boolean);
    for (const id of told) if (!document.getElementById(id)) found.push("points at nothing: " + id);
    const wrong = field.closest("form").querySelector("[role=alert]");
    if (wrong && field === document.activeElement && !told.includes(wrong.id)) {
      found.push("the error is not told: " + field.name);
    }
  }
  const ids = all("[id]").map((one) => one.id);
  if (new Set(ids).size !== ids.length) found.push("an id is there twice");
  return found;
}
"""
# Words that are too faint (WCAG 2.2, 1.4.3), light or dark. The canvas reads any colour.
FAINT = """
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
  const said = (one) => Array.from(one.childNodes).some((node) => node.nodeType === 3 && node.data.trim());
  return [...document.querySelectorAll(".tf-page, .tf-page *")].filter((one) => {
    if (!said(one) || !one.checkVisibility() || one.closest("svg, .tf-sr")) return false;
    const under = ground(one), pair = [light(under), light([...under, getComputedStyle(one).color])];
    return Math.max(...pair) / Math.min(...pair) < 4.5;
  }).map((one) => one.textContent.trim());
}
"""


class Watch:
    """Notes what the browser complains of, and pages of ours without our headers."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        # An answer of 400 or 503 is an error to the console, and what we mean.
        if message.type in {"error", "warning"} and "status of" not in message.text:
            self.complaints.append(message.text)

    def _response(self, answer: Response) -> None:
        path = answer.url.partition("/two-factor")[2]
        if path and not path.startswith("/static/"):
            missing = {
                name for name, value in HEADERS.items() if answer.headers.get(name.lower()) != value
            }
            self.complaints += [f"{path} lacks {name}" for name in missing]


@pytest.mark.parametrize("base", ["base.html", None], ids=["host's base", "bundled base"])
@pytest.mark.parametrize("profile", PROFILES)
def test_every_page(
    profile: str,
    base: str | None,
    tmp_path: Path,
    live_server: Callable[..., str],
    open_page: Callable[..., Page],
) -> None:
    """A tour of all pages: nothing sideways, nothing unnamed, nothing the CSP refuses.

    The docs show a picture of each stop: else run `make screenshots`.
    """
    app = create_app({**QUICK, "TWOFACTOR_BASE_TEMPLATE": base}, instance_path=str(tmp_path))
    page, seen, rendered = open_page(**PROFILES[profile]), [], set()

    def note(_app: Flask, template: Template, **_: Any) -> None:
        rendered.add(template.name)

    watch = Watch(page)
    with frozen_clock(app) as clock:
        omar = Visitor(app, page, live_server(app), clock)

        def look(name: str) -> None:
            seen.append(name)
            assert page.evaluate(FAULTS) == [], name
            assert page.evaluate(FAINT) == [], name
            helped = page.locator(".tf-needs-script:visible").count()
            assert PROFILES[profile].get("java_script_enabled", True) or not helped, name
            assert watch.complaints == [], name

        with template_rendered.connected_to(note, app):
            walk(omar, look)

    assert len(seen) == len(set(seen)) > 20
    assert {f"twofactor/{one.name}" for one in PAGES} - rendered == set()
    assert seen == re.findall(r"^## (.+)$", PICTURES.read_text("utf-8"), flags=re.MULTILINE)


def test_the_policy_is_strict(tmp_path: Path) -> None:
    """The tour goes under a policy that refuses everything inline."""
    app = create_app({"TESTING": True, **QUICK}, instance_path=str(tmp_path))
    policy = app.test_client().get("/login").headers["Content-Security-Policy"]

    assert policy.startswith(POLICY)
    assert "unsafe" not in policy


def test_copy_download_and_print(
    tmp_path: Path, live_server: Callable[..., str], open_page: Callable[..., Page]
) -> None:
    """The codes can be copied, downloaded as text, and printed; it is said whose they are."""
    app = create_app(QUICK, instance_path=str(tmp_path))
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    with frozen_clock(app, 1_800_000_000.0) as clock:
        omar = Visitor(app, page, live_server(app), clock)
        omar.log_in()
        omar.go("/two-factor/setup/totp")
        omar.secret = page.locator("#tf-key").inner_text().replace(" ", "")
        omar.answer(omar.code())
    codes = page.locator("#tf-codes code").all_inner_texts()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download").click()

    assert page.evaluate("navigator.clipboard.readText()").splitlines() == codes
    assert Path(os.fspath(waiting.value.path())).read_text().splitlines() == [
        "Backup codes for Meridian",
        "Account: omar@orchid.test",
        "Made on 15 Jan 2027",
        "",
        *codes,
    ]
    assert waiting.value.suggested_filename == "backup-codes.txt"
    page.emulate_media(media="print")
    for line in ("Backup codes for Meridian", "Account: omar@orchid.test", "Made on 15 Jan 2027"):
        expect(page.get_by_text(line)).to_be_visible()
    expect(page.get_by_text(codes[-1])).to_be_visible()
    expect(page.get_by_role("banner")).to_be_hidden()
    expect(page.get_by_role("link", name="I saved them")).to_be_hidden()
