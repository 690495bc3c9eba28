"""A well-kept app, and every way to spoil it that `doctor` knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask, request_started
from flask_login import LoginManager
from sqlalchemy import delete, update
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_twofactor import TwoFactor, TwoFactorGuard
from flask_twofactor.flows import changing
from flask_twofactor.stores import schema
from flask_twofactor.stores.bootstrap import file_place, open_store
from flask_twofactor.web import doctor
from flask_twofactor.web.findings import Finding
from flask_twofactor.web.state import app_state

GOOD = {
    "SECRET_KEY": "0123456789abcdef0123456789abcdef",
    "SESSION_COOKIE_SECURE": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "REMEMBER_COOKIE_SECURE": True,
    "REMEMBER_COOKIE_SAMESITE": "Lax",
}


class Site:
    """A well-kept app with a store on disk, in production, and whatever a test does to it."""

    def __init__(self, folder: Path, **config: Any) -> None:
        self.folder = folder
        opened = open_store(file_place(folder, expected_id=None, makes_itself=False), 0, make=True)
        opened.engine.dispose()
        self.app = Flask("host", instance_path=str(folder))
        self.app.config.update(GOOD | {"TWOFACTOR_STORE_ID": opened.store_id} | config)
        self.manager = LoginManager(self.app)
        self.twofactor = TwoFactor(self.app)
        self.twofactor.password_checker(lambda _user, _password: False)
        self.twofactor.mail_sender(lambda _message: None)

    @property
    def store(self) -> Any:
        """The app's store."""
        return app_state(self.app).ports.store

    def protect(self, key: str = "user:1") -> None:
        """Set somebody up."""
        with self.app.app_context():
            ports = app_state(self.app).ports
            changing.import_authenticator(ports, key, "totp", {"secret": "S"}, "Phone")

    def change(self, statement: Any) -> None:
        """Do something behind the store's back."""
        with self.store.opened().engine.begin() as connection:
            connection.execute(statement)

    def examine(self) -> list[Finding]:
        """Give all findings."""
        with self.app.app_context():
            return doctor.examine(self.app)

    def codes(self) -> set[tuple[str, str]]:
        """Give severity and code of all findings."""
        return {(one.severity, one.code) for one in self.examine()}


def with_proxy_fix(site: Site) -> None:
    """Read a proxy's headers."""
    site.app.wsgi_app = ProxyFix(site.app.wsgi_app)  # type: ignore[method-assign]


def with_mounts(site: Site) -> None:
    """Mount an app beside this one."""
    outer = DispatcherMiddleware(site.app.wsgi_app, {"/dav": lambda *_: []})
    site.app.wsgi_app = outer  # type: ignore[method-assign]


def with_a_guarded_mount(site: Site) -> None:
    """Mount an app behind the guard."""
    guarded = TwoFactorGuard(lambda *_: [], site.app)
    site.app.wsgi_app = DispatcherMiddleware(site.app.wsgi_app, {"/dav": guarded})  # type: ignore[method-assign]


def without_mail(site: Site) -> None:
    """Give mails no way out."""
    app_state(site.app).callbacks.mail_sender = None


def without_checker(site: Site) -> None:
    """Give no way to ask for the password."""
    app_state(site.app).callbacks.password_checker = None


def other_identity(site: Site) -> None:
    """Tell Flask-Login to read another method."""
    site.manager.id_attribute = "get_token"


def without_manager(site: Site) -> None:
    """Have no Flask-Login."""
    del site.app.login_manager  # type: ignore[attr-defined]


def with_security(site: Site) -> None:
    """Have Flask-Security."""
    site.app.extensions["security"] = object()


def replaced_hook(site: Site) -> None:
    """Put something in front of our hook."""
    inner = site.app.preprocess_request
    site.app.preprocess_request = lambda: inner() or None  # type: ignore[method-assign]


def early_receiver(site: Site) -> None:
    """Run before anybody is vetted."""
    request_started.connect(peek, site.app)


def peek(_app: Flask) -> None:
    """Look at the session early."""


def open_key(site: Site) -> None:
    """Let everybody read the key."""
    (site.folder / "twofactor.key").chmod(0o644)


def emptied(site: Site) -> None:
    """Lose everybody's rows."""
    site.protect()
    for table in schema.PERSONAL:
        site.change(delete(table))


def old_version(site: Site) -> None:
    """Be of another release."""
    site.change(update(schema.version).values(version_num="9999"))
    site.store._opened = None


def lost_key(site: Site) -> None:
    """Lose a key that rows need."""
    site.protect()
    site.change(update(schema.authenticator).values(data="gone.body"))


def old_key(site: Site) -> None:
    """Have a new key, and rows under the old one."""
    site.protect()
    site.store.upkeep().add_key()


def no_database(site: Site) -> None:
    """Lose the database."""
    (site.folder / "twofactor.sqlite").unlink()


STATES = [
    (with_mounts, ("warning", "mounted_apps")),
    (without_checker, ("warning", "password_checker")),
    (without_mail, ("warning", "no_mail")),
    (other_identity, ("fault", "login_manager")),
    (without_manager, ("fault", "login_manager")),
    (with_security, ("fault", "login_manager")),
    (replaced_hook, ("warning", "replaced_hook")),
    (early_receiver, ("warning", "early_code")),
    (open_key, ("fault", "file_mode")),
    (emptied, ("warning", "emptied_store")),
    (old_version, ("fault", "store")),
    (no_database, ("fault", "store")),
    (lost_key, ("fault", "lost_key")),
    (old_key, ("warning", "old_key")),
]
