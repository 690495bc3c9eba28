"""Plain pages for what goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, current_app, render_template
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import (
    HTTPException,
    InternalServerError,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
)

if TYPE_CHECKING:
    from flask import Flask

_TEXTS: dict[type[HTTPException], tuple[str, str]] = {
    NotFound: (
        "There is nothing here",
        "The address may be mistyped, or the page has moved.",
    ),
    MethodNotAllowed: (
        "That does not work from here",
        "This address only answers the form it belongs to.",
    ),
    RequestEntityTooLarge: (
        "That was too large",
        "Nothing was changed. Send less, and it will work.",
    ),
    CSRFError: (
        "This page had expired",
        "Nothing was changed. Open the page again and send the form once more.",
    ),
}


def init_app(app: Flask) -> None:
    """Register the pages with *app*."""
    for kind in _TEXTS:
        app.register_error_handler(kind, _error_page)
    app.register_error_handler(InternalServerError, _server_error_page)


def _error_page(error: HTTPException) -> Response:
    heading, text = next(texts for kind, texts in _TEXTS.items() if isinstance(error, kind))
    return _answer(error, render_template("error.html", heading=heading, text=text))


def _server_error_page(error: InternalServerError) -> Response:
    # Not by render_template: that loads the user, and the database may be what failed.
    return _answer(error, current_app.jinja_env.get_template("server_error.html").render())


def _answer(error: HTTPException, page: str) -> Response:
    """Return *page* with the status and headers of *error* (``Allow``, for one)."""
    answer = Response(page, error.code)
    for name, value in error.get_headers():
        if name.lower() != "content-type":
            answer.headers[name] = value
    return answer
