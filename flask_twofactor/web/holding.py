"""Turning a login into a hold at the end of its request, and what follows while it is held."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

from flask import Response, current_app, flash, request, session, url_for

from flask_twofactor.core.errors import HoldGoneError
from flask_twofactor.core.records import Hold, Kept
from flask_twofactor.core.rules import NOTHING_ASKED, Belonging
from flask_twofactor.flows import admitting, ending, logging_in, members
from flask_twofactor.flows.acting import has_ended

from . import courtesy, people, redirects, tenancy
from . import session as keys
from .i18n import gettext
from .state import PendingHold, User, Visit, app_state, this_request, visit

ALLOWED = "_twofactor_allowed_while_held"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
log = logging.getLogger("flask_twofactor")


def conclude(now: Visit, response: Response, keep_out: Collection[str]) -> Response | None:
    """Write what this request decided, after the view; give another response if one is due."""
    ports = app_state().ports
    _note_what_ended(now)
    if now.arrives is not None:
        _see(now, now.arrives)
    if now.pending is not None:
        return _hold(now, now.pending, response, keep_out)
    if now.rotates and now.standing is not None and now.standing.proof is not None:
        session[keys.PROOF] = logging_in.rotate(ports, now.standing.proof)
    elif now.ends_hold is not None or now.ends_proof is not None:
        ending.end(
            ports,
            hold_token=now.ends_hold,
            proof_token=now.ends_proof,
            by_log_out=not now.outlived,
        )
    elif now.lost_race and _has_ended(now):
        now.leaves_session = True
    elif now.vetted is not None and now.standing is not None:
        proof = now.standing.proof
        if proof is not None and now.releasing is None and admitting.needs_touch(ports, proof):
            admitting.touch(ports, proof)
    return None


def _note_what_ended(now: Visit) -> None:
    # A host may also log out, or let in another, by clearing the session.
    proof, hold = now.came_with_proof, now.came_with_hold
    if proof is not None and ("_user_id" not in session or session.get(keys.PROOF) != proof):
        now.rotates, now.ends_proof = False, now.ends_proof or proof
        if session.get(keys.PROOF) == proof:
            del session[keys.PROOF]
    if hold is not None and session.get(keys.HOLD) != hold:
        now.ends_hold = now.ends_hold or hold


def _has_ended(now: Visit) -> bool:
    # Of a double click the first request may have given this browser a new session.
    ports = app_state().ports
    if keys.HOLD not in session:
        return now.standing is not None and has_ended(ports, now.standing)
    try:
        logging_in.look_up(ports, session[keys.HOLD])
    except HoldGoneError as gone:
        return gone.released
    return False


def purpose_of_session() -> str | None:
    """Give what the session's hold asks for, or None if this browser is not held.

    A hold that ended leads to the challenge, which says so. One that was released asks for
    nothing: if the answer that released it was lost, the person has to sign in again.
    """
    if keys.HOLD not in session:
        return None
    try:
        held, _ = logging_in.look_up(app_state().ports, session[keys.HOLD])
    except HoldGoneError as gone:
        return None if gone.released else "challenge"
    return held.purpose


def setup_hold() -> Hold | None:
    """Give the session's hold if it asks for a setup and still stands."""
    if keys.HOLD not in session:
        return None
    try:
        held, _ = logging_in.look_up(app_state().ports, session[keys.HOLD])
    except HoldGoneError:
        return None
    return held if held.purpose == "setup" else None


def is_held_for(user_key: str) -> bool:
    """Say whether the session's hold stands, and is this user's."""
    if keys.HOLD not in session:
        return False
    try:
        held, _ = logging_in.look_up(app_state().ports, session[keys.HOLD])
    except HoldGoneError:
        return False
    return held.user_key == user_key


def note_where() -> None:
    """Note where the held person belongs, for the audit rows of this request."""
    if app_state().callbacks.tenant_loader is None or keys.HOLD not in session:
        return
    held, _ = logging_in.look_up(app_state().ports, session[keys.HOLD])
    if held.kept is not None:
        tenancy.note_tenants(held.user_key, held.kept.belonging.tenants)


def sign_out_for_good() -> None:
    """Empty a session whose login ended elsewhere, and say why on the next page.

    A POST to a page of ours may be the second of a double click, whose first gave this browser
    a new session: then the browser's cookie is left as it is.
    """
    visit().leaves_session = request.method == "POST" and request.blueprint == "twofactor"
    visit().outlived = True
    session.clear()
    flash(gettext("You were signed out because your security settings changed or time ran out."))


def login_address(view: str | None) -> str:
    """Give the address of a login view named by endpoint or path."""
    if view is None:
        return redirects.landing()
    return view if view.startswith(("/", "http://", "https://")) else url_for(view)


def _see(now: Visit, user: User) -> None:
    asked = now.standing.requirement if now.standing is not None else NOTHING_ASKED
    excused = asked.excused if now.source == "session" and not asked.is_required else ()
    known = now.standing is not None and now.standing.protected
    key = people.user_key(user)
    members.note(app_state().ports, key, tenancy.listed(user), excused=() if known else excused)


def _hold(
    now: Visit, pending: PendingHold, response: Response, keep_out: Collection[str]
) -> Response | None:
    answered = pending.source == "login" or pending.entered
    if answered:
        pending.aside = _put_aside(keep_out)
    try:
        kept = _kept(pending, response)
    except keys.UnkeepableError as error:
        log.exception("the session key %r cannot be kept while a login is held", error.key)
        ending.end(app_state().ports, hold_token=now.ends_hold, proof_token=now.ends_proof)
        return courtesy.unkeepable() if answered else None
    purpose = "setup" if pending.verdict == "setup" else "challenge"
    session[keys.HOLD] = logging_in.hold(
        app_state().ports,
        pending.standing,
        kept,
        purpose,  # type: ignore[arg-type]
        password_at=_password_at(now, pending),
        replaces=now.ends_hold,
        ends_proof=now.ends_proof,
    )
    return courtesy.ask_for_factor(purpose) if answered else None


def _put_aside(keep_out: Collection[str]) -> dict[str, Any]:
    original = keys.as_it_came(current_app, this_request())
    if keys.is_the_open_one(original):
        return keys.take_all(keep_out)
    aside = keys.put_aside(original, keep_out)
    if "_user_id" in original:
        aside = keys.take_all(keep_out) | aside
    return aside


def _kept(pending: PendingHold, response: Response) -> Kept:
    there = {key: value for key, value in pending.aside.items() if value is not None}
    return Kept(
        login_id=pending.login_id,
        label=pending.label,
        next=_next(pending, response),
        session=keys.serialise(there),
        removed=tuple(key for key, value in pending.aside.items() if value is None),
        remember=pending.remember,
        remember_seconds=pending.remember_seconds,
        fresh=pending.fresh,
        belonging=pending.belonging or Belonging(),
    )


def _next(pending: PendingHold, response: Response) -> str:
    if pending.source != "login":
        return redirects.here()
    target = response.headers.get("Location") if response.status_code in REDIRECTS else None
    return redirects.safe_path(target) or redirects.landing()


def _password_at(now: Visit, pending: PendingHold) -> float | None:
    if pending.source == "login":
        return app_state().ports.clock()
    return now.mark.password_at if pending.source == "session" and now.mark is not None else None
