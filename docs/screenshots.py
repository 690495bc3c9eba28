"""``make screenshots``: take the pictures of the docs from the running example app.

The example app is started on a free port with a throw-away folder, and a real Chromium walks
through every page of the extension as Ann would. The few pictures that the docs show go to
``docs/screenshots``; ``ARGS="--all FOLDER"`` puts all of them elsewhere, for looking at.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from PIL import Image
from playwright.sync_api import Page

from example_app import create_app
from flask_twofactor.testing import FrozenClock, frozen_clock
from tests.support.chromium import chromium, pages
from tests.support.serving import serving
from tests.support.tour import Visitor, walk

SHOWN = Path(__file__).parent / "screenshots"
WIDTHS = {"wide": 1280, "phone": 390}
SCHEMES = ("light", "dark")
COLOURS = 128
IN_DOCS = {
    "overview-off-wide-light",
    "setup-wide-light",
    "setup-phone-dark",
    "codes-phone-light",
    "challenge-phone-light",
    "challenge-error-phone-dark",
    "lost-device-phone-light",
    "overview-on-wide-dark",
}


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


def main() -> None:
    """Take all pictures, in every width and colour scheme."""
    parser = argparse.ArgumentParser(prog="python -m docs.screenshots")
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="put every picture here")
    parser.add_argument("--bundled", action="store_true", help="use the bundled base template")
    options = parser.parse_args()
    config: dict[str, object] = {"TWOFACTOR_BASE_TEMPLATE": None} if options.bundled else {}
    folder: Path = options.all or SHOWN
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser, pages(browser) as open_page:
        for look in [(name, scheme) for name in WIDTHS for scheme in SCHEMES]:
            page = open_page(width=WIDTHS[look[0]], height=800, color_scheme=look[1])

            def shoot(name: str, page: Page = page, look: tuple[str, str] = look) -> None:
                full = "-".join([name, *look])
                if options.all or full in IN_DOCS:
                    (folder / f"{full}.png").write_bytes(picture(page))
                    print(full)

            with visiting(config) as (app, address, clock):
                walk(Visitor(app, page, address, clock), shoot)


if __name__ == "__main__":
    main()
