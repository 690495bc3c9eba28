"""The guards every request to our blueprint passes before any view.

They stand in for an app-wide `CSRFProtect`, whose plain refusal would lose what was typed: it
is told to leave our pages to us, and what it would ask, the Referer over HTTPS, is asked here.
"""

from __future__ import annotations

from flask import Flask, current_app, request
from flask_wtf.csrf import CSRFProtect, same_origin, validate_csrf
from wtforms.validators import ValidationError

from flask_twofactor.core.errors import RefusedError

from .forms import is_too_long, sent
from .session import CSRF
from .state import NAME

CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
HEADER = "X-CSRFToken"


def stand_in(app: Flask) -> None:
    """Exempt our pages from the app-wide `CSRFProtect`, if there is one by now."""
    protect = app.extensions.get("csrf")
    if isinstance(protect, CSRFProtect):
        protect.exempt(app.blueprints[NAME])


def fault() -> RefusedError | None:
    """Say what is wrong with a changing request, before anything of it is looked at."""
    if request.method not in CHANGES:
        return None
    if is_too_long():
        return RefusedError("too_long")
    if not _csrf_is_off() and not _csrf_is_right():
        return RefusedError("csrf")
    return None


def _csrf_is_off() -> bool:
    return current_app.testing and not current_app.config.get("WTF_CSRF_ENABLED", True)


def _csrf_is_right() -> bool:
    token = request.headers.get(HEADER) if request.is_json else None
    try:
        validate_csrf(token or sent().get(CSRF), token_key=CSRF)
    except ValidationError:
        return False
    return not _wants_referer() or same_origin(request.referrer or "", request.host_url)


def _wants_referer() -> bool:
    # Only an app-wide CSRFProtect gives this setting a value.
    return request.is_secure and bool(current_app.config.get("WTF_CSRF_SSL_STRICT"))
