"""The pages that ask again inside a session: the second factor, the password."""

from __future__ import annotations

import logging
from typing import Any

from flask import Response, flash, request, session, url_for

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.records import Mark
from flask_twofactor.flows import answering, stepping_up
from flask_twofactor.flows.acting import Acting
from flask_twofactor.web import (
    answers,
    cookies,
    courtesy,
    delivering,
    login_hook,
    notes,
    redirects,
    who,
)
from flask_twofactor.web import session as keys
from flask_twofactor.web.forms import CodeForm, PasswordForm, text, value
from flask_twofactor.web.i18n import gettext
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
            token = stepping_up.answer(
                app_state().ports,
                acting,
                form.method.data,
                text(form.code.data),
                cookies.references("known"),
                full=value("full") == "1",
                action=_action(),
            )
        except RefusedError as error:
            return _ask_for_code(acting, target, error)
        return _go_on(target, token)
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
            return _sign_in_again(acting, target)
        try:
            return _go_on(target, _check_password(acting))
        except RefusedError as error:
            refused = error
    can_ask = app_state().callbacks.password_checker is not None
    facts = {"next": target}
    return answers.page(
        "confirm_password",
        facts,
        refused=refused,
        back=_back(target),
        can_ask=can_ask,
        held=acting.hold is not None,
        label=acting.account.label,
    )


def _ask_for_code(acting: Acting, target: str, refused: RefusedError | None) -> Response:
    full, ports = _is_full(), app_state().ports
    method, others = stepping_up.methods(ports, acting, value("method"), full=full)
    if method is None:
        return answers.go(url_for("twofactor.overview"))
    step, sent = stepping_up.sent(ports, acting, method)
    return answers.page(
        "step_up",
        {"method": method.name, "next": target, **delivering.facts(method, step, sent)},
        refused=refused,
        asked=method,
        others=others,
        full=full,
        kept=_kept(target),
        back=_back(target),
        add_url=redirects.to_add_one(),
        fits=answering.other_kind(method, others, text(CodeForm.read().code.data)),
    )


def step_up_page(method: object) -> str:
    """Give the address of the page that asks for a code of this method, as it was asked."""
    kept = _kept(redirects.wanted(url_for("twofactor.overview")))
    return url_for("twofactor.step_up", method=method, **kept)


def _kept(target: str) -> dict[str, Any]:
    full = "1" if _is_full() else None
    return {"next": target, "full": full, "action": _action(), "again": _again()}


def _check_password(acting: Acting) -> str | None:
    state, password = app_state(), PasswordForm.read().password.data
    checker, user = state.callbacks.password_checker, who.user()
    if not password:
        raise RefusedError("password_missing")
    try:
        right = checker is not None and user is not None and checker(user, password) is True
    except Exception as error:
        log.exception("password_checker failed; the password counts as wrong")
        raise RefusedError("unavailable") from error
    if not right:
        raise RefusedError("wrong_password")
    token = stepping_up.note_password(state.ports, acting, action=_action_by_password(acting))
    if acting.hold is None and acting.proof is None:
        keys.write_mark(Mark(acting.user_key, acting.epoch, state.ports.clock()))
    return token


def _sign_in_again(acting: Acting, target: str) -> Response:
    action = _action_by_password(acting)
    token = stepping_up.allow_after_login(app_state().ports, acting, action)
    login_hook.sign_out()
    if token is not None:
        session[keys.STEP_UP] = token
    return answers.go(login_hook.login_page_for(target))


def _go_on(target: str, token: str | None) -> Response:
    if token is not None:
        session[keys.STEP_UP] = token
    if not _again():
        return answers.go(target)
    if _is_ours(target):
        return answers.go(target, note=notes.ONCE_MORE)
    if not courtesy.wants_json():
        flash(gettext("Thank you. Please send the form once more: nothing of it was kept."))
    return answers.go(target)


def _action() -> str | None:
    return stepping_up.action_name(value("action"))


def _action_by_password(acting: Acting) -> str | None:
    # Who has a second factor shows that instead.
    return None if acting.hold is not None or who.is_protected() else _action()


def _is_full() -> bool:
    return value("full") == "1" or _action() is not None


def _again() -> str | None:
    return "1" if value("again") == "1" else None


def _back(target: str) -> str:
    return url_for("twofactor.overview") if _is_ours(target) else redirects.landing()


def _is_ours(target: str) -> bool:
    return target.startswith(url_for("twofactor.overview"))
