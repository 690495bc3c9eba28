"""The host's users as we know them: an identity that never changes, a label, a rule."""

from __future__ import annotations

import logging

from flask import current_app, g

from flask_twofactor.core.errors import UnknownPersonError
from flask_twofactor.core.records import Account

from . import naming
from .state import User, app_state

LONGEST_KEY = 255
UNMAPPED = "@"
"""Before the name of a class that is not mapped; it sets the name apart from a table's."""
log = logging.getLogger("flask_twofactor")
INTRODUCED = "_twofactor_introduced"


def unwrap(user: User) -> User:
    """Give the object behind a proxy such as `current_user`."""
    behind = getattr(user, "_get_current_object", None)
    return behind() if behind is not None else user


def user_key(user: User) -> str:
    """Give the key of the user's rows: their kind and their identity.

    The kind is the mapped table, or for any other object the name of its class after an `@`.
    UnknownPersonError if there is no identity: such a user cannot be vetted.
    """
    user = unwrap(user)
    kind, mapped_key = app_state().identify(user) or (_class_kind(user), user.get_id())
    callback = app_state().callbacks.user_key
    found = mapped_key if callback is None else callback(user)
    if found is None or found == "":
        message = "this user has no identity yet; save it before it signs in, or set user_key"
        raise UnknownPersonError(message)
    key = f"{kind}:{found}"
    if len(key) > LONGEST_KEY or "\x00" in key:
        message = "a user key and its kind may have 255 characters in all, none of them NUL"
        raise UnknownPersonError(message)
    return key


def _class_kind(user: User) -> str:
    return UNMAPPED + type(user).__qualname__


def account(user: User) -> Account:
    """Give the user as methods see them."""
    return account_of(user_key(user), label(user))


def account_of(key: str, found: str) -> Account:
    """Give the person of a key and a label as methods see them."""
    return Account(key, naming.label(found), issuer())


def label(user: User) -> str:
    """Give the host's label of a user, else the first name-like text; empty if there is none."""
    user = unwrap(user)
    candidates = (getattr(user, name, None) for name in ("email", "username", "name"))
    named = (value for value in candidates if isinstance(value, str) and value)
    found = _label_of_host(user) or next(named, "")
    return found.replace("\x00", "")[:LONGEST_KEY]  # which no PostgreSQL keeps


def _label_of_host(user: User) -> str:
    # A label decides nothing, so a callback that fails costs nobody a page.
    callback = app_state().callbacks.account_name
    try:
        found = None if callback is None else callback(user)
        return "" if found is None else str(found).strip()
    except Exception:
        log.exception("account_name failed; the usual label is used")
        return ""


def introduce(key: str, found: str) -> None:
    """Remember somebody's label for the audit, where no request tells it."""
    g.setdefault(INTRODUCED, {})[key] = found


def introduced(key: str) -> str:
    """Give a label that was remembered, or nothing."""
    return str(g.get(INTRODUCED, {}).get(key, ""))


def fingerprint(user: User) -> str | None:
    """Give what changes with the user's password, if the host says it; TypeError for no text."""
    callback = app_state().callbacks.password_fingerprint_loader
    found = callback(user) if callback is not None else None
    if found is not None and not isinstance(found, str):
        message = "password_fingerprint_loader must give text or None"
        raise TypeError(message)
    return found


def issuer() -> str:
    """Give the name that stands in the authenticator app."""
    return app_state().settings.issuer or current_app.name


def find(typed: str) -> User:
    """Find a user by key or typed name, for the command line; UnknownPersonError if none."""
    callback = app_state().callbacks.find_user
    if callback is not None:
        user = callback(typed)
    else:
        loader = current_app.login_manager._user_callback  # type: ignore[attr-defined] # noqa: SLF001
        user = loader(typed) if loader is not None else None
    if user is None:
        message = "no such user"
        raise UnknownPersonError(message)
    return user


def find_quietly(typed: str) -> User | None:
    """Find a user by key or typed name, or None."""
    try:
        return find(typed)
    except UnknownPersonError:
        return None
