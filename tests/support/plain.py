"""The example app with our own pages instead of those that its tenants changed."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader

import flask_twofactor

OURS = Path(flask_twofactor.__file__).parent / "templates"


def plain(app: Flask, *folders: Path) -> Flask:
    """Let the package's templates, and those of some folders, come before the app's own."""
    loaders: list[BaseLoader] = [FileSystemLoader([*folders, OURS])]
    if app.jinja_env.loader is not None:
        loaders.append(app.jinja_env.loader)
    app.jinja_env.loader = ChoiceLoader(loaders)
    return app
