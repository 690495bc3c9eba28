"""Where Flask-Login is hooked: load guard, login, log-out, final check, release.

A held login is absent from Flask-Login's state, never present under a flag. Four places see
to that: every load of a user passes `_load`; a login is turned into a hold by `_on_login`;
each request that comes with a session is vetted by `_enter` before any of the host's code;
and `_finish` looks once more before the session is saved, whatever happened in between.
This is the only room that knows Flask-Login.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from typing import Any

from flask import Flask, Response, current_app, g, request, session
from flask.globals import _cv_app, _cv_request
from flask_login import LoginManager, current_user, login_url, login_user, logout_user
from flask_login.config import SESSION_KEYS
from flask_login.signals import user_logged_in, user_logged_out

from flask_twofactor.core.errors import ConfigurationError, TwoFactorError
from flask_twofactor.core.records import Mark, Source
from flask_twofactor.flows import logging_in

from . import courtesy, holding, people
from . import session as keys
from .state import ATTRIBUTE, AppState, PendingHold, User, Visit, app_state, visit

log = logging.getLogger("flask_twofactor")

LOGIN = frozenset(SESSION_KEYS)
NOT_THE_HOSTS = LOGIN | keys.OURS | {keys.CSRF}
SUPPORTED = ((0, 6, 3), (0, 7))
GUARDED = "_twofactor_guarded"


def install(app: Flask, state: AppState) -> None:
    """Hook one app. What the host sets up later is found at the first request."""
    app.preprocess_request = partial(  # type: ignore[method-assign]
        _enter, app, state, app.preprocess_request
    )
    user_logged_in.connect(_on_login, sender=app, weak=False)
    user_logged_out.connect(_on_logout, sender=app, weak=False)
    manager = getattr(app, "login_manager", None)
    if manager is not None:
        _guard(manager)


def make_ready(app: Flask, state: AppState) -> None:
    """Check that every hook is where it must be; ConfigurationError refuses every request."""
    manager: LoginManager | None = getattr(app, "login_manager", None)
    faults = _faults(app, manager)
    if manager is None or faults:
        raise ConfigurationError(*faults)
    _guard(manager)
    _take_last_place(app)
    folders = [name for name, one in app.blueprints.items() if one.has_static_folder]
    state.statics = frozenset(["static", *(f"{name}.static" for name in folders)])
    state.manager = manager


def is_held() -> bool:
    """Say whether this request's login is held: the password was right, nobody is logged in."""
    if keys.HOLD in session:
        return True
    now = visit()
    if now.pending is None and session.get("_user_id") != now.vetted:
        _on_login(current_app, current_user)
    return now.pending is not None


def release(released: logging_in.Released) -> User | None:
    """Finish the held login: give the session its keys back and log the user in.

    None if the user is gone, inactive, or no longer the same; then nobody is logged in.
    """
    now, kept = visit(), released.kept
    _renew_session_id()
    for key in NOT_THE_HOSTS:
        session.pop(key, None)
    g.pop(keys.CSRF, None)
    keys.give_back(kept.session, kept.removed)
    user = now.releasing = _reload(kept.login_id, released.user_key)
    duration = None if kept.remember_seconds is None else timedelta(seconds=kept.remember_seconds)
    session[keys.PROOF] = released.token
    if user is None or not login_user(user, kept.remember, duration, fresh=kept.fresh):
        _strip(keys.OURS)
        now.ends_proof = released.token
        return None
    now.vetted = session["_user_id"]
    return user


def adopt_proof(token: str) -> None:
    """Give this session its new proof, after a change that ended the others."""
    session.pop(keys.MARK, None)
    session.pop(keys.CSRF, None)
    g.pop(keys.CSRF, None)
    session[keys.PROOF] = token
    now = visit()
    now.rotates, now.standing = False, None


def signed_in() -> User | None:
    """Give the user of a vetted, session-based sign-in, or None."""
    user = people.unwrap(current_user)
    if not _is_somebody(user) or visit().source not in {"session", "remember"}:
        return None
    return user


