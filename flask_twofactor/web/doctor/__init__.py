"""Looking the whole app over, as `flask twofactor doctor` and a host's own test may."""

from __future__ import annotations

from flask import Flask

from flask_twofactor.web.findings import Check, Finding
from flask_twofactor.web.login_hook import examining
from flask_twofactor.web.state import AppState, app_state

from . import deployment, storage

__all__ = ["Finding", "examine"]

CHECKS: tuple[Check, ...] = (*deployment.CHECKS, *examining.CHECKS, *storage.CHECKS)


def examine(app: Flask) -> list[Finding]:
    """Give all findings, faults first. Call it in an app context."""
    state: AppState = app_state(app)
    found = [finding for check in CHECKS for finding in check(app, state)]
    return sorted(found, key=lambda one: one.severity != "fault")
