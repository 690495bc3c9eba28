"""More naive guards: variations that open one door each."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Flask, current_app, g, redirect, request, session
from flask_login import LoginManager, confirm_login, current_user, login_fresh
from flask_login.signals import user_loaded_from_cookie
from itsdangerous import BadSignature, URLSafeSerializer

from .host import Person
from .naive import OPEN, FlagAndRedirect, Naive, PendingFlag, SignalStripper, WrappedLoad


class CookieVeto(SignalStripper):
    """It also listens to visits by the remember-me cookie, and takes the user back."""

    def install(self, app: Flask, manager: LoginManager) -> None:
        super().install(app, manager)
        user_loaded_from_cookie.connect(self.veto, sender=app, weak=False)

    def veto(self, _app: Flask, user: Any) -> None:
        if self.needs(user):
            session.pop("_user_id", None)
            g._login_user = self.manager.anonymous_user()


class SessionCounter(FlagAndRedirect):
    """It counts wrong codes where the browser can turn the counter back."""

    def second_factor(self) -> Any:
        session["tries"] = session.get("tries", 0) + 1
        if session["tries"] > 5:
            return "too many", 429
        return super().second_factor()


class CodeInSession(PendingFlag):
    """It keeps the code it sent in the session, which anybody can read."""

    def block(self, _app: Flask, user: Any) -> None:
        super().block(_app, user)
        self.sent = session["code"] = secrets.token_hex(3)

    def expected(self) -> str:
        return str(session["code"])

    def code(self, _user: Person) -> str:
        return self.sent


class DeviceToken(FlagAndRedirect):
    """It trusts a cookie signed with the host's key and no salt of its own."""

    def is_fine(self) -> bool:
        signer = URLSafeSerializer(current_app.secret_key or "")
        try:
            named = signer.loads(request.cookies.get("device", ""))["user"]
        except BadSignature:
            return super().is_fine()
        return bool(named == current_user.id)


class BoundToIdentifier(FlagAndRedirect):
    """It remembers on the server from where somebody passed: Flask-Login's identifier."""

    def __init__(self) -> None:
        super().__init__()
        self.known: set[tuple[str, str]] = set()

    def is_fine(self) -> bool:
        return (current_user.get_id(), session["_id"]) in self.known

    def passed(self) -> None:
        self.known.add((session["_user_id"], session["_id"]))


class PathExemption(FlagAndRedirect):
    """It lets its own pages and static files pass by how their path looks."""

    def check(self) -> Any:
        ours = request.path.startswith(("/2fa", "/two-factor"))
        if ours or "/static" in request.path:
            return None
        return super().check()


class SharedManager(WrappedLoad):
    """It wraps a login manager once, and asks the guard that was put there last."""

    def install(self, app: Flask, manager: LoginManager) -> None:
        wrapped = hasattr(manager, "guard")
        manager.guard = self
        if wrapped:
            Naive.install(self, app, manager)
        else:
            super().install(app, manager)

    def needs(self, user: Any) -> bool:
        last = self.manager.guard
        return user.is_authenticated and user.id in last.protected


class FreshIsEnough(FlagAndRedirect):
    """It takes Flask-Login's fresh login for a second factor."""

    def check(self) -> Any:
        if request.endpoint in OPEN | {"reauth"} or not self.needs(current_user):
            return None
        return None if login_fresh() else redirect("/2fa-needed")

    def passed(self) -> None:
        confirm_login()


class ExemptRequests(WrappedLoad):
    """It takes whoever is not the very one of the session for loaded from the request."""

    def is_fine(self, user: Any) -> bool:
        of_request = session.get("_user_id") != user.get_id()
        return (of_request and self.policy(request)) or super().is_fine(user)
