"""A browser's name as people read it, and where a request came from."""

from __future__ import annotations

from flask import request

from flask_twofactor.core.agents import describe
from flask_twofactor.core.records import Origin

from .i18n import gettext

LONGEST_HEADER = 300
LONGEST_ADDRESS = 64
BETWEEN = "\t"
"""Stands between browser and system where nobody gave a name; no typed name can have it."""


def origin() -> Origin:
    """Say where this request comes from, as the app's proxy set-up has it."""
    agent = read(request.headers.get("User-Agent", ""))
    return Origin(agent, (request.remote_addr or "")[:LONGEST_ADDRESS])


def read(header: str) -> str:
    """Give what is kept of a User-Agent header: browser and system, each may be empty."""
    return BETWEEN.join(found or "" for found in describe(header[:LONGEST_HEADER]))


def name(kept: str) -> str:
    """Give a name like "Firefox on Windows", in the reader's language, or the one that was typed."""
    typed, _, system = kept.partition(BETWEEN)
    return together(typed, system) or gettext("Unknown browser")


def together(browser: str | None, system: str | None) -> str | None:
    """Give browser and system in one, or the one that is known, if any."""
    if browser and system:
        return gettext("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system


def is_named(kept: str) -> bool:
    """Say whether a person gave the name."""
    return BETWEEN not in kept
