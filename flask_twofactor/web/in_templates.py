"""What every template of the app can ask of us, under one name."""

from __future__ import annotations

from flask import Flask

from . import banner, who

GLOBAL = "twofactor"


class InTemplates:
    """`twofactor` in a template: `twofactor.banner()` and `twofactor.trusted()`.

    One name, because each costs every page of the app something.
    """

    banner = staticmethod(banner.banner)
    trusted = staticmethod(who.is_trusted_only)


def offer(app: Flask) -> None:
    """Give the name to the app's templates; one of the app's own stays."""
    app.jinja_env.globals.setdefault(GLOBAL, InTemplates())