def setup_user() -> User | None:
    """Give the user who is held until they set up; only prerequisite pages may see them."""
    held = holding.setup_hold()
    if held is None or held.kept is None:
        return None
    return _reload(held.kept.login_id, held.user_key)


def sign_out() -> None:
    """Log the person out of the host, as the host's own log-out would."""
    logout_user()


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


# -- the four places -----------------------------------------------------------------------


def _enter(app: Flask, state: AppState, original: Callable[[], Any]) -> Any:
    # This runs on every page: proxies are left out because each costs several calls.
    context: Any = _cv_request.get()
    moved = state.manager is not getattr(app, "login_manager", None)
    if state.manager is None or moved or app.after_request_funcs[None][0] is not _finish:
        make_ready(app, state)
    if ATTRIBUTE not in context.request.__dict__:
        # An app context may outlive a request, and with it the user of that request.
        _cv_app.get().g.__dict__.pop("_login_user", None)
    if "_user_id" in keys.raw(context) and request.endpoint not in state.statics:
        now = visit()
        now.unloadable = True
        app.login_manager._load_user()  # type: ignore[attr-defined] # noqa: SLF001
        now.unloadable = False
        if now.failed:
            return courtesy.unavailable()
    return original()


def _load(manager: LoginManager, original: Callable[[], None]) -> None:
    if "twofactor" not in current_app.extensions:
        original()
    elif keys.HOLD in session:
        _load_held(manager)
    else:
        _load_vetted(manager, original)


def _on_login(_app: Flask, user: User, **_: object) -> None:
    now, user = visit(), people.unwrap(user)
    if now.releasing is not None and user is now.releasing:
        now.vetted = session.get("_user_id")
        return
    if now.pending is not None and "_user_id" not in session:
        return  # is_held() was asked before this signal came here
    try:
        _decide_login(now, user)
    except Exception:
        log.exception("a login could not be checked; nobody is logged in")
        now.failed = True
        _strip(LOGIN | keys.OURS)


def _on_logout(_app: Flask, **_: object) -> None:
    now = visit()
    now.pending = now.vetted = None
    now.ends_hold = session.pop(keys.HOLD, None) or now.ends_hold
    now.ends_proof = session.pop(keys.PROOF, None) or now.ends_proof
    _strip(keys.OURS)


def _finish(response: Response) -> Response:
    context: Any = _cv_request.get()
    opened = keys.raw(context)
    if ATTRIBUTE in context.request.__dict__ or "_user_id" in opened or keys.HOLD in opened:
        response = _conclude(response)
    if _may_be_remembered(keys.raw(context)):
        manager = current_app.login_manager  # type: ignore[attr-defined]
        response = manager._update_remember_cookie(response)  # noqa: SLF001
    if ATTRIBUTE in context.request.__dict__ and visit().leaves_session:
        keys.leave_cookie_alone(current_app)
    return response


# -- at the load ---------------------------------------------------------------------------


def _load_held(manager: LoginManager) -> None:
    user = None
    if request.endpoint in app_state().prerequisite_endpoints:
        try:
            user = setup_user()
        except Exception:
            log.exception("a held visit could not be checked; nobody is let in")
            visit().failed = True
    manager._update_request_context_with_user(user)  # noqa: SLF001


def _load_vetted(manager: LoginManager, original: Callable[[], None]) -> None:
    before = session.get("_user_id")
    original()
    user = people.unwrap(g._login_user)  # noqa: SLF001
    if not _is_somebody(user):
        if before is not None or "_user_id" in session:
            _drop_login()
        return
    now = visit()
    try:
        allowed = _vet(now, user, _source(before, user))
    except Exception:
        log.exception("a visit could not be checked; nobody is let in")
        allowed, now.failed = False, True
    if not allowed:
        manager._update_request_context_with_user()  # noqa: SLF001


def _drop_login() -> None:
    # The user is gone, or Flask-Login's own protection of the session turned them away.
    if keys.OURS.isdisjoint(session):
        return
    now = visit()
    now.ends_proof = session.get(keys.PROOF) or now.ends_proof
    _strip((LOGIN | keys.OURS) - {"_remember"})


