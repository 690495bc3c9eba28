"""The client area of a hosting company: a small Flask-Login app that shows the extension at work.

Everything but :mod:`example_app.two_factor`, the guard in :mod:`example_app.files`, two decorators
in :mod:`example_app.pages` and one base of a form in :mod:`example_app.forms` is what such an app
looks like without the extension.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from example_app import (
    auth,
    database,
    errors,
    files,
    headers,
    languages,
    outbox,
    pages,
    questions,
    seed,
    settings,
    team,
    two_factor,
    wording,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["create_app"]

csrf = CSRFProtect()


def create_app(
    config: Mapping[str, Any] | None = None, *, instance_path: str | None = None
) -> Flask:
    """Make the client area, seeded with its demo accounts on the first start.

    Its data (database, secret key, files) lie in the instance folder, *instance_path* or Flask's own
    choice, unless *config* says otherwise.
    """
    app = Flask(__name__, instance_path=instance_path)
    Path(app.instance_path).mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.load(app, config)
    csrf.init_app(app)
    shown = (auth, pages, questions, team, outbox, errors, headers, languages)
    parts = (database, *shown, two_factor, wording, files)
    for part in parts:
        part.init_app(app)
    seed.first_start(app)
    return app
