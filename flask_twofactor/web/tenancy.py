"""Where a person belongs, as the host says it: each callback runs once a request, and fails shut."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from flask.globals import _cv_app, _cv_request

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.members import Seen
from flask_twofactor.core.rules import SITE, Belonging, Requirement
from flask_twofactor.flows.requiring import NOWHERE, Belongs

from . import people
from .state import User, app_state, visit

LONGEST_NAME = 255
NOBODY = object()
LOADED = "_login_user"
LEARNED = "_twofactor_tenants"
log = logging.getLogger("flask_twofactor")


def belongs(user: User) -> Belongs:
    """Say where a user belongs; roles are asked for only if a rule names some."""
    state = app_state()
    if state.callbacks.tenant_loader is None and state.ports.floor.mode != "roles":
        return NOWHERE
    return Belongs(tenants(user), lambda: roles(user))


def belonging(user: User) -> Belonging:
    """Give where a user belongs as a hold keeps it."""
    found = belongs(user)
    return Belonging() if found is NOWHERE else Belonging(found.tenants, found.find_roles())


def tenants(user: User) -> tuple[str, ...] | None:
    """Give the user's tenants, sorted; None if the host could not tell."""
    return _asked("tenant_loader", user)


def roles(user: User) -> tuple[str, ...] | None:
    """Give the user's roles, sorted; None if the host could not tell."""
    return _asked("role_loader", user)


def administered(user: User) -> tuple[str, ...]:
    """Give the tenants that a user administers; RefusedError if the host could not tell."""
    found = _asked("tenant_admin_loader", user)
    if found is None:
        raise RefusedError("not_allowed")
    return found


def listed(user: User) -> list[Seen]:
    """Give the user as each of their tenants lists them; None is what the host could not tell."""
    where = tenants(user) or ()
    key, label, has = people.user_key(user), people.label(user), roles(user)
    return [Seen(tenant, key, label, has, runs(user, tenant)) for tenant in where]


def runs(user: User, tenant: str) -> bool | None:
    """Say whether a user administers a tenant; None if the host could not tell."""
    found = _asked("tenant_admin_loader", user)
    return None if found is None else tenant in found


def known_tenants(user_key: str) -> tuple[str, ...]:
    """Give the tenants that this request learned of a person; nothing is asked of the host."""
    if _cv_request.get(None) is None:
        learned = _cv_app.get().g.__dict__.get(LEARNED, {}) if _cv_app.get(None) else {}
        return learned.get(user_key) or ()
    now = visit()
    pending = now.pending
    if pending is not None and pending.user_key == user_key and pending.belonging is not None:
        return pending.belonging.tenants or ()
    return now.asked.get(("tenant_loader", user_key)) or ()


def note_tenants(user_key: str, found: tuple[str, ...] | None) -> None:
    """Note what is known of a held person's tenants, for the pages and the audit."""
    now = visit()
    now.about_key = user_key
    now.asked.setdefault(("tenant_loader", user_key), found)


def name(tenant: str) -> str:
    """Give a tenant's name as people know it: the host's, else its id; the site's is the issuer."""
    if tenant == SITE:
        return people.issuer()
    callback = app_state().callbacks.tenant_name
    try:
        found = callback(tenant) if callback is not None else None
    except Exception:
        log.exception("tenant_name failed; the tenant's id is shown")
        found = None
    return str(found)[:LONGEST_NAME] if found else tenant


def names(asking: Iterable[str]) -> str:
    """Give the names of those who ask, as one text."""
    return ", ".join(name(tenant) for tenant in asking)


def facts(asked: Requirement) -> dict[str, Any]:
    """Give what is required of a person, by whom and by when, as JSON clients read it."""
    return {
        "required": asked.is_required,
        "required_by": list(asked.asks),
        "by": None if asked.by is None else int(asked.by),
        "excused": bool(asked.excused),
    }


def current() -> tuple[str, ...]:
    """Give the tenants of whoever this request is about, signed in or held; none of strangers."""
    now = visit()
    key = now.standing.user_key if now.standing is not None else now.about_key
    return known_tenants(key) if key else ()


def _asked(which: str, user: User) -> tuple[str, ...] | None:
    callback = getattr(app_state().callbacks, which)
    if callback is None:
        return ()
    user = people.unwrap(user)
    if _cv_request.get(None) is None:
        found = _ask(callback, which, user)
        if which == "tenant_loader":
            _cv_app.get().g.__dict__.setdefault(LEARNED, {})[people.user_key(user)] = found
        return found
    memory, place = visit().asked, (which, people.user_key(user))
    if place not in memory:
        memory[place] = _ask(callback, which, user)
    return memory[place]


def _ask(callback: Callable[[User], Any], which: str, user: User) -> tuple[str, ...] | None:
    try:
        with _as_current(user):
            return _tidy(callback(user))
    except Exception:
        log.exception("%s failed; the strictest answer is taken", which)
        return None


@contextmanager
def _as_current(user: User) -> Iterator[None]:
    # Callbacks may look at current_user, who is nobody yet while a login is held.
    kept = _cv_app.get().g.__dict__
    before = kept.get(LOADED, NOBODY)
    kept[LOADED] = user
    try:
        yield
    finally:
        if before is NOBODY:
            kept.pop(LOADED, None)
        else:
            kept[LOADED] = before


def _tidy(found: Any) -> tuple[str, ...]:
    if found is None:
        return ()
    several = found if isinstance(found, list | tuple | set | frozenset) else [found]
    return tuple(sorted({_one(each) for each in several}))


def _one(found: Any) -> str:
    text = str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
    if not text or len(text) > LONGEST_NAME or "\x00" in text:
        message = "a tenant or role must be a text or number, of at most 255 characters"
        raise TypeError(message)
    return text
