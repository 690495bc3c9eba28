"""The code that was typed beside the password, on the host's own login form.

It is looked at once the password was right and the login is held, never before: until then a
stranger learns nothing, and nothing is counted.
"""

from __future__ import annotations

from flask import Response, session, url_for

from flask_twofactor.core.errors import HoldGoneError, RefusedError
from flask_twofactor.flows import logging_in
from flask_twofactor.web import answers, courtesy, login_form, notes
from flask_twofactor.web import session as keys
from flask_twofactor.web.headers import protect
from flask_twofactor.web.state import Visit, app_state

from . import entering


def answer(now: Visit) -> Response | None:
    """Answer the hold that this login was just given; None leaves it to the challenge."""
    if now.login_form is None or now.pending is None or now.pending.source != "login":
        return None
    if keys.HOLD not in session:
        return None
    code, trusts = login_form.typed_code(now), login_form.is_ticked(now)
    if trusts:
        session[keys.TICKED] = True
    method = logging_in.method_of(app_state().ports, session[keys.HOLD], code) if code else None
    if method is None:
        return None
    try:
        return protect(entering.answer(method, code, trusts=trusts))
    except RefusedError as refused:
        return _refuse(refused, method)
    except HoldGoneError:
        return None  # ended meanwhile, elsewhere; the challenge says so


def _refuse(refused: RefusedError, method: str) -> Response | None:
    if not courtesy.wants_json():
        notes.leave_refusal(refused, method)
        return None
    if app_state().callbacks.held_handler is not None:
        return None
    return protect(answers.refuse(refused, challenge_url=url_for("twofactor.challenge")))
