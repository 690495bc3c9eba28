"""The load guard: every load of a user passes here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from flask import request, session
from flask.globals import _cv_app, _cv_request
from flask_login import LoginManager, current_user

from flask_twofactor.core.policy import Verdict
from flask_twofactor.core.records import Mark, Source, Standing
from flask_twofactor.flows import admitting, members
from flask_twofactor.web import cookies, holding, people, signals, tenancy
from flask_twofactor.web import session as keys
from flask_twofactor.web.state import PendingHold, User, Visit, app_state, this_request, visit

from . import passing
from .host import (
    LOGIN,
    NOT_THE_HOSTS,
    is_somebody,
    reload_user,
    strip,
    user_of,
)

log = logging.getLogger("flask_twofactor")


def load(manager: LoginManager, original: Callable[[], None]) -> None:
    """Stand in for the login manager's own load of a user."""
    # A stranger's page comes here too, where each call counts: no proxies, no helpers.
    context: Any = _cv_request.get()
    opened = keys.raw(context)
    if "twofactor" not in context.app.extensions:
        original()
        return
    if keys.HOLD in opened:
        _load_held(manager)
        return
    before = opened["_user_id"] if "_user_id" in opened else None  # noqa: SIM401
    original()
    user = _cv_app.get().g._login_user  # noqa: SLF001
    if user.is_authenticated and user.get_id() is not None:
        _let_in_vetted(manager, user, before)
    elif before is not None or "_user_id" in opened:
        _drop_login()


def _load_held(manager: LoginManager) -> None:
    session.accessed = True
    user = None
    if request.endpoint in app_state().prerequisite_endpoints:
        try:
            user = setup_user()
        except Exception:
            log.exception("a held visit could not be checked; nobody is let in")
            signals.guard_failed("held_visit")
            visit().failed = True
    manager._update_request_context_with_user(user)  # noqa: SLF001


def _let_in_vetted(manager: LoginManager, loaded: User, before: object) -> None:
    now, user = visit(), people.unwrap(loaded)
    try:
        allowed = vet(now, user, _source(before, user))
    except Exception:
        log.exception("a visit could not be checked; nobody is let in")
        signals.guard_failed("visit")
        allowed, now.failed = False, True
    if not allowed:
        manager._update_request_context_with_user()  # noqa: SLF001


def setup_user() -> User | None:
    """Give the user who is held until they set up; only prerequisite pages may see them."""
    held = holding.setup_hold()
    if held is None or held.kept is None:
        return None
    return reload_user(held.kept.login_id, held.user_key)


def present() -> User | None:
    """Give the user that this request may see, however they came in, or None."""
    user = people.unwrap(current_user)
    return user if is_somebody(user) else None


def signed_in() -> User | None:
    """Give the user of a vetted, session-based sign-in, or None."""
    user = present()
    return user if visit().source in {"session", "remember"} else None


def _drop_login() -> None:
    # The user is gone, or Flask-Login's own protection of the session turned them away.
    if keys.OURS.isdisjoint(session):
        return
    now = visit()
    now.ends_proof = session.get(keys.PROOF) or now.ends_proof
    strip((LOGIN | keys.OURS) - {"_remember"})


def _source(before: object, user: User) -> Source:
    stored = session.get("_user_id")
    if stored is None:
        return "request"
    if stored != user.get_id() and user_of(stored) is None:
        return "request"  # beside the session of somebody who is gone
    return "session" if before == stored else "remember"


def vet(now: Visit, user: User, source: Source) -> bool:
    """Say whether this user may enter now, and note why."""
    if source == "request" and _is_exempt():
        return True
    if source == "remember":
        strip({keys.PROOF, keys.MARK})
    verdict, standing = _decide(now, user, source)
    if verdict in {"enter", "mark"}:
        if source == "remember":
            now.mark = Mark(standing.user_key, standing.epoch, 0)
            keys.write_mark(now.mark)
        now.vetted = session.get("_user_id") if source != "request" else None
        return True
    if verdict == "log_out":
        holding.sign_out_for_good()
    elif source != "request":
        pending = pending_hold(user, standing, verdict, source)
        pending.fresh = source == "session" and bool(session.get("_fresh"))
        if source == "remember" and passing.look(now, pending):
            return True
        now.pending = pending
        pending.aside = keys.take_all(NOT_THE_HOSTS) if source == "session" else {}
        strip(LOGIN | keys.OURS)
    return False


def _is_exempt() -> bool:
    # An id in the session, though it be another, means that a user loader may have given the user.
    policy = app_state().callbacks.request_loader_policy
    return policy is not None and "_user_id" not in session and policy(this_request())


def _decide(now: Visit, user: User, source: Source) -> tuple[Verdict, Standing]:
    state, token = app_state(), session.get(keys.PROOF)
    key, belongs = people.user_key(user), tenancy.belongs(user)
    fingerprint = people.fingerprint(user)
    now.source, now.mark = source, keys.read_mark()
    if source == "session":
        verdict, standing = admitting.admit(
            state.ports, key, token, now.mark, belongs=belongs, fingerprint=fingerprint
        )
    else:
        shown = cookies.presented() if source == "remember" else ()
        verdict, standing = admitting.decide(
            state.ports, key, token, belongs=belongs, shown=shown, fingerprint=fingerprint
        )
    now.standing = standing
    now.fingerprint = fingerprint if standing.fingerprint in {"unknown", "changed"} else None
    if standing.places and members.is_new_somewhere(standing, belongs.find_roles()):
        now.arrives = user
    return verdict, standing


def pending_hold(user: User, standing: Any, verdict: Any, source: Source) -> PendingHold:
    """Note a login that will be held when the request ends."""
    return PendingHold(
        user_key=standing.user_key,
        login_id=str(user.get_id()),
        label=people.label(user),
        standing=standing,
        verdict=verdict,
        source=source,
        belonging=tenancy.belonging(user),
    )
