"""A right answer lets the held person in, wherever it was typed."""

from __future__ import annotations

import logging

from flask import Response, make_response, session

from flask_twofactor.core.errors import RefusedError, TwoFactorError
from flask_twofactor.flows import changing, logging_in
from flask_twofactor.flows.acting import Acting
from flask_twofactor.web import agents, answers, cookies, courtesy, holding, naming, people
from flask_twofactor.web import session as keys
from flask_twofactor.web.state import User, app_state, visit

from .login import release

log = logging.getLogger("flask_twofactor")


def answer(method: object, typed: str, *, trusts: bool) -> Response:
    """Check an answer to the session's hold and, if it is right, log the person in.

    Whose method no rule allows any more is led to setup. RefusedError if it is not right,
    HoldGoneError if there is nothing to answer.
    """
    holding.note_where()
    released = logging_in.answer(
        app_state().ports,
        session.get(keys.HOLD),
        method,
        typed,
        cookies.references("known"),
        origin=agents.origin(),
        trusts=cookies.presented() if trusts else None,
    )
    visit().browser = released.browser
    if isinstance(released, logging_in.SetUpFirst):
        return courtesy.ask_for_factor("setup")
    visit().given = released.device
    user = release(released)
    if user is None:
        return answers.page("refused", refused=RefusedError("signed_out"))
    if released.fallback:
        return released_to(user, _after_fallback(released))
    trusted = released.device is not None
    return released_to(user, answers.go(released.kept.next, device_trusted=trusted))


def released_to(user: User, response: Response) -> Response:
    """Let the host redo what its login answer did."""
    callback = app_state().callbacks.after_release
    if callback is None:
        return response
    try:
        return make_response(callback(user, response) or response)
    except Exception:
        log.exception("after_release failed; the person is signed in all the same")
        return response


def _after_fallback(released: logging_in.Released) -> Response:
    terms = released.terms or app_state().ports.site_terms
    single = terms.backup_codes == 1 and not released.codes_left
    codes = _fresh_code(released) if single else []
    left = released.codes_left or 0
    few = not codes and changing.are_few(app_state().ports, left)
    facts = {"ok": True, "next": released.kept.next, "codes_left": left, "few_codes": few}
    new = {"codes": codes} if codes else {}
    label = naming.label(released.kept.label)
    return answers.codes_page("backup_code_used", facts | new, label)


def _fresh_code(released: logging_in.Released) -> list[str]:
    proof = released.proof
    account = people.account_of(released.user_key, released.kept.label)
    epoch = proof.epoch if proof else 0
    someone = Acting(account, epoch, required=False, proof=proof, terms=released.terms)
    try:
        return list(changing.renew_codes(app_state().ports, someone))
    except TwoFactorError:
        log.exception("no fresh backup code could be made; the person is signed in all the same")
        return []
