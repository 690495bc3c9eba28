"""Trusted devices and sessions: their lists on the settings page, and what ends them."""

from __future__ import annotations

from functools import partial

from flask import Response, flash

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.flows import devices, sessions
from flask_twofactor.flows.acting import ask_for_own
from flask_twofactor.web import answers, login_hook, who
from flask_twofactor.web.forms import NameForm
from flask_twofactor.web.i18n import gettext
from flask_twofactor.web.state import app_state

from .settings import change, overview


def revoke_device(id: str, refused: RefusedError | None = None) -> Response:  # noqa: A002
    """End one trusted device."""
    return change(lambda acting: devices.revoke(app_state().ports, acting, id), refused)


def revoke_devices(refused: RefusedError | None = None) -> Response:
    """End all trusted devices."""
    return change(lambda acting: devices.revoke_all(app_state().ports, acting), refused)


def rename_device(id: str, refused: RefusedError | None = None) -> Response:  # noqa: A002
    """Rename one trusted device."""
    name = NameForm.read().name.data
    again = partial(overview, renaming=id, typed=name)
    return change(
        lambda acting: devices.rename(app_state().ports, acting, id, name), refused, again
    )


def end_session(id: str, refused: RefusedError | None = None) -> Response:  # noqa: A002
    """End one session; one's own is a log-out."""
    acting = who.acting()
    own = acting is not None and acting.proof is not None and acting.proof.id == id
    if own and refused is None:
        return _leave()
    return change(lambda acting: sessions.end(app_state().ports, acting, id), refused)


def sign_out_everywhere(refused: RefusedError | None = None) -> Response:
    """End every session, hold and trusted device, this browser's too."""
    acting, user = who.acting(), who.user()
    if acting is None or acting.hold is not None:
        return who.turn_away()
    try:
        if refused is not None:
            raise refused
        ask_for_own(acting)
    except RefusedError as error:
        return overview(error)
    who.sign_out_everywhere(user)
    flash(gettext("You are signed out everywhere."))
    return answers.go(login_hook.login_page())


def _leave() -> Response:
    login_hook.sign_out()
    login_hook.clear_remember()
    return answers.go(login_hook.login_page())
