"""The last look at a request, before its session is saved."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, cast

from flask import Response, current_app, request, session
from flask.globals import _cv_request

from flask_twofactor.web import cookies, courtesy, holding, mailing, signals
from flask_twofactor.web import session as keys
from flask_twofactor.web.headers import protect
from flask_twofactor.web.state import ATTRIBUTE, Visit, app_state, this_request, visit

from . import beside, passing
from .host import (
    LOGIN,
    NOT_THE_HOSTS,
    become_nobody,
    is_allowed_while_held,
    is_login_view,
    strip,
    user_of,
)
from .load_guard import vet
from .login import decide_login

log = logging.getLogger("flask_twofactor")


def finish(response: Response) -> Response:
    """Stand in for the login manager's hook at the end of a request; it runs last."""
    # This runs on every page: proxies are left out because each costs several calls.
    context: Any = _cv_request.get()
    opened = keys.raw(context)
    if ATTRIBUTE in context.request.__dict__ or "_user_id" in opened or keys.HOLD in opened:
        return _finish_checked(context, response)
    return cast("Response", context.app.login_manager._update_remember_cookie(response))  # noqa: SLF001


def _finish_checked(context: Any, response: Response) -> Response:
    response = _conclude(response)
    if _may_be_remembered(keys.raw(context)):
        response = context.app.login_manager._update_remember_cookie(response)  # noqa: SLF001
    if visit().leaves_session:
        keys.leave_cookie_alone(current_app)
    if (known := visit().browser) is not None:
        cookies.add(response, "known", known.token, {known.replaces}, cookies.KNOWN_SECONDS)
    if (given := visit().given) is not None:
        cookies.trust(response, given)
    if visit().notices:
        mailing.deliver(visit().notices)
    # Again: a host's own hook may have given every page weaker headers.
    return protect(response) if visit().is_ours else response


def unauthorized(original: Callable[[], Any]) -> Any:
    """Lead a held visitor on; answer others as the host does."""
    if "twofactor" not in current_app.extensions or is_allowed_while_held():
        return original()
    try:
        purpose = held_for()
    except Exception:
        log.exception("a hold could not be read; nobody is let in")
        signals.guard_failed("hold")
        visit().failed = True
        return courtesy.unavailable()
    return original() if purpose is None else courtesy.ask_for_factor(purpose)


def held_for() -> str | None:
    """Give what this visitor is held for, `challenge` or `setup`, or None."""
    now = visit()
    if now.pending is not None and now.pending.source != "login":
        return now.pending.verdict
    return holding.purpose_of_session()


def _conclude(response: Response) -> Response:
    now = visit()
    try:
        _drop_what_was_taken_back(now)
        _vet_the_unvetted(now)
        if not now.failed:
            passing.settle(now)
            response = holding.conclude(now, response, NOT_THE_HOSTS) or response
            response = beside.answer(now) or response
            return _courtesy_at_login_page(now, response)
    except Exception:
        log.exception("a request could not be concluded; nobody is let in")
        signals.guard_failed("request")
    become_nobody()
    keys.leave_as_it_came(current_app, this_request())
    return courtesy.unavailable()


def _drop_what_was_taken_back(now: Visit) -> None:
    # A host may take a login back by clearing the session, without a log-out.
    kept = keys.raw(_cv_request.get()).pop(keys.PENDING, False)
    if now.pending is not None and now.pending.source == "login" and not kept:
        now.pending = None
        become_nobody()
    if now.trusting is not None and session.get("_user_id") != now.vetted:
        now.trusting = None
        become_nobody()


def _vet_the_unvetted(now: Visit) -> None:
    stored = session.get("_user_id")
    if stored is None or now.vetted == stored or now.failed:
        return
    came = keys.as_it_came(current_app, this_request())
    untouched = came.get("_user_id") == stored and not now.pending
    if untouched and (now.unloadable or request.endpoint in app_state().statics):
        return
    user = user_of(stored)
    if user is None:
        strip(LOGIN | keys.OURS)
    elif untouched and came.get(keys.MARK) == session.get(keys.MARK):
        vet(now, user, "session")
    else:
        decide_login(now, user)
        session.pop(keys.PENDING, None)
    if now.vetted != session.get("_user_id") or now.vetted is None:
        become_nobody()


def _courtesy_at_login_page(now: Visit, response: Response) -> Response:
    if now.pending is not None:
        become_nobody()
    if keys.HOLD not in session or request.method not in {"GET", "HEAD"}:
        return response
    if is_allowed_while_held() or not is_login_view():
        return response
    purpose = holding.purpose_of_session()
    return response if purpose is None else courtesy.ask_for_factor(purpose)


def _may_be_remembered(opened: Any) -> bool:
    # Static files load nobody: a session that ended elsewhere must not get a cookie there.
    return "_user_id" not in opened or visit().vetted == opened["_user_id"]
