"""The headers of our pages, whatever the app gives its own."""

from __future__ import annotations

from typing import Any

from flask import Response

from flask_twofactor.web.headers import HEADERS

from .support.portal import CHALLENGE, CODES, OVERVIEW, PAGES, SETUP, form, portal

WEAK = dict.fromkeys(HEADERS, "weak")


def weaken(response: Response) -> Response:
    """Set the headers of every page, as a host's hook or Flask-Talisman does."""
    response.headers.update(WEAK)
    return response


def shown(response: Any) -> dict[str, str | None]:
    """Give those headers of an answer that we set."""
    return {name: response.headers.get(name) for name in HEADERS}


def test_a_hook_of_the_app_does_not_weaken_our_pages() -> None:
    """Codes to save, keys and challenges stay out of caches, frames and referrers."""
    with portal() as host:
        host.app.after_request(weaken)
        client = host.protected()
        answers = [client.get(path) for path in (OVERVIEW, SETUP, CODES, f"{PAGES}/lost-device")]
        answers += [form(client, CODES), host.held().get(CHALLENGE), host.client().get(CHALLENGE)]

        assert [shown(answer) for answer in answers] == [HEADERS] * len(answers)


def test_the_apps_own_pages_and_our_files_are_left_alone() -> None:
    """What the app sets for its own pages stands, also for our style sheet."""
    with portal() as host:
        host.app.after_request(weaken)
        client = host.protected()

        for path in ("/account", "/whoami", f"{PAGES}/static/twofactor.css"):
            with client.get(path) as answer:
                assert shown(answer) == WEAK
