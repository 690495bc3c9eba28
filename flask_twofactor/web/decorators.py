"""`two_factor_required` and `step_up_required`: for views that need more than a sign-in.

`LOGIN_DISABLED` changes nothing here, and every method is asked for, OPTIONS among them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, TypeVar, cast, overload

from flask import Response, current_app, has_request_context, make_response, request, session
from werkzeug.exceptions import HTTPException

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.flows import stepping_up
from flask_twofactor.flows.acting import Acting

from . import answers, courtesy, headers, login_hook, redirects, signals, who
from . import session as keys
from .state import NAME, app_state, visit

View = TypeVar("View", bound=Callable[..., Any])
Ask = Callable[[Acting], Response | None]
LOOKS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""The methods that change nothing (RFC 9110 9.2.1); what an app makes up is a change."""

log = logging.getLogger("flask_twofactor")


class Guard:
    """Stands before a view as its decorator, or before a blueprint as its `before_request`."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    @overload
    def __call__(self, view: View) -> View: ...
    @overload
    def __call__(self) -> Any: ...
    def __call__(self, view: View | None = None) -> Any:
        """Decorate a view; without one, answer a request that may not go on."""
        if view is not None:
            return self._before(view)
        return self._before_request() if has_request_context() else self

    def _before(self, view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **values: Any) -> Any:
            refusal = self._refusal()
            return current_app.ensure_sync(view)(*args, **values) if refusal is None else refusal

        return cast("View", guarded)

    def _before_request(self) -> Response | None:
        # Where the whole app is guarded, what lets a person pass must stay within reach.
        if request.blueprint == NAME or login_hook.is_login_view() or _is_answered_by_flask():
            return None
        return self._refusal()

    def _refusal(self) -> Response | None:
        try:
            acting = who.acting()
            if acting is None or acting.hold is not None:
                return make_response(login_hook.to_login())
            return self._ask(acting)
        except RefusedError as refused:
            again = None if request.method in LOOKS else "1"
            answer = answers.ask_first(refused, redirects.form_page(), again)
            return headers.protect(answer)
        except HTTPException:
            raise
        except Exception:
            log.exception("a guarded view could not ask; nobody is let in")
            signals.guard_failed("view")
            visit().failed = True
            return courtesy.unavailable()


def _ask_for_two_factor(_acting: Acting) -> Response | None:
    if who.is_protected():
        return None
    return courtesy.ask_for_setup(redirects.form_page())


two_factor_required = Guard(_ask_for_two_factor)
"""Only people who have two-factor authentication, and passed it, reach the view.

Who has none is led to setup, and on to the page from there. JSON clients get `403
two_factor_setup_required`. Strangers and held people are answered by the login manager, users of
`request_loader` too: they have no session to ask in. Store down: 503.
"""


def step_up_required(max_age: float | None = None, action: str | None = None) -> Guard:
    """Only people who showed just now who they are reach the view (ASVS 7.5.3).

    A full second factor less than `max_age` seconds old is enough; without `max_age`, less than
    `TWOFACTOR_STEP_UP_MINUTES`. A backup code never is. With `action`, a name of your own, it is
    always asked, and is good for that action once: one look at its page and one change, within
    `TWOFACTOR_STEP_UP_MINUTES`. Who has nothing set up is asked for the password.

    A GET goes on by itself. Of any other request nothing is kept: its form is shown again. JSON
    clients get `403 step_up_required` or `password_required`, with where to go, and then ask
    again. ValueError for a `max_age` that is no positive number, or a name that is none.
    """
    if action is None:
        _check_age(max_age)
        return Guard(partial(_ask_for_freshness, max_age))
    if max_age is not None or stepping_up.action_name(action) is None:
        raise ValueError(
            "action must be a printable name of at most 64 characters, without max_age"
        )
    return Guard(partial(_ask_for_action, action))


def _check_age(max_age: object) -> None:
    if callable(max_age):
        raise TypeError("write @step_up_required(), with parentheses")
    number = isinstance(max_age, int | float) and not isinstance(max_age, bool)
    if max_age is not None and not (number and cast("float", max_age) > 0):
        raise ValueError("max_age must be a positive number of seconds")


def _ask_for_freshness(max_age: float | None, acting: Acting) -> None:
    protected = who.is_protected()
    stepping_up.ask_for_freshness(app_state().ports, acting, protected=protected, max_age=max_age)


def _ask_for_action(action: str, acting: Acting) -> None:
    stepping_up.ask_for_action(
        app_state().ports,
        acting,
        action,
        session.get(keys.STEP_UP),
        protected=who.is_protected(),
        changing=request.method not in LOOKS,
    )


def _is_answered_by_flask() -> bool:
    # A browser asks before a call from elsewhere, without cookies; no view runs.
    automatic = getattr(request.url_rule, "provide_automatic_options", False)
    return request.method == "OPTIONS" and bool(automatic)
