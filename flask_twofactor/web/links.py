"""Links in mails: only from BASE_URL, never from what a request says its host is."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urljoin

from flask import current_app
from itsdangerous import BadData

from .signing import serializer
from .state import app_state

KIND = "not_me"
SECONDS = 7 * 86400
LONGEST_TOKEN = 2000
log = logging.getLogger("flask_twofactor")


def not_me(user_key: str, notice_id: str) -> str | None:
    """Give the link to say "that was not me", good for seven days; None without BASE_URL.

    It names the person and the notice, not the epoch: it must work after any change since.
    """
    base = app_state().settings.base_url
    if base is None:
        return None
    now = int(app_state().ports.clock())
    token = serializer(KIND).dumps([KIND, user_key, notice_id, now])
    path = _path("twofactor.not_me", token=str(token))
    return None if path is None else base + path


def setup() -> str | None:
    """Give the link to set up; None without BASE_URL."""
    base, path = app_state().settings.base_url, _path("twofactor.setup_index")
    return None if base is None or path is None else base + path


def read_not_me(token: str) -> str | None:
    """Give the person whom a token names; None if it is forged, of another kind or too old."""
    if len(token) > LONGEST_TOKEN:
        return None
    try:
        found: Any = serializer(KIND).loads(token)
    except BadData:
        return None
    match found:
        case [kind, str(user_key), str(), int(at)] if kind == KIND:
            age = app_state().ports.clock() - at
            return user_key if age < SECONDS else None
    return None


def absolute(target: str | None) -> str | None:
    """Give an address as it may stand in a mail; None for a path without BASE_URL."""
    if target is None or not target.startswith("/"):
        return target
    base = app_state().settings.base_url
    return None if base is None else urljoin(base, target)


def _path(endpoint: str, **values: Any) -> str | None:
    # Not by `url_for`, which outside a request needs SERVER_NAME, and inside believes its host.
    try:
        current_app.inject_url_defaults(endpoint, values)
        return current_app.url_map.bind("").build(endpoint, values)
    except Exception:
        log.exception("the address of %s could not be built; mails go without it", endpoint)
        return None
