"""A browser's name as people read it, and where a request came from.

A few substrings tell the browsers and systems that people have; anything else keeps the name
they can give it. The header is what a client says of itself: a label, never a proof.
"""

from __future__ import annotations

from flask import request

from flask_twofactor.core.records import Origin

from .i18n import gettext

LONGEST_HEADER = 300
LONGEST_ADDRESS = 64
# Browsers name those they descend from: the one that is meant comes first.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Vivaldi", "Vivaldi"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chromium", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
BETWEEN = "\t"
"""Stands between browser and system where nobody gave a name; no typed name can have it."""


def origin() -> Origin:
    """Say where this request comes from, as the app's proxy set-up has it."""
    agent = read(request.headers.get("User-Agent", ""))
    return Origin(agent, (request.remote_addr or "")[:LONGEST_ADDRESS])


def read(header: str) -> str:
    """Give what is kept of a User-Agent header: browser and system, each may be empty."""
    header = header[:LONGEST_HEADER]
    return BETWEEN.join(_first(table, header) for table in (BROWSERS, SYSTEMS))


def name(kept: str) -> str:
    """Give a name like "Firefox on Windows", in the reader's language, or the one that was typed."""
    typed, between, system = kept.partition(BETWEEN)
    if between and typed and system:
        return gettext("%(browser)s on %(system)s", browser=typed, system=system)
    return typed or system or gettext("Unknown browser")


def is_named(kept: str) -> bool:
    """Say whether a person gave the name."""
    return BETWEEN not in kept


def _first(table: tuple[tuple[str, str], ...], header: str) -> str:
    return next((label for sign, label in table if sign in header), "")
