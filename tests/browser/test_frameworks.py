"""Our pages inside the base template of a host that uses Bootstrap, or Tailwind, without change.

Bootstrap comes from a development package. `hosts/tailwind.css` is what Tailwind's own command
makes of `hosts/tailwind.html`: `@import "tailwindcss" source(none); @source "./tailwind.html";`
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import flask_bootstrap
import pytest
from flask import Blueprint, Flask
from playwright.sync_api import Page

from example_app import create_app
from flask_twofactor.testing import frozen_clock
from tests.support.plain import plain
from tests.support.tour import Visitor, walk

from .test_accessibility import PHONE, WIDE, ZOOMED, examine
from .test_every_page import QUICK, Watch

pytestmark = pytest.mark.browser
HOSTS = Path(__file__).parent / "hosts"
ROOT = Path(__file__).parents[2]
CSS = ROOT / "flask_twofactor/static/twofactor.css"
BOOTSTRAP = Path(flask_bootstrap.__file__).parent / "static/bootstrap5/css"
LOOKS = [(WIDE, "light"), (PHONE, "dark"), (ZOOMED, "light")]
# Each heading, list and emphasis looks like one, whatever the host's reset did.
PLAIN = """
() => {
  const found = [], style = (one) => getComputedStyle(one), all = (s) => document.querySelectorAll(s);
  const size = parseFloat(style(document.querySelector(".tf-page")).fontSize);
  for (const one of all(".tf-page :is(h1, h2)")) {
    if (parseFloat(style(one).fontSize) <= size || style(one).fontWeight < 500) found.push(one.outerHTML);
  }
  for (const one of all(".tf-page ol:not(.tf-steps, .tf-progress)")) {
    if (style(one).listStyleType !== "decimal") found.push("no numbers: " + one.outerHTML.slice(0, 90));
  }
  for (const one of all(".tf-page a:not(.tf-button)")) {
    if (!style(one).textDecorationLine.includes("underline")) found.push("no line: " + one.outerHTML);
  }
  return found;
}
"""


def host(folder: Path, name: str, theme: str = "light") -> Flask:
    """Make the example app, with the base template of a host that uses a framework."""
    config = {"TWOFACTOR_BASE_TEMPLATE": f"{name}.html", "THEME": theme}
    app = create_app({**QUICK, **config}, instance_path=str(folder))
    static = BOOTSTRAP if name == "bootstrap" else HOSTS
    app.register_blueprint(Blueprint("host", __name__, static_folder=str(static), url_prefix="/h"))
    return plain(app, HOSTS)


@pytest.mark.parametrize(
    ("name", "theme"), [("bootstrap", "light"), ("bootstrap", "dark"), ("tailwind", "light")]
)
def test_a_base_template_of_a_framework_fits(
    name: str,
    theme: str,
    tmp_path: Path,
    live_server: Callable[..., str],
    open_page: Callable[..., Page],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A tour of all pages in it: nothing overflows, all can be seen and read, and hit."""
    app = host(tmp_path, name, theme)
    page, seen, wrong = open_page(), set[str](), dict[str, list[str]]()
    watch = Watch(page)

    def look(stop: str) -> None:
        framed = page.get_by_role("link", name="A host").count()
        seen.update({stop} if framed else set())
        found = examine(page, LOOKS) + (page.evaluate(PLAIN) if framed else [])
        if found:
            wrong[stop] = found
        page.set_viewport_size(WIDE)

    with frozen_clock(app) as clock:
        walk(Visitor(app, page, live_server(app), clock), look)

    assert wrong == {}
    assert watch.complaints == []
    assert len(seen) > 30
    assert "base template" not in caplog.text


PROPERTIES = {
    "--tf-accent": (".tf-button", "backgroundColor", "rgb(9, 8, 7)"),
    "--tf-on-accent": (".tf-button", "color", "rgb(9, 8, 7)"),
    "--tf-surface": (".tf-card", "backgroundColor", "rgb(9, 8, 7)"),
    "--tf-line": (".tf-card", "borderTopColor", "rgb(9, 8, 7)"),
    "--tf-muted": (".tf-hint", "color", "rgb(9, 8, 7)"),
    "--tf-bad": (".tf-danger", "color", "rgb(9, 8, 7)"),
    "--tf-good": (".tf-good", "borderLeftColor", "rgb(9, 8, 7)"),
    "--tf-text": (".tf-input", "color", "rgb(9, 8, 7)"),
    "--tf-radius": (".tf-button", "borderTopLeftRadius", "7px"),
    "--tf-width": (".tf-page", "maxWidth", "333px"),
}
PARTS = """
<link rel="stylesheet" href="/two-factor/static/twofactor.css"><div class="tf-page">
<p class="tf-good">Good</p><p class="tf-hint">Hint</p><div class="tf-card">Card</div>
<input class="tf-input"><button class="tf-button">Go</button>
<button class="tf-button tf-danger">End</button></div>
"""


def test_a_host_sets_the_colours(
    tmp_path: Path, live_server: Callable[..., str], open_page: Callable[..., Page]
) -> None:
    """Each custom property that the style sheet reads does what it says, and the docs name it."""
    app = host(tmp_path, "tailwind")
    app.add_url_rule("/parts", view_func=lambda: PARTS)
    page = open_page()
    page.goto(live_server(app) + "/parts")
    for name, (part, what, value) in PROPERTIES.items():
        page.evaluate("([n, v]) => document.body.style.setProperty(n, v)", [name, value])
        found = page.eval_on_selector(part, f"one => getComputedStyle(one).{what}")
        assert (name, found) == (name, value)

    assert set(re.findall(r"var\((--tf-[\w-]+)", CSS.read_text("utf-8"))) == set(PROPERTIES)
    documented = (ROOT / "docs/reference/pages.md").read_text("utf-8")
    assert set(re.findall(r"`(--tf-[\w-]+)`", documented)) == set(PROPERTIES)
