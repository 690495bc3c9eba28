"""A login becomes a hold, a mark or a proof; a hold that was answered becomes a login."""

from __future__ import annotations

import logging
from datetime import timedelta

from flask import Flask, current_app, g, request, session
from flask_login import current_user, login_user

from flask_twofactor.core.records import Mark
from flask_twofactor.flows import admitting, logging_in
from flask_twofactor.web import cookies, holding, people, signals, tenancy
from flask_twofactor.web import session as keys
from flask_twofactor.web.state import (
    ATTRIBUTE,
    NAME,
    AppState,
    User,
    Visit,
    app_state,
    this_request,
    visit,
)

from . import passing
from .host import (
    LOGIN,
    NOT_THE_HOSTS,
    become_nobody,
    came_with,
    is_somebody,
    reload_user,
    renew_session_id,
    strip,
)
from .load_guard import pending_hold

log = logging.getLogger("flask_twofactor")


def is_held() -> bool:
    """Say whether this request's login is held: the password was right, nobody is logged in."""
    if keys.HOLD in session:
        return True
    seen = ATTRIBUTE in this_request().__dict__
    if "_user_id" not in session:
        return seen and visit().pending is not None
    if not seen and came_with(session["_user_id"]):
        g.pop("_login_user", None)  # of an outer context: this request has vetted nobody yet
    user = people.unwrap(current_user)  # loads, and so vets, who came with the request
    now, stored = visit(), session.get("_user_id")
    if now.pending is None and stored not in {None, now.vetted} and is_somebody(user):
        # Who is there and unvetted has just logged in, seen by a receiver before ours.
        on_login(current_app, user)
    return now.pending is not None


def on_login(_app: Flask, user: User, **_: object) -> None:
    """Receive `user_logged_in`: decide, and strip the session if the login is held."""
    now, user = visit(), people.unwrap(user)
    if now.releasing is not None and user is now.releasing:
        now.vetted = session.get("_user_id")
        return
    if now.pending is not None and "_user_id" not in session:
        return  # is_held() was asked before this signal came here
    try:
        if _goes_on(user):
            strip(LOGIN)
            become_nobody()
        else:
            decide_login(now, user)
    except Exception as error:
        log.exception("a login could not be checked; nobody is logged in: %s", error)  # noqa: TRY401
        signals.guard_failed("login")
        now.failed = True
        strip(LOGIN | keys.OURS)


def _goes_on(user: User) -> bool:
    # Single sign-on may log the same person in at each request, at the challenge too.
    return request.blueprint == NAME and holding.is_held_for(people.user_key(user))


def on_logout(_app: Flask, **_: object) -> None:
    """Receive `user_logged_out`: the hold and the proof end with it."""
    now = visit()
    now.pending = now.trusting = now.vetted = now.standing = now.mark = now.releasing = None
    now.rotates = False
    now.ends_hold = session.pop(keys.HOLD, None) or now.ends_hold
    now.ends_proof = session.pop(keys.PROOF, None) or now.ends_proof
    strip(keys.OURS)


def decide_login(now: Visit, user: User) -> None:
    """Decide what this login leads to. One statement."""
    state, token = app_state(), session.get(keys.PROOF)
    key, belongs = people.user_key(user), tenancy.belongs(user)
    fingerprint = people.fingerprint(user)
    verdict, standing = admitting.decide(
        state.ports,
        key,
        token,
        belongs=belongs,
        shown=cookies.presented(),
        fingerprint=fingerprint,
    )
    now.arrives = user if belongs.tenants is not None and _has_tenants(state) else None
    now.standing, now.source, now.pending, now.trusting = standing, "session", None, None
    now.fingerprint = fingerprint if standing.fingerprint in {"unknown", "changed"} else None
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
    pending = pending_hold(user, standing, verdict, "login")
    pending.remember = session.get("_remember") == "set"
    pending.remember_seconds = session.get("_remember_seconds")
    pending.fresh = bool(session.get("_fresh", True))
    if not passing.look(now, pending):
        now.pending, now.vetted = pending, None
        strip(LOGIN | keys.OURS)
        session[keys.PENDING] = True  # gone at the end if the host clears the session


def _has_tenants(state: AppState) -> bool:
    return state.callbacks.tenant_loader is not None


def release(released: logging_in.Released) -> User | None:
    """Finish the held login: give the session its keys back and log the user in.

    None if the user is gone, inactive, or no longer the same; then nobody is logged in.
    """
    now, kept = visit(), released.kept
    now.came_with_hold = now.pending = None  # it was used up
    renew_session_id()
    for key in NOT_THE_HOSTS:
        session.pop(key, None)
    g.pop(keys.CSRF, None)
    keys.give_back(kept.session, kept.removed)
    user = now.releasing = reload_user(kept.login_id, released.user_key)
    duration = None if kept.remember_seconds is None else timedelta(seconds=kept.remember_seconds)
    if released.mark is None:
        session[keys.PROOF] = released.token
    else:
        keys.write_mark(released.mark)
    if user is None or not login_user(user, kept.remember, duration, fresh=kept.fresh):
        strip(keys.OURS)
        now.ends_proof = released.token
        return None
    now.vetted = session["_user_id"]
    return user


def enter_as(user: User, token: str) -> bool:
    """Log somebody in under a proof that was made for it; False if they may not log in."""
    now = visit()
    now.ends_proof = session.get(keys.PROOF) or now.ends_proof
    renew_session_id()
    strip(LOGIN | keys.OURS | {keys.CSRF})
    g.pop(keys.CSRF, None)
    now.releasing, now.rotates, now.standing, now.pending = user, False, None, None
    session[keys.PROOF] = token
    if login_user(user):
        now.vetted = session["_user_id"]
        return True
    strip(keys.OURS)
    return False


def adopt_proof(token: str) -> None:
    """Give this session its new proof, after a change that ended the others."""
    session.pop(keys.MARK, None)
    session.pop(keys.CSRF, None)
    g.pop(keys.CSRF, None)
    session[keys.PROOF] = token
    now = visit()
    if now.standing is not None:  # this answer is still about the same person
        now.about_key = now.standing.user_key
    now.rotates, now.standing, now.came_with_proof = False, None, None
