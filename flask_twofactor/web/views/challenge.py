"""The pages of a held login: challenge, lost device, cancel."""

from __future__ import annotations

import math
from typing import Any

from flask import Response, make_response, redirect, request, session, url_for

from flask_twofactor.core.errors import HoldGoneError, RefusedError
from flask_twofactor.flows import answering, logging_in, remembered
from flask_twofactor.web import (
    agents,
    answers,
    cookies,
    courtesy,
    delivering,
    forms,
    login_hook,
    notes,
    redirects,
    tenancy,
)
from flask_twofactor.web import session as keys
from flask_twofactor.web.forms import CodeForm, text, value
from flask_twofactor.web.state import app_state, visit

REMEMBER = "remember_device"


def challenge(refused: RefusedError | None = None) -> Response:
    """Ask a held person for a code, or take it."""
    if keys.HOLD not in session:
        return _without_hold()
    try:
        if request.method == "POST" and refused is None:
            return _answer_or_ask()
        if request.method == "GET" and (entered := _enter_by_device()) is not None:
            return entered
        return _ask(refused)
    except HoldGoneError as over:
        return gone(over)


def lost_device(refused: RefusedError | None = None) -> Response:
    """Say what a person can do who has no phone at hand."""
    others: list[Any] = []
    if keys.HOLD in session:
        try:
            asked = _look()
        except HoldGoneError as over:
            return gone(over)
        if asked.hold.purpose == "setup":
            return courtesy.ask_for_factor("setup")
        others = [*([asked.method] if asked.method else []), *asked.others]
    others = [method for method in others if method.fallback_only]
    return answers.page("lost_device", {"held": keys.HOLD in session}, refused=refused, ways=others)


def _ask(refused: RefusedError | None) -> Response:
    wanted = value("method")
    if refused is None and (left := notes.take_refusal()) is not None:
        refused, wanted = left
    asked = _look(wanted)
    if asked.hold.purpose == "setup":
        return courtesy.ask_for_factor("setup")
    if asked.method is None:
        return make_response(redirect(url_for("twofactor.lost_device")))
    kept = asked.hold.kept
    facts = {
        "method": asked.method.name,
        "methods": [asked.method.name, *(other.name for other in asked.others)],
        "expires_at": int(asked.hold.expires_at),
        "trusted_device_days": _days(asked),
        **delivering.facts(asked.method, asked.step, asked.sent),
    }
    return answers.page(
        "challenge",
        facts,
        refused=refused,
        asked=asked.method,
        others=asked.others,
        missing=delivering.missing([asked.method, *asked.others], asked.terms),
        step=asked.step.shown,
        label=kept.label if kept else "",
        minutes=_minutes_left(asked.hold.expires_at),
        ticked=_is_ticked(),
        fits=answering.other_kind(asked.method, asked.others, text(CodeForm.read().code.data)),
    )


def _look(wanted: str | None = None) -> logging_in.Challenge:
    asked = logging_in.challenge(app_state().ports, session.get(keys.HOLD), wanted)
    if (kept := asked.hold.kept) is not None:
        tenancy.note_tenants(asked.hold.user_key, kept.belonging.tenants)
    return asked


def _is_ticked() -> bool:
    # Of this page's own form, else of the login page.
    return forms.ticked(REMEMBER) if "code" in forms.sent() else keys.TICKED in session


def _days(asked: logging_in.Challenge) -> int:
    """Give for how many days this browser can be remembered; 0 hides the box."""
    if asked.method is None or asked.method.fallback_only:
        return 0
    return (asked.terms or app_state().ports.site_terms).trusted_device_days


def _enter_by_device() -> Response | None:
    # A login that came from another site brought no Lax cookie: this request has it.
    shown, hold = cookies.presented(), session.get(keys.HOLD)
    passed = remembered.release(app_state().ports, hold, shown, agents.origin()) if shown else None
    if passed is None:
        return None
    released, visit().given = passed
    user = login_hook.release(released)
    if user is None:
        return answers.page("refused", refused=RefusedError("signed_out"))
    return login_hook.released_to(user, answers.go(released.kept.next))


def _minutes_left(expires_at: float) -> int:
    return max(1, math.ceil((expires_at - app_state().ports.clock()) / 60))


def _answer_or_ask() -> Response:
    try:
        return _answer()
    except RefusedError as error:
        return _ask(error)


def _answer() -> Response:
    form = CodeForm.read()
    trusts = forms.ticked(REMEMBER)
    return login_hook.answer(form.method.data, text(form.code.data), trusts=trusts)


def gone(over: HoldGoneError) -> Response:
    """Say that the hold of this session was released, or ended."""
    if over.released:
        visit().leaves_session = True
        return answers.page("continue", {"ok": True, "next": redirects.landing()}, set_up=False)
    session.pop(keys.HOLD, None)
    login_hook.clear_remember()
    login = login_hook.login_page()
    return answers.page("signed_out", refused=RefusedError("hold_gone"), login_url=login)


def _without_hold() -> Response:
    if login_hook.signed_in() is not None:
        return answers.go(redirects.landing())
    if courtesy.wants_json() or request.method == "POST":
        # The first of a double click may have given this browser another server-side session.
        visit().leaves_session = request.method == "POST"
        login = login_hook.login_page()
        return answers.page("signed_out", refused=RefusedError("hold_gone"), login_url=login)
    return make_response(redirect(login_hook.login_page()))
