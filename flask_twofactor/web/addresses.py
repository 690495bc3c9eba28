"""Whom a notice goes to: the person of a key, and their mail address."""

from __future__ import annotations

import re

from flask import g, has_request_context

from flask_twofactor.core.errors import UnknownPersonError

from . import people
from .state import User, app_state, visit

ADDRESS = re.compile(r"[^@\s,;<>\x00-\x20\x7f]+@[^@\s,;<>\x00-\x20\x7f]+")


def person(user_key: str) -> User | None:
    """Give the user of a key: who is in this request, else whom the host finds; None if nobody.

    What the host finds is believed only if its own key is the same: two kinds of users may
    have equal ids.
    """
    for user in _at_hand():
        if _is(user, user_key):
            return user
    try:
        found = people.find(user_key.partition(":")[2])
    except UnknownPersonError:
        return None
    return found if _is(found, user_key) else None


def address(user: User) -> str | None:
    """Give the user's address: `email_loader`'s, else `user.email`; None if it is none."""
    user = people.unwrap(user)
    loader = app_state().callbacks.email_loader
    found = getattr(user, "email", None) if loader is None else loader(user)
    if not isinstance(found, str) or not found.isprintable():
        return None
    return found if ADDRESS.fullmatch(found) else None


def _at_hand() -> list[User]:
    if not has_request_context():
        return []
    users = [visit().releasing, people.unwrap(g.get("_login_user"))]
    return [user for user in users if user is not None and user.is_authenticated]


def _is(user: User, user_key: str) -> bool:
    try:
        return people.user_key(user) == user_key
    except UnknownPersonError:
        return False
