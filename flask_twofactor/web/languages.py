"""Which language the reader has, of those we speak, and which way it runs."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from flask import current_app, request
from flask.globals import _cv_request
from werkzeug.datastructures import LanguageAccept

from .state import app_state

ATTRIBUTE = "_twofactor_language"
FOLDER = Path(__file__).parent.parent / "translations"
LEFTWARDS = frozenset({"ar", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
SOURCE = "en"
TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
log = logging.getLogger("flask_twofactor")
_wanted: ContextVar[str | None] = ContextVar("twofactor_language", default=None)


@contextmanager
def in_language(wanted: str) -> Iterator[None]:
    """Translate into this language inside the block, whatever the request's own is."""
    reset = _wanted.set(spoken(wanted))
    try:
        yield
    finally:
        _wanted.reset(reset)


def language() -> str:
    """Give the language of this request: the host's choice, else the best we have.

    It is always one that we speak, perhaps with a region, as HTML writes it ("de-AT").
    """
    if (wanted := _wanted.get()) is not None:
        return wanted
    context = _cv_request.get(None)
    if context is None:
        return SOURCE
    # Every text of a page asks this, so it is found once and lives with the request object.
    known: dict[str, str] = context.request.__dict__
    if ATTRIBUTE not in known:
        known[ATTRIBUTE] = _chosen()
    return known[ATTRIBUTE]


def direction() -> str:
    """Say which way the language runs, as HTML's `dir` has it."""
    return "rtl" if runs_left() else "ltr"


def runs_left() -> bool:
    """Say whether the language is written from right to left."""
    return language().partition("-")[0].lower() in LEFTWARDS


def of_person(user: Any, otherwise: str) -> str:
    """Give the language that the host knows of a person, else the other one."""
    loader = app_state().callbacks.language_loader
    found = None if loader is None else _ask("language_loader", lambda: loader(user))
    return spoken(found or otherwise)


def of_browser(wishes: LanguageAccept) -> str:
    """Give the best of our languages for a browser's wishes."""
    return wishes.best_match(speaks(), SOURCE) or SOURCE


def spoken(tag: str) -> str:
    """Give a tag as HTML writes it if we speak its language, else that of our own texts."""
    tidy = tag.replace("_", "-")
    known = TAG.fullmatch(tidy) and any(one in speaks() for one in catalogues_of(tidy))
    return tidy if known else SOURCE


def catalogues_of(tag: str) -> tuple[str, ...]:
    """Name the catalogues that a tag could mean, best first: "zh_Hant_TW", "zh_Hant", "zh"."""
    parts = tag.split("-")
    return tuple("_".join(parts[:size]) for size in range(len(parts), 0, -1))


@lru_cache(maxsize=1)
def speaks() -> tuple[str, ...]:
    """Name the languages we have, that of our own texts first."""
    found = FOLDER.iterdir() if FOLDER.is_dir() else ()
    return (SOURCE, *sorted(place.name for place in found if place.is_dir()))


def _chosen() -> str:
    selector = app_state().callbacks.locale_selector
    found = None if selector is None else _ask("locale_selector", selector)
    if found is None and "babel" in current_app.extensions:
        found = _ask("Flask-Babel", lambda: import_module("flask_babel").get_locale())
    return of_browser(request.accept_languages) if found is None else spoken(found)


def _ask(name: str, callback: Callable[[], object]) -> str | None:
    try:
        found = callback()
    except Exception:
        log.exception("%s failed; the next best language is used", name)
        return None
    return str(found) if found else None
