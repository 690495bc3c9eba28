"""Who is let onto the pages of a tenant."""

from __future__ import annotations

from flask import Response

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.flows import tenants as flow
from flask_twofactor.flows.tenants import Admin
from flask_twofactor.web import admins, answers, who
from flask_twofactor.web.state import app_state


def admin_of(tenant: str) -> Admin | Response:
    """Give who looks after this tenant, or the answer to everybody else."""
    admin = admins.current()
    if admin is None:
        return who.turn_away()
    try:
        flow.ask_for_tenant(app_state().ports, admin, tenant)
    except RefusedError as error:
        return not_allowed(error)
    return admin


def not_allowed(error: RefusedError) -> Response:
    """Say that this is not theirs to see or change."""
    return answers.page("not_allowed", refused=error)
