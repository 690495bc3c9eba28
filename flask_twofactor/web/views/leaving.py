"""Cancel: out of a held login, a setup or a session."""

from __future__ import annotations

from flask import Response

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.web import answers, login_hook, who

from .challenge import challenge
from .settings import overview
from .setup import setup_index


def cancel(refused: RefusedError | None = None) -> Response:
    """End a held login, or sign out; the remember-me cookie goes too."""
    if refused is not None:
        return _page_of_the_form(refused)
    login_hook.sign_out()
    login_hook.clear_remember()
    return answers.go(login_hook.login_page())


def _page_of_the_form(refused: RefusedError) -> Response:
    acting = who.acting()
    if acting is None:
        return challenge(refused)
    return overview(refused) if acting.hold is None else setup_index(refused)
