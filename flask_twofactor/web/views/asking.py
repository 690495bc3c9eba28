"""The pages that ask again inside a session: the second factor, the password."""

from __future__ import annotations

import logging

from flask import Response, request, url_for

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.records import Mark
from flask_twofactor.flows import stepping_up
from flask_twofactor.flows.acting import Acting
from flask_twofactor.web import answers, cookies, login_hook, redirects, who
from flask_twofactor.web import session as keys
from flask_twofactor.web.forms import CodeForm, PasswordForm, text, value
from flask_twofactor.web.state import app_state

log = logging.getLogger("flask_twofactor")


def step_up(refused: RefusedError | None = None) -> Response:
    """Ask a signed-in person for a fresh code, or take it."""
    acting = who.acting()
    if acting is None or acting.hold is not None:
        return who.turn_away()
    target = redirects.wanted(url_for("twofactor.overview"))
    if acting.proof is None:
        return answers.go(target)
    if request.method == "POST" and refused is None:
        form = CodeForm.read()
        try:
            stepping_up.answer(
                app_state().ports,
                acting,
                form.method.data,
                text(form.code.data),
                cookies.references("known"),
                full=value("full") == "1",
            )
        except RefusedError as error:
            return _ask_for_code(acting, target, error)
        return answers.go(target)
    return _ask_for_code(acting, target, refused)


def confirm_password(refused: RefusedError | None = None) -> Response:
    """Ask for the password again; without a checker, offer to sign in again."""
    acting = who.acting()
    if acting is None:
        return who.turn_away()
    default = "setup_index" if acting.hold is not None else "overview"
    target = redirects.wanted(url_for(f"twofactor.{default}"))
    if request.method == "POST" and refused is None:
        if app_state().callbacks.password_checker is None:
            login_hook.sign_out()
            return answers.go(login_hook.login_page_for(target))
        refused = _check_password(acting)
        if refused is None:
            return answers.go(target)
    can_ask = app_state().callbacks.password_checker is not None
    facts = {"next": target}
    return answers.page(
        "confirm_password",
        facts,
        refused=refused,
        can_ask=can_ask,
        held=acting.hold is not None,
        label=acting.account.label,
    )


def _ask_for_code(acting: Acting, target: str, refused: RefusedError | None) -> Response:
    full = value("full") == "1"
    method, others = stepping_up.methods(app_state().ports, acting, value("method"), full=full)
    if method is None:
        return answers.go(url_for("twofactor.overview"))
    facts = {"method": method.name, "next": target}
    return answers.page("step_up", facts, refused=refused, asked=method, others=others, full=full)


def _check_password(acting: Acting) -> RefusedError | None:
    state, password = app_state(), PasswordForm.read().password.data
    checker, user = state.callbacks.password_checker, who.user()
    if not password:
        return RefusedError("password_missing")
    try:
        right = checker is not None and user is not None and checker(user, password) is True
    except Exception:
        log.exception("password_checker failed; the password counts as wrong")
        return RefusedError("unavailable")
    if not right:
        return RefusedError("wrong_password")
    stepping_up.note_password(state.ports, acting)
    if acting.hold is None and acting.proof is None:
        keys.write_mark(Mark(acting.user_key, acting.epoch, state.ports.clock()))
    return None
