"""Where a person may be sent: only to pages of this app."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from flask import current_app, request, url_for
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from flask_twofactor.flows import setting_up

from .forms import value
from .state import app_state, this_request

LONGEST_TARGET = 2000
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")


def safe_path(target: object) -> str | None:
    """Give a target as path and query on this host, or None if it leads anywhere else.

    Unsafe characters are looked for before parsing: browsers drop tabs and newlines and
    read a backslash as a slash (ASVS 3.7.2).
    """
    if not isinstance(target, str) or not target or len(target) > LONGEST_TARGET:
        return None
    if _UNSAFE.search(target):
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    if (parts.scheme or parts.netloc) and not _is_here(parts.scheme, parts.netloc):
        return None
    if not parts.path.startswith("/") or parts.path.startswith("//"):
        return None
    return urlunsplit(("", "", parts.path, parts.query, ""))


def _is_here(scheme: str, netloc: str) -> bool:
    return scheme in {"http", "https"} and netloc == request.host


def landing() -> str:
    """Give the page to go to when nothing else is known."""
    chosen = app_state().settings.after_login
    if chosen is None:
        return request.script_root + "/"
    return chosen if chosen.startswith("/") else url_for(chosen)


def to_add_one() -> str:
    """Give the page that sets up one more authenticator; a choice only where there is one."""
    methods = setting_up.choices(app_state().ports)
    if len(methods) == 1:
        return url_for("twofactor.setup", method=methods[0].name)
    return url_for("twofactor.setup_index")


def here() -> str:
    """Give this request's own page, if it can be visited again; else the landing page."""
    path = request.script_root + request.full_path.rstrip("?")
    return (safe_path(path) if request.method in {"GET", "HEAD"} else None) or landing()


def here_or(page: str) -> str:
    """Give this request's own page if it is a GET, else the given one: nothing is replayed."""
    return here() if request.method in {"GET", "HEAD"} else page


def form_page() -> str:
    """Give the page this request came from, to send its form again from there.

    A GET is its own page. Of anything else nothing is kept: the page that the browser says it
    came from, else the request's own page, else the landing page.
    """
    if request.method in {"GET", "HEAD"}:
        return here()
    own = request.script_root + request.path
    pages = (safe_path(request.referrer), safe_path(own))
    return next((page for page in pages if page is not None and _has_page(page)), landing())


def _has_page(path: str) -> bool:
    # What the app does not know may be a mounted app's.
    adapter = current_app.create_url_adapter(this_request())
    if adapter is None:
        return False
    try:
        adapter.match(urlsplit(path).path.removeprefix(request.script_root), method="GET")
    except MethodNotAllowed:
        return False
    except HTTPException:
        pass
    return True


def wanted(default: str) -> str:
    """Give the page that `next` names, if it is ours, else the default."""
    return safe_path(value("next")) or default
