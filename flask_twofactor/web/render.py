"""Rendering a page inside the host's base template, or the bundled one if that fails."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

from flask import render_template
from flask_wtf.csrf import generate_csrf

from . import i18n, people, redirects, tenancy
from .session import CSRF
from .state import app_state

BUNDLED = "twofactor/base.html"
NO_ERROR = {"error": None, "error_at_field": False, "fits": None}
log = logging.getLogger("flask_twofactor")


def render(page: str, *, bare: bool = False, **context: Any) -> str:
    """Render `twofactor/<page>.html`. `bare` pages use nothing of the host.

    A page has its facts in `tf` alone, so that no name of the host's own template is taken. If
    the host's base template raises, the error is logged and the bundled one is used.
    """
    values = _values(context, bare=bare)
    base = BUNDLED if bare else app_state().settings.base_template
    name = f"twofactor/{page}.html"
    if base == BUNDLED:
        return render_template(name, twofactor_base=BUNDLED, **values)
    try:
        return render_template(name, twofactor_base=base, **values)
    except Exception:
        log.exception("the base template %r failed; the bundled one is used", base)
        return render_template(name, twofactor_base=BUNDLED, **values)


def _values(context: dict[str, Any], *, bare: bool) -> dict[str, Any]:
    facts = SimpleNamespace(
        language=i18n.language(),
        direction=i18n.direction(),
        issuer=people.issuer(),
        support_url=app_state().settings.support_url,
        landing=redirects.landing(),
        csrf_token=None if bare else lambda: generate_csrf(token_key=CSRF),
        **NO_ERROR | context,
    )
    return {
        "tf": facts,
        "tf_": i18n.gettext,
        "tf_n": i18n.ngettext,
        "tf_date": i18n.date,
        "tf_number": i18n.number,
        "twofactor_tenants": () if bare else tenancy.current(),
    }
