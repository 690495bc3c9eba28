"""``make screenshots``: take the pictures of the docs from the running example app.

The example app is started on a free port with a throw-away folder, and a real Chromium walks
through every page of the extension as Omar would. The pictures go to ``docs/screenshots``, with the
page that shows them and the moving tour; ``ARGS="--all FOLDER"`` puts all of them elsewhere, in
every width and colour, for looking at.
"""

from __future__ import annotations

import argparse
import io
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from PIL import Image
from playwright.sync_api import Page

from docs.film import film
from example_app import create_app
from flask_twofactor.testing import FrozenClock, frozen_clock
from tests.support.chromium import chromium, pages
from tests.support.serving import serving
from tests.support.tour import Visitor, walk

DOCS = Path(__file__).parent
SHOWN = DOCS / "screenshots"
GALLERY = DOCS / "reference/pictures.md"
WIDTHS = {"wide": 1280, "phone": 390}
LOOKS = [("wide", "light"), ("wide", "dark"), ("phone", "light"), ("phone", "dark")]
IN_DOCS = LOOKS[:3]
COLOURS = 64
BEGINNING = """\
# Pictures of every page

Taken by `make screenshots` from the example app as it runs, which also writes this page.

![Setting up and signing in, as a film](../screenshots/tour.gif)
"""


@contextmanager
def visiting(config: dict[str, object]) -> Iterator[tuple[Flask, str, FrozenClock]]:
    """Serve the example app from a throw-away folder, with a clock that stands still."""
    with tempfile.TemporaryDirectory(prefix="twofactor-screenshots-") as folder:
        quick = {"PASSWORD_METHOD": "pbkdf2:sha256:1"}
        app = create_app({**quick, **config}, instance_path=folder)
        with serving(app) as address, frozen_clock(app) as clock:
            yield app, address, clock


def picture(page: Page) -> bytes:
    """Photograph the whole page, as a small PNG."""
    photo = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    small = io.BytesIO()
    photo.quantize(COLOURS, kmeans=1, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()


def gallery(titles: dict[str, str]) -> str:
    """Write the page that shows every picture."""
    parts = [BEGINNING]
    for name, title in titles.items():
        shown = [f"![{title}](../screenshots/{name}-{'-'.join(look)}.png)" for look in IN_DOCS]
        parts.append(f"## {name}\n\n{title}\n\n| light | dark | phone |\n|---|---|---|")
        parts.append(f"| {' | '.join(shown)} |\n")
    return "\n".join(parts)


def main() -> None:
    """Take all pictures, in every width and colour scheme."""
    parser = argparse.ArgumentParser(prog="python -m docs.screenshots")
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="put every picture here")
    parser.add_argument("--bundled", action="store_true", help="use the bundled base template")
    options = parser.parse_args()
    config: dict[str, object] = {"TWOFACTOR_BASE_TEMPLATE": None} if options.bundled else {}
    folder: Path = options.all or SHOWN
    folder.mkdir(parents=True, exist_ok=True)
    for quiet in ("werkzeug", "flask_twofactor"):
        # The store's failure is played, and each request is none of the reader's business.
        logging.getLogger(quiet).setLevel(logging.CRITICAL)
    titles: dict[str, str] = {}
    with chromium() as browser, pages(browser) as open_page:
        for look in LOOKS if options.all else IN_DOCS:
            page = open_page(width=WIDTHS[look[0]], height=800, color_scheme=look[1])

            def shoot(name: str, page: Page = page, look: tuple[str, str] = look) -> None:
                (folder / f"{name}-{'-'.join(look)}.png").write_bytes(picture(page))
                titles[name] = page.locator("h1").inner_text()
                print(f"{name}, {' '.join(look)}: {titles[name]}")

            with visiting(config) as (app, address, clock):
                walk(Visitor(app, page, address, clock), shoot)
        if not options.all:
            GALLERY.write_text(gallery(titles), encoding="utf-8")
        page = open_page(width=WIDTHS["phone"], height=720)
        with visiting(config) as (app, address, clock):
            film(Visitor(app, page, address, clock), folder / "tour.gif")


if __name__ == "__main__":
    main()
