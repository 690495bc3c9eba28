"""The blueprint: which address shows what, and the guards in front of every view."""

from __future__ import annotations

import logging
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from flask_twofactor.core.errors import RefusedError

from . import courtesy, headers, security, signals, who
from .state import NAME, visit
from .views import (
    admitting,
    asking,
    challenge,
    devices,
    helping,
    leaving,
    not_me,
    roster,
    sending,
    settings,
    setup,
    tenants,
)

log = logging.getLogger("flask_twofactor")
View = Callable[..., Response]

ROUTES: tuple[tuple[str, View, tuple[str, ...]], ...] = (
    ("/", settings.overview, ("GET",)),
    ("/setup", setup.setup_index, ("GET",)),
    ("/setup/<method>", setup.setup, ("GET", "POST")),
    ("/backup-codes", settings.backup_codes, ("GET", "POST")),
    ("/authenticators/<id>/remove", settings.remove_authenticator, ("POST",)),
    ("/authenticators/<id>/rename", settings.rename_authenticator, ("POST",)),
    ("/devices/<id>/revoke", devices.revoke_device, ("POST",)),
    ("/devices/<id>/rename", devices.rename_device, ("POST",)),
    ("/devices/revoke", devices.revoke_devices, ("POST",)),
    ("/sessions/<id>/end", devices.end_session, ("POST",)),
    ("/sign-out-everywhere", devices.sign_out_everywhere, ("POST",)),
    ("/disable", settings.disable, ("POST",)),
    ("/confirm-password", asking.confirm_password, ("GET", "POST")),
    ("/challenge", challenge.challenge, ("GET", "POST")),
    ("/challenge/send", sending.send_code, ("POST",)),
    ("/cancel", leaving.cancel, ("POST",)),
    ("/lost-device", challenge.lost_device, ("GET",)),
    ("/step-up", asking.step_up, ("GET", "POST")),
    ("/not-me/<token>", not_me.not_me, ("GET", "POST")),
    ("/tenants/<path:tenant>", tenants.tenant, ("GET",)),
    ("/tenants/<path:tenant>/adoption.svg", tenants.adoption_chart, ("GET",)),
    ("/tenants/<path:tenant>/members.csv", roster.roster_csv, ("GET",)),
    ("/tenants/<path:tenant>/rule", tenants.set_rule, ("POST",)),
    ("/tenants/<path:tenant>/members/<path:key>/reset", helping.reset_member, ("POST",)),
    ("/tenants/<path:tenant>/members/<path:key>/exempt", helping.exempt_member, ("POST",)),
    ("/tenants/<path:tenant>/members/<path:key>/unlock", helping.unlock_member, ("POST",)),
)

OWN: frozenset[View] = frozenset(
    {
        setup.setup,
        settings.backup_codes,
        settings.remove_authenticator,
        settings.rename_authenticator,
        settings.disable,
        asking.confirm_password,
        devices.revoke_device,
        devices.rename_device,
        devices.revoke_devices,
        devices.end_session,
        devices.sign_out_everywhere,
    }
)
"""What only the person themselves does: an admin who acts as them may look, and leave."""


def make_blueprint(url_prefix: str) -> Blueprint:
    """Build the blueprint for one app."""
    blueprint = Blueprint(
        NAME,
        __name__,
        url_prefix=url_prefix,
        root_path=str(Path(__file__).parent.parent),
        template_folder="templates",
        static_folder="static",
    )
    for rule, view, methods in ROUTES:
        guarded = _guarded(view)
        blueprint.add_url_rule(rule, view.__name__, guarded, methods=list(methods))
    blueprint.after_request(_protect)
    return blueprint


def _guarded(view: View) -> View:
    # A host may add values of its own to every address, which are none of ours.
    ours = set(signature(view).parameters) - {"refused"}

    def guarded(**values: Any) -> Response:
        known = {name: values[name] for name in ours & set(values)}
        try:
            if view in OWN and who.acts_for_another():
                return admitting.not_allowed(RefusedError("not_allowed"))
            return view(**known, refused=security.fault())
        except HTTPException:
            raise
        except Exception:
            log.exception("a page could not be answered; nobody is let in")
            signals.guard_failed("page")
            visit().failed = True
            return courtesy.unavailable()

    guarded.__name__ = view.__name__
    guarded.__doc__ = view.__doc__
    return guarded


def _protect(response: Response) -> Response:
    if request.endpoint == f"{NAME}.static":
        return response
    visit().is_ours = True
    return headers.protect(response)
