"""`TwoFactorGuard`: the same door in front of a WSGI app that is mounted beside the Flask app."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Request, Response, current_app, jsonify, make_response, request
from flask.globals import _cv_request
from werkzeug.exceptions import HTTPException, SecurityError

from . import courtesy, headers, i18n, languages, login_hook
from . import session as keys
from .state import User, app_state, visit

PAGES = frozenset({"GET", "HEAD"})
LOOK_ALIKE = re.compile(
    r"(REMOTE|AUTH|AUTHENTICATED|FORWARDED|LOGON)_?USER"
    r"|(^|_)(USER|USER_?(ID|NAME|INFO|KEY|UUID)|UID|UPN|EPPN|SUB|SUBJECT|IDENT|IDENTITY|CN|DN)$"
    r"|(^|_)(LOGIN|LOGIN_?NAME|LOGNAME|E?MAIL|E?MAIL_ADDRESS|GROUPS?|ROLES?|ENTITLEMENTS)$"
    r"|(^|_)((NAME|PERSISTENT)_?ID|PRINCIPAL(_NAME|_ID)?|CLIENT_CERT(IFICATE)?)$"
    r"|^HTTP_(REMOTE_NAME$|OIDC_CLAIM_|(X_)?(SSL_CLIENT|AUTHENTIK|CONSUMER|CREDENTIAL)_)"
    r"|AUTH_TYPE$"
)
NOT_FROM_CLIENTS = frozenset(
    {"REMOTE_USER", "REMOTE_IDENT", "AUTH_TYPE", "AUTH_USER", "LOGON_USER"}
)
UNAVAILABLE = i18n.mark("Please try again shortly")
HARMLESS = frozenset({"HTTP_SEC_FETCH_USER"})
log = logging.getLogger("flask_twofactor")


def login_id(user: User) -> str:
    """Name a user to the mounted app as Flask-Login does."""
    return str(user.get_id())


class TwoFactorGuard:
    """A WSGI app that lets only those reach `wsgi_app` who may reach the pages of `app`.

    Strangers, held people and people who must set up first are answered here, whatever the
    method: pages by a redirect, everything else by `401` and JSON; store down: 503. The others'
    requests go on with `REMOTE_USER` as `remote_user(user)` names them, which must be text; each
    inbound header that speaks of a user is taken out (ASVS 4.1.3, 15.3.4). The body is not read
    here, and the mounted app runs outside of any context of `app`. Its answers get `Vary: Cookie`,
    and `Cache-Control: private` if they say nothing of caches (ASVS 14.3.2), and nothing else. It
    wraps the app, so that no spelling of a path leads around it.

    An app under a prefix sets `APPLICATION_ROOT`, so that links lead out of the mount.
    """

    def __init__(
        self,
        wsgi_app: WSGIApplication,
        app: Flask,
        *,
        remote_user: Callable[[User], str] = login_id,
    ) -> None:
        self._wsgi_app = wsgi_app
        self._app = app
        self._remote_user = remote_user

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, or hand on to the mounted app."""
        asked = _without_body(environ, self._app)
        found = self._look(asked)
        if not isinstance(found, str):  # whatever class the app's answers are of
            return found(asked, start_response)
        for name in [name for name in environ if is_look_alike(name)]:
            del environ[name]
        environ["REMOTE_USER"] = found
        return self._wsgi_app(environ, _kept_from_caches(start_response))

    def _look(self, environ: WSGIEnvironment) -> str | Response:
        try:
            # An app context of their own: one that is open already keeps its last user.
            with self._app.app_context(), self._app.request_context(environ):
                return self._decide()
        except HTTPException as error:
            return _from(error)
        except Exception:
            log.exception("a visit to a mounted app could not be checked; nobody is let in")
            with i18n.in_language(languages.of_browser(Request(environ).accept_languages)):
                told = i18n.gettext(UNAVAILABLE)
            return Response(told, 503, headers.HEADERS, mimetype="text/plain")

    def _decide(self) -> str | Response:
        if isinstance(request.routing_exception, SecurityError):  # not one of TRUSTED_HOSTS
            raise request.routing_exception
        # No rule of the Flask app has a say, also where one has the same path as the mount.
        request.url_rule = request.view_args = None
        visit().hands_on = True
        refused = login_hook.enter(self._app, app_state(), _nothing)
        user = login_hook.present() if refused is None else None
        passing = Response()
        answer = login_hook.finish(passing if user is not None else refused or _turn_away())
        if answer is passing:
            still = login_hook.present()
            if still is not None and still is user:
                return self._name(user)
            answer = _turn_away()
        _save_session(answer)
        return headers.protect(answer)

    def _name(self, user: User) -> str:
        name: Any = self._remote_user(user)
        if not isinstance(name, str) or not name or not name.isprintable():
            message = "remote_user must give a text that is not empty and has no control characters"
            raise TypeError(message)
        return name