def _source(before: object, user: User) -> Source:
    stored = session.get("_user_id")
    if stored is None or stored != user.get_id():
        return "request"
    return "session" if before == stored else "remember"


def _vet(now: Visit, user: User, source: Source) -> bool:
    state = app_state()
    policy = state.callbacks.request_loader_policy
    if source == "request" and policy is not None and policy(_request()):
        return True
    if source == "remember":
        _strip({keys.PROOF, keys.MARK})
    key, mark = people.user_key(user), keys.read_mark()
    now.source, now.mark = source, mark
    required, token = people.is_required(state, user), session.get(keys.PROOF)
    if source == "session":
        verdict, standing = logging_in.admit(state.ports, key, token, mark, required=required)
    else:
        verdict, standing = logging_in.decide(state.ports, key, token, required=required)
    now.standing = standing
    if verdict in {"enter", "mark"}:
        if source == "remember":
            now.mark = Mark(key, standing.epoch, 0)
            keys.write_mark(now.mark)
        now.vetted = session.get("_user_id") if source != "request" else None
        return True
    if verdict == "log_out":
        holding.sign_out_for_good()
    elif source != "request":
        now.pending = _pending(user, standing, verdict, source)
        now.pending.fresh = source == "session" and bool(session.get("_fresh"))
        now.pending.aside = keys.take_all(NOT_THE_HOSTS) if source == "session" else {}
        _strip(LOGIN | keys.OURS)
    return False


# -- at a login ----------------------------------------------------------------------------


def _decide_login(now: Visit, user: User) -> None:
    state, token = app_state(), session.get(keys.PROOF)
    key, required = people.user_key(user), people.is_required(state, user)
    verdict, standing = logging_in.decide(state.ports, key, token, required=required)
    now.standing, now.source, now.pending = standing, "session", None
    now.ends_hold = session.pop(keys.HOLD, None) or now.ends_hold
    if verdict == "enter":
        now.rotates, now.vetted = True, session["_user_id"]
        return
    now.ends_proof = session.pop(keys.PROOF, None) or now.ends_proof
    session.pop(keys.SETUP, None)
    if verdict == "mark":
        now.mark = Mark(key, standing.epoch, state.ports.clock())
        keys.write_mark(now.mark)
        now.vetted = session["_user_id"]
        return
    now.pending = _pending(user, standing, verdict, "login")
    now.pending.remember = session.get("_remember") == "set"
    now.pending.remember_seconds = session.get("_remember_seconds")
    now.pending.fresh = bool(session.get("_fresh", True))
    now.vetted = None
    _strip(LOGIN | keys.OURS)


def _pending(user: User, standing: Any, verdict: Any, source: Source) -> PendingHold:
    return PendingHold(
        user_key=standing.user_key,
        login_id=str(user.get_id()),
        label=people.label(user),
        standing=standing,
        verdict=verdict,
        source=source,
    )


# -- at the end of a request ---------------------------------------------------------------


def _conclude(response: Response) -> Response:
    now = visit()
    try:
        _vet_the_unvetted(now)
        if not now.failed:
            response = holding.conclude(now, response, NOT_THE_HOSTS) or response
            return _courtesy_at_login_page(now, response)
    except Exception:
        log.exception("a request could not be concluded; nobody is let in")
    _become_nobody()
    keys.leave_as_it_came(current_app, _request())
    return courtesy.unavailable()


def _vet_the_unvetted(now: Visit) -> None:
    stored = session.get("_user_id")
    if stored is None or now.vetted == stored or now.failed:
        return
    came = keys.as_it_came(current_app, _request())
    untouched = came.get("_user_id") == stored and not now.pending
    if untouched and (now.unloadable or request.endpoint in app_state().statics):
        return
    user = _user_of(stored)
    if user is None:
        _strip(LOGIN | keys.OURS)
    elif untouched and came.get(keys.MARK) == session.get(keys.MARK):
        _vet(now, user, "session")
    else:
        _decide_login(now, user)
    if now.vetted != session.get("_user_id") or now.vetted is None:
        _become_nobody()


