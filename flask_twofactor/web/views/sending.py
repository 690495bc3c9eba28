"""Sending a code for what this session has open: a held login, a setup or a step-up."""

from __future__ import annotations

from flask import Response, session, url_for

from flask_twofactor.core.errors import HoldGoneError, RefusedError
from flask_twofactor.core.sending import Errand
from flask_twofactor.flows import logging_in, setting_up_places, stepping_up
from flask_twofactor.flows.acting import Acting
from flask_twofactor.web import answers, cookies, delivering, holding, redirects, who
from flask_twofactor.web import session as keys
from flask_twofactor.web.forms import value
from flask_twofactor.web.state import app_state

from .asking import step_up, step_up_page
from .challenge import challenge, gone
from .setup import setup

STEP_UP = "step_up"


def send_code(refused: RefusedError | None = None) -> Response:
    """Send a new code to the place that is proven, or that is being set up."""
    if holding.purpose_of_session() == "challenge":
        return _for_hold(refused)
    acting = who.acting()
    if acting is None:
        return who.turn_away()
    if value("for") == STEP_UP or (acting.hold is None and keys.SETUP not in session):
        return _for_step_up(acting, refused)
    return _for_setup(acting, refused)


def _for_hold(refused: RefusedError | None) -> Response:
    ports, wanted = app_state().ports, value("method")
    try:
        if refused is not None:
            raise refused
        holding.note_where()
        known = cookies.references("known")
        errand = logging_in.errand(ports, session.get(keys.HOLD), wanted, known)
        return _send(errand, url_for("twofactor.challenge", method=wanted))
    except HoldGoneError as over:
        return gone(over)
    except RefusedError as error:
        return challenge(error)


def _for_setup(acting: Acting, refused: RefusedError | None) -> Response:
    wanted = value("method") or ""
    try:
        if refused is not None:
            raise refused
        errand = setting_up_places.errand(
            app_state().ports, acting, wanted, session.get(keys.SETUP)
        )
        wish = redirects.safe_path(value("next"))
        return _send(errand, url_for("twofactor.setup", method=wanted, next=wish))
    except RefusedError as error:
        return setup(wanted, error)


def _for_step_up(acting: Acting, refused: RefusedError | None) -> Response:
    wanted = value("method")
    try:
        if refused is not None:
            raise refused
        errand = stepping_up.errand(app_state().ports, acting, wanted)
        return _send(errand, step_up_page(wanted))
    except RefusedError as error:
        return step_up(error)


def _send(errand: Errand, page: str) -> Response:
    method = app_state().ports.method(errand.method)
    if method is None:
        raise RefusedError("unknown_method")
    return answers.go(page, **delivering.send(method, errand))
