"""The page behind a mail's link: somebody says that it was not them."""

from __future__ import annotations

from flask import Response, request

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.flows import changing
from flask_twofactor.web import answers, links, login_hook
from flask_twofactor.web.state import app_state


def not_me(token: str, refused: RefusedError | None = None) -> Response:
    """Explain what the button does; or end all sessions, holds and trust of who got the mail.

    Works in any browser, signed in or not: the link alone says whose account it is, and a GET
    changes nothing, so that nothing that reads mails ahead of people can.
    """
    user_key = links.read_not_me(token)
    if user_key is None:
        return answers.page("link_gone", refused=RefusedError("link_gone"))
    if request.method != "POST" or refused is not None:
        return answers.page("not_me", {}, refused=refused)
    changing.end_everything(app_state().ports, user_key, why="not_me")
    return answers.page("not_me_done", {"ok": True}, login_url=login_hook.login_page())
