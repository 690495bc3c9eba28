"""What the client areas call things on the pages of two-factor authentication.

Each has the words of its own help pages, in the languages it is read in. What it does not name is
the extension's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import pass_context

if TYPE_CHECKING:
    from flask import Flask
    from jinja2.runtime import Context

WORDS = {
    ("maple", "en"): {
        "overview.start_label": "Click here to Enable",
        "setup_index.title": "Enable Two-Factor Authentication",
        "setup_index.start_label": "Get Started",
        "setup.key_label": "Enter the code manually",
        "setup.code_label": "Enter authentication code",
        "setup.submit_label": "Submit",
        "lost_device.title": "Lost Two-Factor (2FA) code and locked out of account",
    },
    ("maple", "fr"): {
        "overview.start_label": "Cliquez ici pour activer",
        "setup_index.title": "Activer l'authentification à deux facteurs",
        "setup_index.start_label": "Commencer",
        "setup.key_label": "Saisir le code manuellement",
        "setup.code_label": "Saisissez le code d'authentification",
        "setup.submit_label": "Envoyer",
    },
    ("orchid", "en"): {
        "overview.start_label": "Enable Two-Factor Authentication",
        "setup.code_label": "Authentication Code",
        "setup.submit_label": "Update",
        "codes.warning": "Warning: if you lose both your phone and these codes, only your saved key "
        "or support lets you back in.",
        "challenge.code_label": "Authentication Code",
    },
    ("indus", "en"): {
        "overview.title": "Security settings",
        "overview.question": "Set your security question first.",
        "overview.question_link": "Set security question",
        "overview.start_label": "Click here to enable",
        "setup_index.start_label": "Click here to enable",
    },
    ("indus", "ur"): {
        "overview.question": "پہلے اپنا سیکیورٹی سوال مقرر کریں:",
        "overview.question_link": "سیکیورٹی سوال مقرر کریں",
        "overview.start_label": "فعال کرنے کے لیے یہاں کلک کریں",
        "setup_index.start_label": "فعال کرنے کے لیے یہاں کلک کریں",
    },
    ("atrium", "en"): {
        "setup.confirm_heading": "Enable",
        "codes.done_message": "Two-factor authentication is now enabled in your account.",
        "tenant.note": "You cannot set up two-factor authentication for another admin: each does it "
        "for themselves.",
    },
}
"""By tenant and language: page and block, or what else the page asks for, and its text."""


def init_app(app: Flask) -> None:
    """Give the templates the words, and the name of the client area that a page is shown in."""
    app.jinja_env.globals.update(area=area, own=own)


@pass_context
def area(context: Context) -> str:
    """Whose client area this page of the extension is shown in; nobody's if it is not just one."""
    tenants = context.get("twofactor_tenants", ())
    return tenants[0] if len(tenants) == 1 else ""


@pass_context
def own(context: Context, name: str) -> str | None:
    """The client area's own word in the language of the page, or nothing."""
    language = context["tf"].language.replace("_", "-").partition("-")[0]
    return WORDS.get((area(context), language), {}).get(name)
