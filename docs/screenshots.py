"""``make screenshots``: take the pictures of the docs from the running example app.

The example app is started on a free port with a throw-away folder, and a real Chromium walks
through every page of the extension as Ann would. The few pictures that the docs show go to
``docs/screenshots``; ``ARGS="--all FOLDER"`` puts all of them elsewhere, for looking at.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from flask import Flask
from PIL import Image
from playwright.sync_api import Page

from example_app import create_app
from example_app.accounts import by_email
from example_app.seed import DEMO_PASSWORD
from flask_twofactor.core.errors import StoreError
from flask_twofactor.stores.sqlalchemy import SQLStore
from flask_twofactor.testing import FrozenClock, current_code, frozen_clock, set_up_totp
from tests.support.chromium import chromium, pages
from tests.support.serving import serving

SHOWN = Path(__file__).parent / "screenshots"
ANN = "ann@maple.test"
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

Shoot = Callable[[str], None]


class Visitor:
    """Ann, in front of one browser window, and the clock of the app she looks at."""

    def __init__(self, app: Flask, page: Page, address: str, clock: FrozenClock) -> None:
        self.app, self.page, self.address, self.clock = app, page, address, clock
        self.secret = ""

    def go(self, path: str) -> None:
        """Open a page of the app."""
        self.page.goto(self.address + path)

    def press(self, name: str) -> None:
        """Press the button, or follow the link, of this name."""
        page = self.page
        named = page.get_by_role("button", name=name).or_(page.get_by_role("link", name=name))
        named.first.click()

    def answer(self, code: str) -> None:
        """Type a code and send it."""
        self.page.locator("#tf-code").fill(code)
        self.page.locator("#tf-code").press("Enter")

    def code(self) -> str:
        """Wait for the app's next code and read it."""
        self.clock.move(30)
        return current_code(self.app, self.secret)

    def wrong_code(self) -> str:
        """Make up a code that is certainly wrong."""
        return f"{(int(current_code(self.app, self.secret)) + 5) % 1_000_000:06}"

    def log_in(self) -> None:
        """Send the host's login form."""
        self.go("/login")
        self.page.locator("#email").fill(ANN)
        self.page.locator("#password").fill(DEMO_PASSWORD)
        self.page.locator("main form button").click()

    def log_out(self) -> None:
        """Become a stranger, as a fresh browser would be."""
        self.page.context.clear_cookies()


def walk(ann: Visitor, shoot: Shoot) -> None:
    """Go through every page, in the order in which a person meets them."""
    codes = _set_up(ann, shoot)
    _log_in_again(ann, shoot, codes)
    _change(ann, shoot)
    _meet_trouble(ann, shoot)


def _set_up(ann: Visitor, shoot: Shoot) -> list[str]:
    ann.log_in()
    ann.go("/two-factor/")
    shoot("overview-off")
    ann.go("/two-factor/setup")
    shoot("setup-index")
    ann.clock.move(360)
    ann.go("/two-factor/setup/totp")
    shoot("confirm-password")
    ann.page.locator("#tf-password").fill("a guess")
    ann.page.locator("#tf-password").press("Enter")
    shoot("confirm-password-error")
    ann.page.locator("#tf-password").fill(DEMO_PASSWORD)
    ann.page.locator("#tf-password").press("Enter")
    shoot("setup")
    ann.secret = ann.page.locator("#tf-key").inner_text().replace(" ", "")
    ann.page.locator("#tf-name").fill("Pixel 9")
    ann.answer(ann.wrong_code())
    shoot("setup-error")
    ann.answer(ann.code())
    shoot("codes")
    return ann.page.locator("#tf-codes code").all_inner_texts()


def _log_in_again(ann: Visitor, shoot: Shoot, codes: list[str]) -> None:
    ann.log_out()
    ann.log_in()
    shoot("challenge")
    ann.answer(ann.wrong_code())
    shoot("challenge-error")
    ann.go("/two-factor/lost-device")
    shoot("lost-device")
    ann.go("/two-factor/challenge?method=backup_code")
    shoot("challenge-backup-code")
    ann.answer(codes[0])
    shoot("backup-code-used")
    ann.log_out()
    ann.log_in()
    ann.answer(ann.code())


def _change(ann: Visitor, shoot: Shoot) -> None:
    with ann.app.test_request_context():
        set_up_totp(ann.app, by_email(ANN), "Work tablet")
    ann.log_out()
    ann.log_in()
    ann.answer(ann.code())
    ann.go("/two-factor/")
    shoot("overview-on")
    ann.page.locator("summary", has_text="Pixel 9").click()
    shoot("overview-changing")
    ann.clock.move(360)
    ann.go("/two-factor/backup-codes")
    shoot("backup-codes")
    ann.press("Make new codes")
    shoot("step-up")
    ann.answer("12")
    shoot("step-up-error")
    ann.go("/two-factor/")
    ann.press("Turn off")
    shoot("step-up-to-turn-off")


def _meet_trouble(ann: Visitor, shoot: Shoot) -> None:
    ann.log_out()
    ann.log_in()
    for _ in range(6):
        ann.answer(ann.wrong_code())
    shoot("throttled")
    ann.clock.move(660)
    ann.answer(ann.wrong_code())
    shoot("signed-out")
    with patch.object(SQLStore, "hold", side_effect=StoreError("shown for the picture")):
        ann.log_in()
        shoot("unavailable")


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
