"""What people read where nobody gave a name: in their own language, and never stored."""

from __future__ import annotations

from dataclasses import replace

from flask_twofactor.core import names
from flask_twofactor.core.records import Authenticator

from .i18n import gettext
from .state import app_state


def is_named(authenticator: Authenticator) -> bool:
    """Say whether its owner gave it a name."""
    return names.number_of(authenticator.name) is None


def named(authenticator: Authenticator) -> Authenticator:
    """Give it with the name that people read: its owner's, or its method's with a number."""
    number = names.number_of(authenticator.name)
    if number is None:
        return authenticator
    method = app_state().ports.method(authenticator.method)
    title = authenticator.method if method is None else gettext(method.title)
    several = number > 1
    shown = gettext("%(name)s %(number)s", name=title, number=number) if several else title
    return replace(authenticator, name=shown)


def label(found: str) -> str:
    """Give a person's label, or a word for one who has none."""
    return found or gettext("account")
