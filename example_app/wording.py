"""What the client areas call things on the pages of two-factor authentication.

Each has the words of its own help pages; what it does not name, and every language but English, is
the extension's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import pass_context

if TYPE_CHECKING:
    from flask import Flask
    from jinja2.runtime import Context

WORDS = {
    "maple": {
        "overview.start_label": "Click here to Enable",
        "setup_index.title": "Enable Two-Factor Authentication",
        "setup_index.start_label": "Get Started",
        "setup.key_label": "Enter the code manually",
        "setup.code_label": "Enter authentication code",
        "setup.submit_label": "Submit",
    },
    "orchid": {
        "overview.start_label": "Enable Two-Factor Authentication",
        "setup.code_label": "Authentication Code",
        "setup.submit_label": "Update",
        "challenge.code_label": "Authentication Code",
    },
    "indus": {
        "overview.title": "Security settings",
        "overview.start_label": "Click here to enable",
        "setup_index.start_label": "Click here to enable",
    },
    "atrium": {
        "setup.confirm_heading": "Enable",
        "codes.done_message": "Two-factor authentication is now enabled in your account.",
    },
}


def init_app(app: Flask) -> None:
    """Give the templates the words, and the name of the client area that a page is shown in."""
    app.jinja_env.globals.update(area=area, own=own)


@pass_context
def area(context: Context) -> str | None:
    """Whose client area this page of the extension is shown in, if it is only one."""
    tenants = context.get("twofactor_tenants", ())
    return tenants[0] if len(tenants) == 1 else None


@pass_context
def own(context: Context, name: str) -> str | None:
    """The client area's own word, or nothing."""
    if not context["tf"].language.startswith("en"):
        return None
    return WORDS.get(area(context) or "", {}).get(name)
