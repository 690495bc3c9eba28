"""Where Flask-Login is hooked: load guard, login, log-out, final check, release.

A held login is absent from Flask-Login's state, never present under a flag. Four places see
to that: every load of a user passes `load_guard.load`; a login is turned into a hold by
`login.on_login`; each request that comes with a session is vetted by `enter` before any of
the host's code; and `final_check.finish` looks once more before the session is saved, whatever
happened in between. This is the only room that knows Flask-Login.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import Any

from flask import Flask, request
from flask.globals import _cv_app, _cv_request
from flask_login import LoginManager
from flask_login.signals import user_logged_in, user_logged_out

from flask_twofactor.core.errors import ConfigurationError
from flask_twofactor.web import courtesy, security
from flask_twofactor.web import session as keys
from flask_twofactor.web.state import AppState, app_state, visit

from .entering import answer, released_to
from .final_check import finish, held_for, unauthorized
from .host import (
    clear_remember,
    is_login_view,
    login_page,
    login_page_for,
    sign_out,
    to_login,
)
from .load_guard import load, present, setup_user, signed_in
from .login import adopt_proof, enter_as, is_held, on_login, on_logout, release

__all__ = [
    "adopt_proof",
    "answer",
    "clear_remember",
    "enter",
    "enter_as",
    "finish",
    "held_for",
    "install",
    "is_held",
    "is_login_view",
    "login_page",
    "login_page_for",
    "make_ready",
    "present",
    "release",
    "released_to",
    "setup_user",
    "sign_out",
    "signed_in",
    "to_login",
    "wiring_faults",
]

SUPPORTED = ((0, 6, 3), (0, 7))
GUARDED = "_twofactor_guarded"


def install(app: Flask, state: AppState) -> None:
    """Hook one app. What the host sets up later is found at the first request."""
    app.preprocess_request = partial(  # type: ignore[method-assign]
        enter, app, state, app.preprocess_request
    )
    user_logged_in.connect(on_login, sender=app, weak=False)
    user_logged_out.connect(on_logout, sender=app, weak=False)
    manager = getattr(app, "login_manager", None)
    if manager is not None:
        _guard(manager)


def make_ready(app: Flask, state: AppState) -> None:
    """Check that every hook is where it must be; ConfigurationError refuses every request."""
    manager: LoginManager | None = getattr(app, "login_manager", None)
    faults = wiring_faults(app, manager)
    if manager is None or faults:
        raise ConfigurationError(*faults)
    _guard(manager)
    _take_last_place(app)
    security.stand_in(app)
    folders = [name for name, one in app.blueprints.items() if one.has_static_folder]
    state.statics = frozenset(["static", *(f"{name}.static" for name in folders)])
    state.manager = manager


def enter(app: Flask, state: AppState, original: Callable[[], Any]) -> Any:
    """Begin a request: whoever has a session is vetted before any of the host's code."""
    # This runs on every page: proxies are left out because each costs several calls.
    context: Any = _cv_request.get()
    if (
        not state.manager
        or state.manager is not app.login_manager  # type: ignore[attr-defined]
        or app.after_request_funcs[None][0] is not finish
    ):
        make_ready(app, state)
    known = _cv_app.get().g.__dict__
    if "_login_user" in known:
        # An app context may outlive a request, and with it the user of that request.
        del known["_login_user"]
    opened = keys.raw(context)
    if keys.PROOF in opened or keys.HOLD in opened:
        now = visit()
        now.came_with_proof, now.came_with_hold = opened.get(keys.PROOF), opened.get(keys.HOLD)
    if "_user_id" in opened and request.endpoint not in state.statics:
        now = visit()
        now.unloadable = True
        app.login_manager._load_user()  # type: ignore[attr-defined] # noqa: SLF001
        now.unloadable = False
        if now.failed:
            return courtesy.unavailable()
    return original()


def _guard(manager: LoginManager) -> None:
    if getattr(manager, GUARDED, False):
        return
    setattr(manager, GUARDED, True)
    manager._load_user = partial(load, manager, manager._load_user)  # noqa: SLF001
    manager.unauthorized = partial(unauthorized, manager.unauthorized)


def _take_last_place(app: Flask) -> None:
    # A login manager that was replaced has left its hook behind; `_finish` calls the right one.
    funcs = app.after_request_funcs.setdefault(None, [])
    name = LoginManager._update_remember_cookie.__name__  # noqa: SLF001
    theirs = [func for func in funcs if getattr(func, "__name__", "") == name]
    funcs[:] = [func for func in funcs if func not in {*theirs, finish}]
    funcs.insert(0, finish)


def wiring_faults(app: Flask, manager: LoginManager | None) -> list[str]:
    """Name what the extension cannot work with, each with its remedy."""
    faults = []
    if manager is None:
        faults.append("There is no LoginManager on this app. Call LoginManager().init_app(app).")
    found = tuple(int(part) for part in version("flask-login").split(".")[:3] if part.isdigit())
    if not SUPPORTED[0] <= found < SUPPORTED[1]:
        faults.append("Flask-Login is not supported. Install flask-login>=0.6.3,<0.7.")
    if manager is not None and manager.id_attribute != "get_id":
        faults.append(
            "LoginManager.id_attribute names another method. Remove it, and let the user's "
            "get_id() give what that method gives."
        )
    landing = app_state(app).settings.after_login
    if landing is not None and not landing.startswith("/") and landing not in app.view_functions:
        faults.append(
            f"TWOFACTOR_AFTER_LOGIN: this app has no endpoint {landing!r}. "
            "Name an endpoint, or a path like /account."
        )
    if "security" in app.extensions:
        faults.append("Flask-Security has a second factor of its own. Use one of the two.")
    return faults
