"""The client areas' own words on the extension's pages, and whose they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from example_app.two_factor import twofactor
from flask_twofactor.web.i18n import in_language
from tests.example.hosting import ANN, log_in
from tests.example.test_tenants import set_up

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

OVERVIEW, INDEX = "/two-factor/", "/two-factor/setup"
OWN = "Enable Two-Factor Authentication"
FRENCH = "Commencer"


@pytest.mark.parametrize(
    ("email", "language", "shown"),
    [
        (ANN, "en", OWN),
        (ANN, "en-GB", OWN),
        (ANN, "fr", FRENCH),
        (ANN, "de", None),
        ("support@example.test", "en", None),
    ],
)
def test_whose_words(client: FlaskClient, email: str, language: str, shown: str | None) -> None:
    """Maple's people read maple's, in its languages; who belongs to all client areas none's."""
    log_in(client, email)
    with in_language(language):
        page = client.get(INDEX).text

    assert [words for words in (OWN, FRENCH) if words in page] == ([shown] if shown else [])


def test_a_second_phone_is_not_enabling(app: Flask, client: FlaskClient) -> None:
    """Once it is on, the pages that add another phone say so."""
    log_in(client)
    set_up(app, client)

    assert "Add a backup device" in client.get(INDEX).text
    assert OWN not in client.get(INDEX).text


def test_the_switch_cannot_be_moved_where_it_is_required(app: Flask, client: FlaskClient) -> None:
    """Orchid's switch stays on, and leads nowhere, once a rule asks for it."""
    log_in(client, "omar@orchid.test")
    set_up(app, client)
    switch = 'role="switch" aria-checked="true"'
    assert f"{switch}>" in client.get(OVERVIEW).text
    with app.app_context():
        twofactor.set_rule("orchid", mode="all", actor="a test")

    assert f"{switch} disabled>" in client.get(OVERVIEW).text


def test_lost_device_of_who_is_signed_in(client: FlaskClient) -> None:
    """Nobody is held: maple's page has no way back to a challenge."""
    log_in(client)
    page = client.get("/two-factor/lost-device").text

    assert "Step Two: Contact us" in page
    assert "/two-factor/challenge" not in page
