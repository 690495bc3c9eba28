"""The host as gunicorn serves it, by the environment: `SOAK_FOLDER`, `SOAK_URI`, `SOAK_KEY`.

Without a key it is the bare host. Waits for wrong codes are far away: that they come is tested
elsewhere, and here they would hide other answers.
"""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask, Response, make_response, redirect
from flask_login import logout_user

from benchmarks.host import make_host
from flask_twofactor import TwoFactor


def settings(uri: str, key: str) -> dict[str, object]:
    """Give the settings of every process that speaks to this store."""
    free = {"TWOFACTOR_THROTTLE_FREE": 10, "TWOFACTOR_THROTTLE_KNOWN_FREE": 10}
    day = {"TWOFACTOR_THROTTLE_PER_DAY": 100}
    return {"TWOFACTOR_DATABASE_URI": uri, "TWOFACTOR_KEYS": [key], **free, **day}


def create_app() -> Flask:
    """Make the host, with a way to log out."""
    folder, uri = Path(os.environ["SOAK_FOLDER"]), os.environ["SOAK_URI"]
    key = os.environ.get("SOAK_KEY")
    app = make_host(folder, uri, **(settings(uri, key) if key else {}))
    if key:
        TwoFactor(app)
    app.add_url_rule("/logout", "logout", _log_out)
    return app


def _log_out() -> Response:
    logout_user()
    return make_response(redirect("/"))
