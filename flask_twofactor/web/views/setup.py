"""The pages that make an authenticator: choose, scan, confirm, save the codes."""

from __future__ import annotations

import math
from typing import Any

from flask import Response, current_app, request, session, url_for

from flask_twofactor.core.errors import HoldGoneError, RefusedError
from flask_twofactor.core.rules import SITE
from flask_twofactor.flows import logging_in, setting_up, setting_up_places
from flask_twofactor.flows.acting import Acting
from flask_twofactor.flows.logging_in import Released
from flask_twofactor.web import (
    answers,
    cookies,
    delivering,
    login_hook,
    notes,
    redirects,
    tenancy,
    who,
)
from flask_twofactor.web import session as keys
from flask_twofactor.web.forms import CodeForm, PlaceForm, sent, text, value
from flask_twofactor.web.i18n import gettext
from flask_twofactor.web.qr import svg
from flask_twofactor.web.state import app_state, this_request, visit

PLACE_ERRORS = frozenset(
    {
        "country_refused",
        "phone_extension",
        "phone_invalid",
        "phone_landline",
        "phone_missing",
        "phone_not_mobile",
        "phone_refused",
        "phone_same",
    }
)


def setup_index(refused: RefusedError | None = None) -> Response:
    """Say what two-factor authentication is and offer the methods."""
    acting = who.acting()
    if acting is None:
        return who.turn_away()
    if acting.free and (on := _let_go(acting)) is not None:
        return on
    methods = setting_up.choices(app_state().ports, acting.terms)
    facts = {
        "methods": [method.name for method in methods],
        **tenancy.facts(acting.requirement),
        "required": acting.required,
    }
    return answers.page(
        "setup_index",
        facts,
        refused=refused,
        methods=methods,
        protected=who.is_protected(),
        asked_by=tenancy.names(acting.requirement.asks or (SITE,)),
        held=acting.hold is not None,
        next=_next(),
    )


def setup(method: str, refused: RefusedError | None = None) -> Response:
    """Show what to scan, or take the first code."""
    acting = who.acting()
    if acting is None:
        return _second_click() or who.turn_away()
    if (elsewhere := who.to_prerequisite()) is not None:
        return elsewhere
    try:
        if request.method == "POST" and refused is None:
            return _name_place(acting, method) if "phone" in sent() else _confirm(acting, method)
        return _show(acting, method, refused)
    except HoldGoneError:
        return _second_click() or who.turn_away()
    except RefusedError as error:
        overtaken = error.code in {"setup_expired", "changed_meanwhile"}
        return (_second_click() if overtaken else None) or _refuse(acting, method, error)


def _let_go(acting: Acting) -> Response | None:
    """Go on with a login that was held by a rule which asks no more; None if it cannot."""
    if acting.hold is None or acting.hold.kept is None:
        return None
    try:
        user = login_hook.release(logging_in.let_go(app_state().ports, acting.hold))
    except HoldGoneError:
        return who.turn_away()
    if user is None:
        return answers.page("refused", refused=RefusedError("signed_out"))
    return login_hook.released_to(user, answers.go(acting.hold.kept.next))


def _second_click() -> Response | None:
    """Answer the second POST of a double click; None if it is none.

    The first one confirmed the setup, and its answer brought the codes and a new session. The
    browser shows this answer instead, so it says what is true by then, and leaves the cookie.
    """
    if request.method != "POST":
        return None
    came = keys.as_it_came(current_app, this_request())
    if not setting_up.was_finished(app_state().ports, came.get(keys.SETUP)):
        return None
    visit().leaves_session = True
    return answers.page("continue", {"ok": True, "next": redirects.landing()}, set_up=True)


def _refuse(acting: Acting, method: str, error: RefusedError) -> Response:
    if error.code in answers.NEEDS:
        page = url_for("twofactor.setup", method=method, next=_next())
        return answers.ask_first(error, redirects.here_or(page))
    if error.code in {"unknown_method", "too_many", "changed_meanwhile"}:
        return setup_index(error)
    try:
        return _show(acting, method, error)
    except RefusedError as since:  # something ran out, or was changed, between the two looks
        return _refuse(acting, method, since)


