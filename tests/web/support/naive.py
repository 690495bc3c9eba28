"""Guards as one would write them in an afternoon; each has a hole, and a row that finds it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flask import Flask, Request, current_app, g, redirect, request, session
from flask.testing import FlaskClient
from flask_login import LoginManager, current_user, login_user
from flask_login.signals import user_logged_in
from werkzeug.test import TestResponse

from .host import Host, Person

CODE = "493817"
LOGIN_KEYS = ("_user_id", "_fresh", "_id", "_remember", "_remember_seconds")
OPEN = frozenset({"second_factor", "login", "logout", "static"})


class Naive:
    """What they share: who is protected, and a page that takes the code."""

    def __init__(self) -> None:
        self.protected: set[str] = set()
        self.broken = False
        self.policy: Callable[[Request], bool] = lambda _: False

    def install(self, app: Flask, manager: LoginManager) -> None:
        self.manager = manager
        app.add_url_rule("/2fa", "second_factor", self.second_factor, methods=["POST"])

    def protect(self, user: Person) -> None:
        self.protected.add(user.id)

    def needs(self, user: Any) -> bool:
        if self.broken:
            message = "the list of protected users cannot be read"
            raise RuntimeError(message)
        return user.is_authenticated and user.id in self.protected

    def second_factor(self) -> Any:
        if request.form["code"] != self.expected():
            return "wrong", 400
        self.passed()
        return redirect("/account")

    def expected(self) -> str:
        return CODE

    def passed(self) -> None:
        session["ok"] = True

    def code(self, _user: Person) -> str:
        return CODE

    def answer(self, client: FlaskClient, code: str) -> TestResponse:
        return client.post("/2fa", data={"code": code})

    def pass_second_factor(self, client: FlaskClient, user: Person) -> None:
        assert self.answer(client, self.code(user)).status_code == 302

    def secrets(self, user: Person) -> list[str]:
        return [self.code(user)]

    def break_down(self) -> None:
        self.broken = True

    def exempt(self, policy: Callable[[Request], bool]) -> None:
        self.policy = policy

    def foreign_tokens(self, _host: Host) -> list[str]:
        return []

    def present(self, client: FlaskClient, _user: Person, token: str) -> None:
        client.set_cookie("device", token)


class FlagAndRedirect(Naive):
    """`before_request`, a flag in the session, a redirect."""

    def install(self, app: Flask, manager: LoginManager) -> None:
        super().install(app, manager)
        app.before_request(self.check)

    def check(self) -> Any:
        if request.endpoint in OPEN or not self.needs(current_user) or self.is_fine():
            return None
        return redirect("/2fa-needed")

    def is_fine(self) -> bool:
        return bool(session.get("ok"))


class PendingFlag(FlagAndRedirect):
    """The other way round: the login sets a flag that blocks, until the code removes it."""

    def install(self, app: Flask, manager: LoginManager) -> None:
        super().install(app, manager)
        user_logged_in.connect(self.block, sender=app, weak=False)

    def block(self, _app: Flask, user: Any) -> None:
        if self.needs(user):
            session["pending"] = True

    def is_fine(self) -> bool:
        return "pending" not in session

    def passed(self) -> None:
        session.pop("pending", None)


class SignalStripper(Naive):
    """A receiver of `user_logged_in` that takes the login out of the session again."""

    stripped: tuple[str, ...] = LOGIN_KEYS

    def install(self, app: Flask, manager: LoginManager) -> None:
        super().install(app, manager)
        user_logged_in.connect(self.strip, sender=app, weak=False)

    def strip(self, _app: Flask, user: Any) -> None:
        if g.get("promoting") or not self.needs(user):
            return
        session["waiting"] = user.get_id()
        for key in self.stripped:
            session.pop(key, None)
        self.manager._update_request_context_with_user()

    def passed(self) -> None:
        g.promoting = True
        login_user(self.manager._user_callback(session.pop("waiting")))


class StripsOneKey(SignalStripper):
    """It forgets the keys of the remember-me wish."""

    stripped = ("_user_id",)


class WeakReceiver(Naive):
    """Its receiver is a nested function, which blinker holds weakly."""

    def install(self, app: Flask, manager: LoginManager) -> None:
        super().install(app, manager)

        def strip(_app: Flask, user: Any) -> None:
            if self.needs(user):
                session.pop("_user_id", None)

        user_logged_in.connect(strip, sender=app)


class PerView(Naive):
    """A decorator on the views that somebody thought of, with `login_required`'s exemptions."""

    def install(self, app: Flask, manager: LoginManager) -> None:
        super().install(app, manager)
        for endpoint in ("account", "whoami"):
            app.view_functions[endpoint] = self.required(app.view_functions[endpoint])

    def required(self, view: Any) -> Any:
        @functools.wraps(view)
        def guarded(**values: Any) -> Any:
            exempt = request.method == "OPTIONS" or current_app.config.get("LOGIN_DISABLED")
            if not exempt and self.needs(current_user) and not session.get("ok"):
                return redirect("/2fa-needed")
            return view(**values)

        return guarded


class WrappedLoad(Naive):
    """It wraps the load of the user, which is the right place, and trusts the session there."""

    def install(self, app: Flask, manager: LoginManager) -> None:
        super().install(app, manager)
        manager._load_user = functools.partial(self.load, manager._load_user)

    def load(self, original: Any) -> None:
        original()
        user = g._login_user
        if self.needs(user) and not self.is_fine(user):
            self.manager._update_request_context_with_user()

    def is_fine(self, user: Any) -> bool:
        return session.get("ok") == user.get_id()

    def passed(self) -> None:
        session["ok"] = session["_user_id"]
