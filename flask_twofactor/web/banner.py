"""The calm line for the host's own layout: set up your second factor, by when, and who asks."""

from __future__ import annotations

from types import SimpleNamespace

from flask import has_request_context, render_template, request
from markupsafe import Markup

from flask_twofactor.core.records import Standing

from . import i18n, tenancy
from .state import NAME, visit


def banner() -> Markup:
    """Give the line for who is signed in and has time left, or was reset; else nothing.

    On our own pages, which say the same themselves, there is none.
    """
    standing = _standing()
    if standing is None:
        return Markup("")
    asked = standing.requirement
    facts = SimpleNamespace(
        asks=tenancy.names(asked.asks) if asked.state == "in_grace" else "",
        by=None if asked.by is None else i18n.date(asked.by),
        reset=standing.reset_at is not None,
        language=i18n.language(),
        direction=i18n.direction(),
    )
    shown = render_template("twofactor/_banner.html", tf=facts, tf_=i18n.gettext)
    return Markup(shown)  # noqa: S704 - the template has escaped it


def _standing() -> Standing | None:
    if not has_request_context() or request.blueprint == NAME:
        return None
    now = visit()
    standing = now.standing
    if now.vetted is None or now.pending is not None or standing is None or standing.protected:
        return None
    return standing
