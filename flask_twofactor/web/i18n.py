"""The one place that turns our English into the reader's language."""

from __future__ import annotations

import gettext as catalogues
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape

from flask_twofactor.core.texts import mark

from .languages import FOLDER, catalogues_of, direction, in_language, language, runs_left

__all__ = [
    "date",
    "direction",
    "gettext",
    "in_language",
    "language",
    "mark",
    "moment",
    "ngettext",
    "number",
]
DOMAIN = "flask_twofactor"
MONTHS = (
    # Translators: the short names of the months, as they stand in a date.
    mark("Jan"),
    mark("Feb"),
    mark("Mar"),
    mark("Apr"),
    mark("May"),
    mark("Jun"),
    mark("Jul"),
    mark("Aug"),
    mark("Sep"),
    mark("Oct"),
    mark("Nov"),
    mark("Dec"),
)
UNGROUPED = 10_000
ISOLATE, END = "\u2068", "\u2069"
"""Around a name inside a text that runs to the left, so that neither turns the other round."""
BARE = re.compile(r"[0-9]+|[a-z]+:[!-~]+")
"""What is never isolated: a code or link must be copied without letters that nobody sees."""


def gettext(text: str, **values: Any) -> str:
    """Translate a text and fill in its `%(name)s` places; markup among them stays markup."""
    translated = _catalogue().gettext(text)
    if any(hasattr(value, "__html__") for value in values.values()):
        translated = escape(translated)
    return translated % _shown(values) if values else translated


def ngettext(one: str, many: str, number: int, **values: Any) -> str:
    """Translate a text that counts; `%(number)s` is filled in."""
    translated = _catalogue().ngettext(one, many, number)
    return translated % _shown({"number": number, **values})


def date(at: float) -> Markup:
    """Give a UTC time as a date that people read, in an element that holds it for machines."""
    when = datetime.fromtimestamp(at, UTC)
    return Markup('<time datetime="{}">{}</time>').format(f"{when:%Y-%m-%dT%H:%MZ}", _day(when))


def moment(at: float) -> str:
    """Give a UTC time as people read it, as plain text."""
    when = datetime.fromtimestamp(at, UTC)
    # Translators: a day and a time, like "15 Jan 2027 at 08:00 UTC".
    return gettext("%(day)s at %(time)s UTC", day=_day(when), time=f"{when:%H:%M}")


def number(value: int) -> str:
    """Write a whole number; from five digits on in groups of three."""
    if abs(value) < UNGROUPED:
        return str(value)
    # Translators: not a text but how numbers are written: this one, with your separator.
    between = gettext("12,345").strip("0123456789")
    return f"{value:,}".replace(",", between)


def _day(when: datetime) -> str:
    # Translators: a date. The month is a short name, like "Jan".
    written = gettext("%(day)s %(month)s %(year)s")
    month = gettext(MONTHS[when.month - 1])
    return written % {"day": when.day, "month": month, "year": when.year}


def _shown(values: dict[str, Any]) -> dict[str, Any]:
    left = runs_left()
    return {name: _value(value, left=left) for name, value in values.items()}


def _value(value: Any, *, left: bool) -> Any:
    if isinstance(value, int):
        return number(value)
    plain = isinstance(value, str) and not hasattr(value, "__html__")
    return f"{ISOLATE}{value}{END}" if left and plain and not BARE.fullmatch(value) else value


def _catalogue() -> catalogues.NullTranslations:
    return _read(language())


@lru_cache(maxsize=64)
def _read(wanted: str) -> catalogues.NullTranslations:
    return catalogues.translation(DOMAIN, FOLDER, catalogues_of(wanted), fallback=True)
