"""The machine's own Chromium, driven by Playwright; nothing is downloaded."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.need import program

FLAGS = [
    # It calls no outside host.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # It needs no hardware.
    "--disable-gpu",
    "--disable-quic",
]
TIMEOUT_MS = 10_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser, without a window."""
    found = program(
        "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", package="chromium"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def pages(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Give a function that opens a page in a browser profile of its own.

    It takes `width`, `height` and all that Playwright's `Browser.new_context` takes
    (`color_scheme`, `java_script_enabled`, `has_touch`, `locale` ...).
    """
    with ExitStack() as profiles:

        def open_page(*, width: int = 1280, height: int = 800, **profile: Any) -> Page:
            profile = {"ignore_https_errors": True, "locale": "en-GB", **profile}
            context = browser.new_context(viewport={"width": width, "height": height}, **profile)
            profiles.callback(context.close)
            context.set_default_timeout(TIMEOUT_MS)
            return context.new_page()

        yield open_page
