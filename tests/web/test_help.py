"""Help where it is needed: a refused code, a new phone, and the way to support."""

from __future__ import annotations

import re

import pytest

from flask_twofactor.testing import frozen_clock

from .support.browsing import OurHost, send
from .support.guard import CHALLENGE, Ours
from .support.troubled import give_codes

SUPPORT = "https://support.host.test/"
STEPS = ("about to change", "several codes", "clock to automatic", "Sync now", "this computer")


@pytest.fixture
def host() -> OurHost:
    """A host whose support can be reached."""
    return OurHost(Ours(), TWOFACTOR_SUPPORT_URL=SUPPORT)


def details(page: str, summary: str) -> str:
    """Give what a summary on a page hides."""
    found = re.search(rf"<summary>{re.escape(summary)}</summary>(.*?)</details>", page, re.DOTALL)
    return "" if found is None else found[1]


def test_who_is_held_is_helped(host: OurHost) -> None:
    """At the challenge the five things that help are there, in this order, and support."""
    shown = details(host.held().get(CHALLENGE).text, "Code refused?")
    places = [shown.find(step) for step in STEPS]

    assert -1 not in places
    assert places == sorted(places)
    assert SUPPORT in shown


def test_who_sets_up_or_is_asked_again_is_helped(host: OurHost) -> None:
    """So it is at setup and where a fresh code is asked."""
    client = host.client()
    host.log_in(client, host.ann)
    assert "Sync now" in details(client.get("/two-factor/setup/totp").text, "Code refused?")

    with frozen_clock(host.app, 1_800_000_000.0) as clock:
        signed_in = host.signed_in(host.vic)
        clock.move(3600)
        asked = signed_in.get("/two-factor/step-up").text
    assert "Sync now" in details(asked, "Code refused?")


def test_a_backup_code_has_no_clock(host: OurHost) -> None:
    """Who is asked for a backup code is told nothing of clocks."""
    give_codes(host, host.vic)
    page = host.held().get(f"{CHALLENGE}?method=backup_code").text

    assert "25 letters and digits" in page
    assert details(page, "Code refused?") == ""


def test_a_code_of_another_kind_is_led_to_its_place(host: OurHost) -> None:
    """A backup code in the app's field, and six digits in the other: a link above the field."""
    codes, client = give_codes(host, host.vic), host.held()
    for asked, typed, way in (
        ("totp", codes[0], "backup_code"),
        ("backup_code", "123456", "totp"),
    ):
        page = send(client, CHALLENGE, method=asked, code=typed).text
        assert "looks like another kind" in page
        assert (
            f'id="tf-fits">This looks like another kind of code. <a href="{CHALLENGE}?method={way}"'
            in page
        )
        assert 'aria-describedby="tf-error tf-fits tf-hint"' in page

    assert "tf-fits" not in send(client, CHALLENGE, method="totp", code="000000").text


def test_it_is_told_how_long_one_has(host: OurHost) -> None:
    """Setup, like the challenge, says in how many minutes it ends (WCAG 2.2, 2.2.1)."""
    with frozen_clock(host.app) as clock:
        client = host.client()
        host.log_in(client, host.ann)
        assert "You have 10 minutes to finish." in client.get("/two-factor/setup/totp").text
        clock.move(121)
        assert "You have 8 minutes to finish." in client.get("/two-factor/setup/totp").text


def test_a_new_phone_is_added_before_the_old_one_goes(host: OurHost) -> None:
    """The settings page says the order, that some apps bring their codes along, and support."""
    shown = details(host.signed_in(host.vic).get("/two-factor/").text, "New phone?")

    assert shown.find("by itself") < shown.find("add the new phone") < shown.find("remove the old")
    assert SUPPORT in shown
