"""What of Flask-Login and the host the hook reads and does: small things, each one call."""

from __future__ import annotations

from typing import Any

from flask import current_app, g, request, session
from flask_login import LoginManager, login_url, logout_user
from flask_login.config import SESSION_KEYS

from flask_twofactor.web import holding, people
from flask_twofactor.web import session as keys
from flask_twofactor.web.state import User, this_request

LOGIN = frozenset(SESSION_KEYS)
NOT_THE_HOSTS = LOGIN | keys.OURS | {keys.CSRF}


def strip(names: Any) -> None:
    """Take names out of the session."""
    for name in names:
        session.pop(name, None)


def become_nobody() -> None:
    """Make `current_user` anonymous for the rest of this request."""
    current_app.login_manager._update_request_context_with_user()  # type: ignore[attr-defined] # noqa: SLF001


def is_somebody(user: User) -> bool:
    """Say whether this is a user who is signed in, not an anonymous one."""
    return bool(user.is_authenticated) and user.get_id() is not None


def user_of(stored: str) -> User | None:
    """Give the user of a session's user id, or None."""
    loaded = people.unwrap(g.get("_login_user"))
    if loaded is not None and is_somebody(loaded) and loaded.get_id() == stored:
        return loaded
    callback = current_app.login_manager._user_callback  # type: ignore[attr-defined] # noqa: SLF001
    user = callback(stored) if callback is not None else None
    return user if user is not None and is_somebody(user) else None


def reload_user(login_id: str, user_key: str) -> User | None:
    """Load a user anew by login id; None unless it is the one of this key."""
    callback = current_app.login_manager._user_callback  # type: ignore[attr-defined] # noqa: SLF001
    user = callback(login_id) if callback is not None else None
    return user if user is not None and people.user_key(user) == user_key else None


def _login_view(manager: LoginManager) -> str | None:
    blueprint = request.blueprint
    view: str | None = manager.blueprint_login_views.get(blueprint, manager.login_view)
    return view


def is_login_view() -> bool:
    """Say whether this request is for the host's login page."""
    view = _login_view(current_app.login_manager)  # type: ignore[attr-defined]
    if view is None:
        return False
    return view in {request.endpoint, request.path}


def is_allowed_while_held() -> bool:
    """Say whether the view of this request is never redirected."""
    view = current_app.view_functions.get(request.endpoint or "")
    return bool(getattr(view, holding.ALLOWED, False))


def came_with(stored: object) -> bool:
    """Say whether the session came with this user id, so that it is no login of this request."""
    came = keys.as_it_came(current_app, this_request())
    return bool(came.get("_user_id") == stored)


def sign_out() -> None:
    """Log the person out of the host, as the host's own log-out would."""
    logout_user()


def renew_session_id() -> None:
    """Give a session that the server keeps another id, where its interface can."""
    renew = getattr(current_app.session_interface, "regenerate", None)
    if renew is not None:
        renew(session)


def clear_remember() -> None:
    """See that the host's remember-me cookie is deleted with this answer."""
    session["_remember"] = "clear"


def to_login() -> Any:
    """Answer a stranger as the host does."""
    return current_app.login_manager.unauthorized()  # type: ignore[attr-defined]


def login_page_for(target: str) -> str:
    """Give the address of the host's login page, which leads to a target afterwards."""
    return str(login_url(login_page(), target))


def login_page() -> str:
    """Give the address of the host's login page, or of its landing page."""
    manager = current_app.login_manager  # type: ignore[attr-defined]
    view = _login_view(manager)
    return holding.login_address(view)