def _courtesy_at_login_page(now: Visit, response: Response) -> Response:
    if now.pending is not None:
        _become_nobody()
    if keys.HOLD not in session or request.method not in {"GET", "HEAD"}:
        return response
    if _is_allowed_while_held() or not _is_login_view():
        return response
    return courtesy.ask_for_factor(holding.purpose_of_session())


def _unauthorized(original: Callable[[], Any]) -> Any:
    if "twofactor" not in current_app.extensions or _is_allowed_while_held():
        return original()
    now = visit()
    if now.pending is not None and now.pending.source != "login":
        return courtesy.ask_for_factor(now.pending.verdict)
    if keys.HOLD not in session:
        return original()
    try:
        return courtesy.ask_for_factor(holding.purpose_of_session())
    except TwoFactorError:
        log.exception("a hold could not be read; nobody is let in")
        now.failed = True
        return courtesy.unavailable()


def _may_be_remembered(opened: Any) -> bool:
    # Static files load nobody: a session that ended elsewhere must not get a cookie there.
    return "_user_id" not in opened or visit().vetted == opened["_user_id"]


# -- small things --------------------------------------------------------------------------


def _guard(manager: LoginManager) -> None:
    if getattr(manager, GUARDED, False):
        return
    setattr(manager, GUARDED, True)
    manager._load_user = partial(_load, manager, manager._load_user)  # noqa: SLF001
    manager.unauthorized = partial(_unauthorized, manager.unauthorized)


def _take_last_place(app: Flask) -> None:
    # A login manager that was replaced has left its hook behind; `_finish` calls the right one.
    funcs = app.after_request_funcs.setdefault(None, [])
    name = LoginManager._update_remember_cookie.__name__  # noqa: SLF001
    theirs = [func for func in funcs if getattr(func, "__name__", "") == name]
    funcs[:] = [func for func in funcs if func not in {*theirs, _finish}]
    funcs.insert(0, _finish)


def _faults(app: Flask, manager: LoginManager | None) -> list[str]:
    faults = []
    if manager is None:
        faults.append("There is no LoginManager on this app. Call LoginManager().init_app(app).")
    found = tuple(int(part) for part in version("flask-login").split(".")[:3] if part.isdigit())
    if not SUPPORTED[0] <= found < SUPPORTED[1]:
        faults.append("Flask-Login is not supported. Install flask-login>=0.6.3,<0.7.")
    if "security" in app.extensions:
        faults.append("Flask-Security has a second factor of its own. Use one of the two.")
    return faults


def _strip(names: Any) -> None:
    for name in names:
        session.pop(name, None)


def _become_nobody() -> None:
    current_app.login_manager._update_request_context_with_user()  # type: ignore[attr-defined] # noqa: SLF001


def _is_somebody(user: User) -> bool:
    return bool(user.is_authenticated) and user.get_id() is not None


def _user_of(stored: str) -> User | None:
    loaded = people.unwrap(g.get("_login_user"))
    if loaded is not None and _is_somebody(loaded) and loaded.get_id() == stored:
        return loaded
    callback = current_app.login_manager._user_callback  # type: ignore[attr-defined] # noqa: SLF001
    user = callback(stored) if callback is not None else None
    return user if user is not None and _is_somebody(user) else None


def _reload(login_id: str, user_key: str) -> User | None:
    callback = current_app.login_manager._user_callback  # type: ignore[attr-defined] # noqa: SLF001
    user = callback(login_id) if callback is not None else None
    return user if user is not None and people.user_key(user) == user_key else None


def _renew_session_id() -> None:
    renew = getattr(current_app.session_interface, "regenerate", None)
    if renew is not None:
        renew(session)


def _login_view(manager: LoginManager) -> str | None:
    blueprint = request.blueprint
    view: str | None = manager.blueprint_login_views.get(blueprint, manager.login_view)
    return view


def _is_login_view() -> bool:
    view = _login_view(current_app.login_manager)  # type: ignore[attr-defined]
    if view is None:
        return False
    return view in {request.endpoint, request.path}


def _is_allowed_while_held() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return bool(getattr(view, holding.ALLOWED, False))


def _request() -> Any:
    return request._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001
