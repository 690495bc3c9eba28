"""The fixtures of the tests that drive a real Chromium; what they do is in tests/support."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.support import chromium


# Playwright's event loop occupies the thread while it runs, and async code in a host's views would
# meet it: so the browser ends with the last test of this folder, not with the session.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    with chromium.chromium() as started:
        yield started


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page in a fresh profile: `open_page(width=375, color_scheme="dark")`."""
    with chromium.pages(browser) as opener:
        yield opener
