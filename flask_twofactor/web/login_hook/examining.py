"""What of the host and Flask-Login keeps the hook from its work, or comes before it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from flask import Flask, request_started
from flask_login import LoginManager

from flask_twofactor.web import login_hook
from flask_twofactor.web.findings import Check, Finding, fault, warning
from flask_twofactor.web.state import AppState

OURS = "flask_twofactor"


def login_manager(app: Flask, _state: AppState) -> Iterator[Finding]:
    """Name what would refuse every request: no or another Flask-Login, or Flask-Security."""
    manager: LoginManager | None = getattr(app, "login_manager", None)
    for found in login_hook.wiring_faults(app, manager):
        what, _, remedy = found.partition(". ")
        yield fault("login_manager", f"{what}.", remedy)


def hook(app: Flask, _state: AppState) -> Iterator[Finding]:
    """See that the start of a request is still ours."""
    entry = app.preprocess_request
    if not (isinstance(entry, partial) and entry.func is login_hook.enter):
        yield warning(
            "replaced_hook",
            "app.preprocess_request was replaced after TwoFactor was set up: what it does first "
            "runs before anybody is vetted.",
            "Replace it before TwoFactor(app).",
        )


def early_code(app: Flask, _state: AppState) -> Iterator[Finding]:
    """Name the host's code that runs before anybody is vetted."""
    receivers = request_started.receivers_for(app) if request_started.receivers else ()
    names = sorted({_name(one) for one in receivers if not _name(one).startswith(OURS)})
    if names:
        yield warning(
            "early_code",
            f"Receivers of request_started run before anybody is vetted: {', '.join(names)}.",
            "`current_user` is safe in them; session keys are not: read those in before_request.",
        )


def _name(receiver: object) -> str:
    module = getattr(receiver, "__module__", "?")
    return f"{module}.{getattr(receiver, '__qualname__', type(receiver).__name__)}"


CHECKS: tuple[Check, ...] = (login_manager, hook, early_code)
