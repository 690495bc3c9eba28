"""Plain answers for people who are held or turned away; security never rests on them."""

from __future__ import annotations

import logging

from flask import Response, jsonify, make_response, redirect, request, url_for

from . import redirects
from .headers import protect
from .render import render
from .state import app_state, this_request

SETUP_REQUIRED = "two_factor_setup_required"
log = logging.getLogger("flask_twofactor")


def wants_json() -> bool:
    """Say whether this client speaks JSON: it sent it, or prefers it to HTML."""
    if request.is_json:
        return True
    accepted = request.accept_mimetypes
    named = [value for value, _ in accepted]
    if "application/json" not in named:
        return False
    html = accepted["text/html"] if "text/html" in named else 0
    return bool(accepted["application/json"] > html)


def ask_for_factor(purpose: str, *, setup_status: int = 403) -> Response:
    """Lead a held person to the challenge, or to setup; JSON clients get the stable error."""
    handler = app_state().callbacks.held_handler
    if handler is not None:
        try:
            return protect(make_response(handler(this_request(), purpose)))
        except Exception:
            log.exception("held_handler failed; the usual answer is given")
    if purpose == "setup":
        return _lead(SETUP_REQUIRED, "setup_url", url_for("twofactor.setup_index"), setup_status)
    return _lead("two_factor_required", "challenge_url", url_for("twofactor.challenge"), 401)


def ask_for_setup(next_page: str) -> Response:
    """Lead a signed-in person to setup, and on to a page from there."""
    target = url_for("twofactor.setup_index", next=next_page)
    return _lead(SETUP_REQUIRED, "setup_url", target, 403, code=303)


def _lead(error: str, name: str, target: str, status: int, code: int = 302) -> Response:
    if wants_json():
        return protect(make_response(jsonify({"error": error, name: target}), status))
    return protect(make_response(redirect(target, code)))


def unavailable() -> Response:
    """Say that nobody can be checked right now, and that nothing was lost; lead back here."""
    if wants_json():
        answer = make_response(jsonify({"error": "unavailable"}), 503)
    else:
        answer = make_response(render("unavailable", bare=True, again=redirects.here()), 503)
    answer.headers["Retry-After"] = "30"
    return protect(answer)


def unkeepable() -> Response:
    """Say that this login cannot be finished here; the log names what the developer must mend."""
    if wants_json():
        return protect(make_response(jsonify({"error": "login_refused"}), 500))
    return protect(make_response(render("refused", bare=True), 500))
