"""The guards every request to our blueprint passes before any view."""

from __future__ import annotations

from flask import current_app, request
from flask_wtf.csrf import validate_csrf
from wtforms.validators import ValidationError

from flask_twofactor.core.errors import RefusedError

from .forms import is_too_long, sent
from .session import CSRF

CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
HEADER = "X-CSRFToken"


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
    return True
