"""What a login decided and could not write before its view was done: password, device."""

from __future__ import annotations

from dataclasses import replace

from flask import session

from flask_twofactor.core.records import Mark
from flask_twofactor.flows import remembered, sessions, trusting
from flask_twofactor.web import agents, cookies, login_form
from flask_twofactor.web import session as keys
from flask_twofactor.web.state import PendingHold, Visit, app_state

from .host import LOGIN, renew_session_id, strip


def look(now: Visit, pending: PendingHold) -> bool:
    """Say whether this browser's trusted device passes a login that would be held.

    The device is only read here; its value is taken when the request ends, by `settle`. Where
    its successor could not be sent, the login is held: the challenge looks at the device.
    """
    if pending.verdict != "challenge" or now.hands_on:
        return False
    device = trusting.look(app_state().ports, pending.standing, cookies.presented())
    if device is not None and device.good and login_form.typed_code(now):
        return False  # a code that was typed is looked at, and used up
    pending.device = device
    if device is None or not device.good:
        return False
    strip(keys.OURS)
    now.trusting, now.vetted = pending, session["_user_id"]
    return True


def settle(now: Visit) -> None:
    """Write what the password step learned, and finish or hold the login of a trusted device."""
    _settle_password(now)
    pending = now.trusting or now.pending
    if pending is None or pending.device is None:
        return
    ports, origin, shown = app_state().ports, agents.origin(), pending.device.shown
    if now.trusting is None:
        remembered.refuse(ports, pending.standing, shown, origin)
        return
    now.trusting = None
    entered = remembered.enter(
        ports,
        pending.standing,
        shown,
        origin,
        password_at=ports.clock() if pending.source == "login" else None,
        ends_hold=now.ends_hold,
        ends_proof=now.ends_proof,
    )
    if entered is None:
        # It ended since it was looked at: nobody stays, and the page of this login is not shown.
        now.pending, now.vetted, pending.entered = pending, None, True
        strip(LOGIN | keys.OURS)
        return
    renew_session_id()
    session[keys.PROOF] = entered.token
    now.given = entered.device
    if now.came_with_proof == now.ends_proof:
        now.came_with_proof = None
    now.came_with_hold = now.ends_hold = now.ends_proof = None


def _settle_password(now: Visit) -> None:
    fingerprint, standing = now.fingerprint, now.standing
    if fingerprint is None or standing is None:
        return
    epoch = sessions.settle_password(app_state().ports, standing, fingerprint)
    if epoch == standing.epoch:
        return
    if now.pending is not None:
        now.pending.standing = replace(now.pending.standing, epoch=epoch)
    elif keys.MARK in session and now.mark is not None:
        now.mark = Mark(now.mark.user_key, epoch, now.mark.password_at)
        keys.write_mark(now.mark)
