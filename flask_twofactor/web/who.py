"""Who is acting on this page: signed in and vetted, or held until they set up."""

from __future__ import annotations

import logging
from dataclasses import replace

from flask import Response, has_request_context, jsonify, make_response, redirect, request, session

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.records import Mark, Status
from flask_twofactor.flows import changing, requiring
from flask_twofactor.flows.acting import Acting

from . import agents, answers, courtesy, holding, login_hook, naming, people, tenancy
from . import session as keys
from .state import User, app_state, visit

log = logging.getLogger("flask_twofactor")


def acting() -> Acting | None:
    """Give who acts, with what they showed lately; None for strangers and for held people."""
    if keys.HOLD in session:
        return _held_until_setup()
    user = login_hook.signed_in()
    standing = visit().standing
    if user is None or standing is None or visit().pending is not None:
        return None
    proof, mark = standing.proof, visit().mark
    times = [at for at in (proof and proof.password_at, mark and mark.password_at) if at]
    return Acting(
        account=people.account(user),
        epoch=standing.epoch,
        required=standing.requirement.is_required,
        password_at=max(times, default=None),
        proof=proof,
        origin=agents.origin(),
        requirement=standing.requirement,
        terms=standing.terms,
        allowed=standing.allowed,
    )


def is_protected() -> bool:
    """Say whether who was let in on this request has a second factor; no statement."""
    standing = visit().standing
    return standing is not None and standing.protected


def user() -> User | None:
    """Give the host's object of who acts."""
    return login_hook.setup_user() if keys.HOLD in session else login_hook.signed_in()


def status(user: User) -> Status:
    """Give what the host may know of a user, with names as people read them."""
    state, key = app_state(), people.user_key(user)
    found = changing.status(state.ports, key, tenancy.belongs(user))
    return replace(
        found,
        authenticators=tuple(map(naming.named, found.authenticators)),
        trusted=is_trusted_only(user),
    )


def turn_away() -> Response:
    """Answer somebody who may not act here: to the challenge, to login, or say what happened."""
    if (purpose := holding.purpose_of_session()) is not None:
        return courtesy.ask_for_factor(purpose)
    if courtesy.wants_json() or request.method == "POST":
        visit().leaves_session = request.method == "POST"  # maybe a double click's second
        login = login_hook.login_page()
        return answers.page("signed_out", refused=RefusedError("signed_out"), login_url=login)
    return make_response(login_hook.to_login())


def to_prerequisite() -> Response | None:
    """Lead to the page the host wants visited before setup, if it names one.

    A page that is named again after this session was led to it is explained instead: two pages
    that lead to one another would never end.
    """
    callback = app_state().callbacks.setup_prerequisite
    try:
        target = callback(user()) if callback is not None else None
    except Exception:
        log.exception("setup_prerequisite failed; nothing can be set up")
        return courtesy.unavailable()
    if not target:
        session.pop(keys.LED, None)
        return None
    if courtesy.wants_json():
        answer = {"error": "prerequisite_required", "prerequisite_url": target}
        return make_response(jsonify(answer), 403)
    if session.get(keys.LED) == target:
        held = keys.HOLD in session
        return answers.page("prerequisite", {}, target=target, held=held)
    session[keys.LED] = target
    return make_response(redirect(target, 303))


def end_sessions(user: User, why: str) -> None:
    """End a user's sessions and holds; the one that asks for itself goes on."""
    ports, key = app_state().ports, people.user_key(user)
    someone = acting() if has_request_context() else None
    own = someone if someone is not None and someone.user_key == key else None
    if has_request_context() and visit().trusting is not None:
        own = None
    password = people.fingerprint(user) if why == "password_changed" else None
    kept = changing.end_sessions(ports, key, why=why, keep=own, fingerprint=password)
    if own is None:
        _keep_the_login_of_this_request(key, kept.epoch)
        return
    if kept.token:
        login_hook.adopt_proof(kept.token)
    elif own.hold is None and own.proof is None:
        keys.write_mark(Mark(key, kept.epoch, own.password_at or 0))


def sign_out_everywhere(user: User) -> None:
    """End all of a user's sessions; if this request is the user's, its session too."""
    key = people.user_key(user)
    changing.end_sessions(app_state().ports, key, why="signed_out_everywhere")
    someone = login_hook.signed_in() if has_request_context() else None
    if someone is not None and people.user_key(someone) == key:
        login_hook.sign_out()
        login_hook.clear_remember()


def _keep_the_login_of_this_request(key: str, epoch: int) -> None:
    # A page that sets a new password often logs in as well: that hold is of after the change.
    now = visit() if has_request_context() else None
    pending = now and (now.pending or now.trusting)
    if pending and pending.user_key == key:
        pending.standing = replace(pending.standing, epoch=epoch)


def _held_until_setup() -> Acting | None:
    held = holding.setup_hold()
    if held is None or held.kept is None:
        return None
    tenancy.note_tenants(held.user_key, held.kept.belonging.tenants)
    standing = requiring.look_held(app_state().ports, held)
    return Acting(
        account=people.account_of(held.user_key, held.kept.label),
        epoch=held.epoch,
        required=True,
        password_at=held.password_at,
        hold=held,
        origin=agents.origin(),
        requirement=standing.requirement,
        terms=standing.terms,
        free=not (standing.requirement.is_required or standing.protected),
    )


def is_trusted_only(of: User | None = None) -> bool:
    """Say whether this request's sign-in passed by a trusted device, and by nothing more.

    With a user: whether it is this user's. False outside a request.
    """
    if not has_request_context() or login_hook.signed_in() is None:
        return False
    now = visit()
    standing = now.trusting.standing if now.trusting is not None else now.standing
    if standing is None or (of is not None and people.user_key(of) != standing.user_key):
        return False
    proof = standing.proof
    return now.trusting is not None or (proof is not None and proof.is_trusted_only)
