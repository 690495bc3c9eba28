"""The one place that turns our English into the reader's language."""

from __future__ import annotations

import gettext as catalogues
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import current_app, request
from flask.globals import _cv_request
from markupsafe import Markup, escape

from flask_twofactor.core.texts import mark

__all__ = ["date", "gettext", "in_language", "language", "mark", "moment", "ngettext"]
log = logging.getLogger("flask_twofactor")
ATTRIBUTE = "_twofactor_language"
DOMAIN = "flask_twofactor"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
FOLDER = Path(__file__).parent.parent / "translations"
_wanted: ContextVar[str | None] = ContextVar("twofactor_language", default=None)


def gettext(text: str, **values: Any) -> str:
    """Translate a text and fill in its `%(name)s` places; markup among them stays markup."""
    translated = _catalogue().gettext(text)
    if any(hasattr(value, "__html__") for value in values.values()):
        translated = escape(translated)
    return translated % values if values else translated


def ngettext(one: str, many: str, number: int, **values: Any) -> str:
    """Translate a text that counts; `%(number)s` is filled in."""
    return _catalogue().ngettext(one, many, number) % {"number": number, **values}


def date(at: float) -> Markup:
    """Give a UTC time as a date that people read, in an element that holds it for machines."""
    when = datetime.fromtimestamp(at, UTC)
    return Markup('<time datetime="{}">{}</time>').format(f"{when:%Y-%m-%dT%H:%MZ}", _day(when))


def moment(at: float) -> str:
    """Give a UTC time as people read it, as plain text."""
    when = datetime.fromtimestamp(at, UTC)
    return gettext("%(day)s at %(time)s UTC", day=_day(when), time=f"{when:%H:%M}")


def _day(when: datetime) -> str:
    english = language().partition("-")[0].partition("_")[0] == "en"
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}" if english else f"{when:%Y-%m-%d}"


@contextmanager
def in_language(wanted: str) -> Iterator[None]:
    """Translate into this language inside the block, whatever the request's own is."""
    reset = _wanted.set(wanted)
    try:
        yield
    finally:
        _wanted.reset(reset)


def language() -> str:
    """Give the language of this request: the host's choice, else the best we have."""
    if (wanted := _wanted.get()) is not None:
        return wanted
    context = _cv_request.get(None)
    if context is None:
        return "en"
    # Every text of a page asks this, so it is found once and lives with the request object.
    known: dict[str, str] = context.request.__dict__
    if ATTRIBUTE not in known:
        known[ATTRIBUTE] = _chosen_by_host() or _best_of_browser()
    return known[ATTRIBUTE]


def _chosen_by_host() -> str | None:
    selector = current_app.extensions["twofactor"].callbacks.locale_selector
    return None if selector is None else _ask(selector)


def _best_of_browser() -> str:
    return request.accept_languages.best_match(_languages(), "en") or "en"


def _ask(selector: Callable[[], str | None]) -> str | None:
    try:
        chosen = selector()
    except Exception:
        log.exception("locale_selector failed; the browser's language is used")
        return None
    return str(chosen) if chosen else None


@lru_cache(maxsize=1)
def _languages() -> tuple[str, ...]:
    found = FOLDER.iterdir() if FOLDER.is_dir() else ()
    return ("en", *sorted(place.name for place in found if place.is_dir()))


def _catalogue() -> catalogues.NullTranslations:
    return _read(language())


@lru_cache(maxsize=64)
def _read(wanted: str) -> catalogues.NullTranslations:
    tags = (wanted.replace("-", "_"), wanted.replace("-", "_").partition("_")[0])
    return catalogues.translation(DOMAIN, FOLDER, languages=tags, fallback=True)
