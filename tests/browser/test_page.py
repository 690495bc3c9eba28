"""The browser that the other tests of this folder drive."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page


@pytest.mark.browser
@pytest.mark.parametrize("tls", [False, True])
def test_a_page_opens_as_asked(
    live_server: Callable[..., str], open_page: Callable[..., Page], *, tls: bool
) -> None:
    """The browser shows a served page in the width and colours that a test asks for."""
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "<title>hello</title>")
    page = open_page(width=375, color_scheme="dark")

    page.goto(live_server(app, tls=tls))

    assert page.title() == "hello"
    assert page.evaluate("innerWidth") == 375
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