@lru_cache(maxsize=512)
def is_look_alike(name: str) -> bool:
    """Say whether an inbound value could be taken for who the user is, however it is spelt."""
    plain = name.upper().replace("-", "_")
    if plain.startswith("HTTP_"):
        return plain not in HARMLESS and LOOK_ALIKE.search(plain) is not None
    return plain.removeprefix("REDIRECT_") in NOT_FROM_CLIENTS


def _kept_from_caches(start_response: StartResponse) -> StartResponse:
    # The mounted app does not know that its answer hangs on a cookie.
    def start(status: str, given: list[tuple[str, str]], *error: Any) -> Any:
        said = {name.lower() for name, _ in given}
        more = [("Vary", "Cookie")]
        if "cache-control" not in said:
            more.append(("Cache-Control", "private"))
        return start_response(status, [*given, *more], *error)

    return start


def _without_body(environ: WSGIEnvironment, app: Flask) -> WSGIEnvironment:
    # The visitor is looked at in a request of its own: at the whole path below the Flask app, so
    # that it can be come back to, and without the body, which is the mounted app's alone.
    asked = {
        **environ,
        "wsgi.input": io.BytesIO(),
        "CONTENT_LENGTH": "0",
        **_placed(environ, app.config["APPLICATION_ROOT"].rstrip("/")),
    }
    asked.pop("HTTP_TRANSFER_ENCODING", None)
    if not _is_page(environ):
        asked["HTTP_ACCEPT"] = "application/json"
    return asked


def _is_page(environ: WSGIEnvironment) -> bool:
    # A picture or a script's call that is led to a login page would only get the wrong answer.
    navigates = environ.get("HTTP_SEC_FETCH_MODE", "navigate") == "navigate"
    return navigates and environ["REQUEST_METHOD"] in PAGES


def _placed(environ: WSGIEnvironment, root: str) -> dict[str, str]:
    mount, path = environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", "")
    if mount != root and not mount.startswith(root + "/"):
        root = ""
    return {"SCRIPT_NAME": root, "PATH_INFO": mount.removeprefix(root) + path}


def _turn_away() -> Response:
    if not courtesy.wants_json():
        return _answer_of_login_manager()
    purpose = login_hook.held_for()
    if purpose is not None:
        return courtesy.ask_for_factor(purpose, setup_status=401)
    login = login_hook.login_page()
    return make_response(jsonify({"error": "signed_out", "login_url": login}), 401)


def _answer_of_login_manager() -> Response:
    try:
        return make_response(login_hook.to_login())
    except HTTPException as error:
        return _from(error)


def _from(error: HTTPException) -> Response:
    found = error.get_response()
    return Response(found.get_data(), found.status, found.headers)


def _save_session(answer: Response) -> None:
    opened, interface = keys.raw(_cv_request.get()), current_app.session_interface
    if not interface.is_null_session(opened):
        interface.save_session(current_app, opened, answer)


def _nothing() -> Any:
    return None