def _show(acting: Acting, method: str, refused: RefusedError | None) -> Response:
    begun = setting_up.begin(app_state().ports, acting, method, session.get(keys.SETUP))
    session[keys.SETUP] = begun.token
    if begun.method.needs_delivery:
        return _show_place(acting, begun, refused)
    shown, form = begun.step.shown, CodeForm.read()
    uri = shown.get("uri")
    facts = {"method": method, **shown}
    return answers.page(
        "setup",
        facts,
        refused=refused,
        asked=begun.method,
        qr=svg(uri, gettext("QR code")) if uri else None,
        typed_name=text(form.name.data),
        label=acting.account.label,
        held=acting.hold is not None,
        **_progress(acting, begun, at=3 if refused else 1),
        **_setup_code(acting, refused),
    )


def _progress(acting: Acting, begun: setting_up.Begun, at: int) -> dict[str, Any]:
    """Say how far a setup has come, and in how many minutes it ends."""
    ends = begun.expires_at
    if acting.hold is not None:
        ends = min(ends, acting.hold.expires_at)
    left = (ends - app_state().ports.clock()) / 60
    return {"at": at, "minutes": max(1, math.ceil(left)), "protected": who.is_protected()}


def _setup_code(acting: Acting, refused: RefusedError | None) -> dict[str, bool]:
    return {
        "takes_setup_code": setting_up.takes_setup_code(app_state().ports, acting),
        "setup_code_refused": refused is not None and refused.code == "wrong_setup_code",
    }


def _show_place(acting: Acting, begun: setting_up.Begun, refused: RefusedError | None) -> Response:
    facts = {
        "method": begun.method.name,
        "countries": list(app_state().ports.send_limits.countries),
        **delivering.facts(begun.method, begun.step, begun.sent),
    }
    at_place = refused is not None and refused.code in PLACE_ERRORS
    return answers.page(
        "setup_place",
        facts | {"to": None if at_place else facts["to"]},
        refused=refused,
        asked=begun.method,
        place=delivering.form(begun.method, _typed_place()),
        held=acting.hold is not None,
        next=_next(),
        **_progress(acting, begun, at=2 if facts["to"] and not at_place else 1),
        **_setup_code(acting, refused),
    )


def _name_place(acting: Acting, method: str) -> Response:
    ports, token = app_state().ports, session.get(keys.SETUP)
    begun = setting_up_places.begin_at(ports, acting, method, token, _typed_place())
    session[keys.SETUP] = begun.token
    errand = setting_up_places.errand(ports, acting, method, begun.token)
    told = delivering.send(begun.method, errand)
    page = url_for("twofactor.setup", method=method, next=_next())
    return answers.go(page, **told)


def _typed_place() -> dict[str, str]:
    form = PlaceForm.read()
    return {"country": text(form.country.data).upper(), "phone": text(form.phone.data)}


def _confirm(acting: Acting, method: str) -> Response:
    form = CodeForm.read()
    done = setting_up.confirm(
        app_state().ports,
        acting,
        method,
        session.get(keys.SETUP),
        text(form.code.data),
        text(form.name.data),
        cookies.references("known"),
        setup_code=text(form.setup_code.data),
    )
    visit().browser = done.browser
    session.pop(keys.SETUP, None)
    if done.replaced is not None:
        delivering.tell_changed(done.replaced, acting.user_key)
    if acting.hold is None or done.kept is None:
        login_hook.adopt_proof(done.token)
        return _done(acting, done, method, redirects.wanted(url_for("twofactor.overview")))
    user = login_hook.release(Released(done.token, acting.user_key, done.kept))
    if user is None:
        return answers.page("refused", refused=RefusedError("signed_out"))
    return login_hook.released_to(user, _done(acting, done, method, done.kept.next))


def _done(acting: Acting, done: setting_up.Finished, method: str, target: str) -> Response:
    codes = list(done.codes)
    facts = {"ok": True, "next": target, "codes": codes, notes.OTHERS_ENDED: True}
    changed = app_state().ports.method(done.replaced.method) if done.replaced else None
    confirmed = app_state().ports.method(method)
    return answers.codes_page(
        "codes",
        facts,
        acting.account.label,
        first=done.first,
        alike=done.alike,
        changed=changed,
        steps=confirmed.setup_steps if confirmed else (),
    )


def _next() -> str | None:
    return redirects.safe_path(value("next"))
