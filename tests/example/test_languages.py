"""The choice of a language in the example app."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from example_app.languages import LANGUAGES
from flask_twofactor.web.languages import speaks

from .hosting import log_in

if TYPE_CHECKING:
    from flask import Flask

OVERVIEW = "/two-factor/"


def test_it_offers_what_the_extension_speaks() -> None:
    """A newcomer can look at our pages in each language there is."""
    assert set(LANGUAGES) == set(speaks())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_address_chooses_and_a_cookie_keeps(app: Flask, language: str) -> None:
    """`?lang=` stands before the cookie, the cookie before the browser; junk changes nothing."""
    client = app.test_client()
    log_in(client, "ann@maple.test")
    wanted = f'<div class="tf-page" lang="{language}"'
    french = {"Accept-Language": "fr"}

    assert wanted in client.get(f"{OVERVIEW}?lang={language}", headers=french).text
    assert wanted in client.get(OVERVIEW, headers=french).text
    assert wanted in client.get(f"{OVERVIEW}?lang=xx", headers=french).text
    assert '<html lang="en">' in client.get("/account").text


def test_the_links_keep_the_page(app: Flask) -> None:
    """A link at the foot leads to the page one is on, with what its address says."""
    page = app.test_client().get("/login?next=/billing&email=a%26b&lang=de").text

    assert 'href="?next=%2Fbilling&amp;email=a%26b&amp;lang=ur" lang="ur"' in page
