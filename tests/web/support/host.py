"""A little Flask-Login app, as a developer would write it before adding a second factor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import Flask, redirect, request, session
from flask.testing import FlaskClient
from flask_login import (
    LoginManager,
    UserMixin,
    current_user,
    login_required,
    login_user,
    logout_user,
)
from itsdangerous import URLSafeSerializer
from werkzeug.test import TestResponse

if TYPE_CHECKING:
    from .guard import Guard

PASSWORD = "a-password"
SECRET_KEY = "the host's secret key, long enough for every signature"


@dataclass(eq=False)
class Person(UserMixin):
    """Somebody who signs in; `id` never changes, `login_id` may."""

    is_authenticated = True

    id: str
    email: str
    name: str
    role: str = "member"
    is_active: bool = True
    login_id: str = ""

    def get_id(self) -> str:
        """Give what Flask-Login keeps in the session."""
        return self.login_id or self.id


class Host:
    """The app, its people and the guard on its door. `ann` and `vic` are two of them."""

    guard_comes_first = False

    def __init__(self, guard: Guard, manager: LoginManager | None = None, **config: Any) -> None:
        self.ann = Person("1", "ann@host.test", "Ann Oak")
        self.vic = Person("2", "vic@host.test", "Vic Fir", role="admin")
        self.people = [self.ann, self.vic]
        self.app = make_app(**config)
        self.manager = manager or LoginManager()
        self.guard = guard
        if self.guard_comes_first:
            guard.install(self.app, self.manager)
        self.join(self.manager)
        add_pages(self)
        if not self.guard_comes_first:
            guard.install(self.app, self.manager)

    def join(self, manager: LoginManager) -> None:
        """Put a login manager on the app, as the host's factory does."""
        manager.login_view = "login"
        manager.user_loader(self.load)
        manager.init_app(self.app)

    def load(self, login_id: str) -> Person | None:
        """Find a person by what the session keeps."""
        return next((one for one in self.people if one.get_id() == login_id), None)

    def client(self, address: str = "127.0.0.1", agent: str = "Browser") -> FlaskClient:
        """Open a browser without cookies."""
        client = self.app.test_client()
        client.environ_base |= {"REMOTE_ADDR": address, "HTTP_USER_AGENT": agent}
        return client

    def copy_of(self, client: FlaskClient, **whose: str) -> FlaskClient:
        """Open another browser, or a thief's, with a copy of this one's session cookie."""
        copy = self.client(**whose)
        put_cookie(copy, cookie(client))
        return copy

    def log_in(
        self, client: FlaskClient, user: Person, path: str = "/login", **fields: Any
    ) -> TestResponse:
        """Send the right password."""
        return client.post(path, data={"email": user.email, "password": PASSWORD, **fields})

    def signed_in(self, user: Person, **fields: Any) -> FlaskClient:
        """Open a browser and take a protected user all the way in."""
        client = self.client()
        self.log_in(client, user, **fields)
        self.guard.pass_second_factor(client, user)
        assert self.lets_in(client, user), "the guard lets nobody in at all"
        return client

    def lets_in(self, client: FlaskClient, user: Person) -> bool:
        """Say whether this browser is now taken for the user on any page."""
        return any(user.email in client.get(path).text for path in ("/account", "/whoami"))

    def view(self, path: str, endpoint: str, answer: Callable[[], Any], *methods: str) -> None:
        """Add a page before the app has served its first."""
        self.app.add_url_rule(path, endpoint, answer, methods=methods or ("GET",))

    def share_link(self, user: Person) -> str:
        """Give a token of the host's own, signed with no salt and no kind, as many hosts do."""
        return str(URLSafeSerializer(self.app.secret_key or "").dumps({"user": user.id}))


def make_app(**config: Any) -> Flask:
    """Make a bare app; an exception in a view becomes a 500 as it does in production."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=SECRET_KEY,
        TESTING=True,
        PROPAGATE_EXCEPTIONS=False,
        REMEMBER_COOKIE_DURATION=timedelta(days=1),
    )
    app.config.update(config)
    return app


def who() -> str:
    """Give the address of whoever Flask-Login says is there."""
    return str(current_user.email) if current_user.is_authenticated else "nobody"


def cookie(client: FlaskClient, name: str = "session") -> str | None:
    """Give the value of a browser's cookie."""
    found = client.get_cookie(name)
    return None if found is None else found.value


def put_cookie(client: FlaskClient, value: str | None, name: str = "session") -> None:
    """Put a cookie into a browser, copied from elsewhere; None takes it out."""
    client.delete_cookie(name)
    if value is not None:
        client.set_cookie(name, value)


def session_of(client: FlaskClient) -> dict[str, Any]:
    """Read what a browser's session holds."""
    with client.session_transaction() as found:
        return dict(found)


def add_pages(host: Host) -> None:
    """Give the host a login, a log-out, a page for members and a page for everybody."""

    def login() -> Any:
        if request.method == "GET":
            return "the login page"
        typed = request.get_json() if request.is_json else request.form
        user = next((one for one in host.people if one.email == typed.get("email")), None)
        if user is None or typed.get("password") != PASSWORD:
            return "wrong", 400
        days = typed.get("days")
        duration = timedelta(days=int(days)) if days else None
        login_user(user, remember=bool(typed.get("remember")), duration=duration)
        session["role"] = user.role
        return redirect(typed.get("next") or "/account")

    def logout() -> Any:
        logout_user()
        return redirect("/login")

    def account() -> str:
        return f"the account of {current_user.email}" if current_user.is_authenticated else "?"

    host.view("/login", "login", login, "GET", "POST")
    host.view("/logout", "logout", logout, "POST")
    host.view("/account", "account", login_required(account), "GET", "POST")
    host.view("/whoami", "whoami", who, "GET", "POST")
