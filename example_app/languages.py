"""The language of the security pages: ``?lang=ur`` on any address, kept by a cookie.

The client area's own pages stay in English.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import request

if TYPE_CHECKING:
    from flask import Flask, Response

NAME = "lang"
LANGUAGES = {"en": "English", "de": "Deutsch", "es": "Español", "fr": "Français", "ur": "اردو"}
_A_YEAR = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    """Keep the choice, and let the frame show the languages there are."""
    app.after_request(_keep)
    # Not by a context processor: the page that needs nothing else has this foot too.
    app.jinja_env.globals.update(languages=LANGUAGES, in_language=_address)


def chosen() -> str | None:
    """Give the language that this visitor chose, if any."""
    for wanted in (request.args.get(NAME), request.cookies.get(NAME)):
        if wanted in LANGUAGES:
            return wanted
    return None


def _keep(response: Response) -> Response:
    wanted = request.args.get(NAME)
    if wanted in LANGUAGES:
        response.set_cookie(NAME, wanted, max_age=_A_YEAR, httponly=True, samesite="Lax")
    return response


def _address(language: str) -> str:
    return "?" + urlencode({**request.args, NAME: language})
