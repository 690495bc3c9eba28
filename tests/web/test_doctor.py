"""`doctor`: each finding when it is due, none when it is not, each with a remedy and an exit code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request_started
from flask_login import LoginManager
from sqlalchemy import delete, update
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_twofactor import TwoFactor
from flask_twofactor.core.records import Event
from flask_twofactor.flows import changing
from flask_twofactor.stores import schema
from flask_twofactor.stores.bootstrap import file_place, open_store
from flask_twofactor.stores.keys import new_key
from flask_twofactor.web import doctor, login_hook
from flask_twofactor.web.findings import Finding
from flask_twofactor.web.state import app_state

from .support.operating import run

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


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Make a site."""
    made: list[Site] = []

    def make(**config: Any) -> Site:
        made.append(Site(tmp_path / "instance", **config))
        return made[-1]

    (tmp_path / "instance").mkdir()
    yield make
    for site in made:
        if site.store._opened is not None:
            site.store.opened().engine.dispose()


def test_a_well_kept_app_has_no_findings(sites: Callable[..., Site]) -> None:
    """Nothing is found where nothing is wrong, in use or not: exit code 0."""
    site = sites()
    assert site.examine() == []
    site.protect()
    assert site.examine() == []
    done = run(site.app, "doctor")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "0 faults, 0 warnings.\n", "")


SETTINGS = [
    ({"SESSION_COOKIE_SECURE": False}, ("fault", "session_cookie_secure")),
    ({"REMEMBER_COOKIE_SECURE": False}, ("fault", "remember_cookie_secure")),
    ({"SESSION_COOKIE_HTTPONLY": False}, ("fault", "session_cookie_httponly")),
    ({"REMEMBER_COOKIE_HTTPONLY": False}, ("fault", "remember_cookie_httponly")),
    ({"SESSION_COOKIE_SAMESITE": None}, ("warning", "session_cookie_samesite")),
    ({"SESSION_COOKIE_SAMESITE": "None"}, ("warning", "session_cookie_samesite")),
    ({"REMEMBER_COOKIE_SAMESITE": None}, ("warning", "remember_cookie_samesite")),
    ({"SECRET_KEY": None}, ("fault", "secret_key")),
    ({"SECRET_KEY": "dev"}, ("fault", "secret_key")),
    ({"SECRET_KEY": b"short"}, ("fault", "secret_key")),
    ({"SECRET_KEY": "a" * 40}, ("fault", "secret_key")),
    ({"PREFERRED_URL_SCHEME": "https"}, ("warning", "proxy_fix")),
    ({"TWOFACTOR_STORE_ID": None}, ("warning", "store_id")),
    ({"TWOFACTOR_STORE_ID": "feedfacefeedface"}, ("fault", "store")),
]


@pytest.mark.parametrize(("config", "finding"), SETTINGS)
def test_a_setting(
    sites: Callable[..., Site], config: dict[str, Any], finding: tuple[str, str]
) -> None:
    """A setting that weakens the app is the one finding."""
    assert sites(**config).codes() == {finding}


def test_debug_is_named_and_forgives_plain_http(sites: Callable[..., Site]) -> None:
    """On a developer's machine cookies without HTTPS are only a warning; debug itself is named."""
    site = sites(SESSION_COOKIE_SECURE=False, TWOFACTOR_STORE_ID=None)
    site.app.debug = True
    assert site.codes() == {("warning", "debug"), ("warning", "session_cookie_secure")}


def test_testing_is_named(sites: Callable[..., Site]) -> None:
    """An app that runs with TESTING is told so."""
    assert ("warning", "testing") in sites(TESTING=True, TWOFACTOR_STORE_ID=None).codes()


def with_proxy_fix(site: Site) -> None:
    """Read a proxy's headers."""
    site.app.wsgi_app = ProxyFix(site.app.wsgi_app)  # type: ignore[method-assign]


def with_mounts(site: Site) -> None:
    """Mount an app beside this one."""
    outer = DispatcherMiddleware(site.app.wsgi_app, {"/dav": lambda *_: []})
    site.app.wsgi_app = outer  # type: ignore[method-assign]


def test_a_proxy_that_is_read_is_no_finding(sites: Callable[..., Site]) -> None:
    """With ProxyFix, wherever in the chain, nothing is said of proxies."""
    site = sites(PREFERRED_URL_SCHEME="https")
    with_proxy_fix(site)
    assert site.codes() == set()
    with_mounts(site)
    assert site.codes() == {("warning", "mounted_apps")}


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
    (other_identity, ("fault", "id_attribute")),
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


@pytest.mark.parametrize(("do", "finding"), STATES)
def test_a_state(
    sites: Callable[..., Site], do: Callable[[Site], None], finding: tuple[str, str]
) -> None:
    """What is wrong is the one finding, with a remedy, and the exit code tells how bad it is."""
    site = sites()
    do(site)
    assert site.codes() == {finding}
    assert all(one.remedy for one in site.examine())
    done = run(site.app, "doctor", "--json")
    expected = 1 if finding[0] == "fault" else 3
    found = json.loads(done.stdout)
    assert (done.exit_code, found["exit_code"]) == (expected, expected)
    assert [(one["severity"], one["code"]) for one in found["findings"]] == [finding]


def test_an_unsupported_flask_login(
    sites: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another release of Flask-Login is named with what to install."""
    monkeypatch.setattr(login_hook, "version", lambda _name: "0.7.0")
    site = sites()
    assert site.codes() == {("fault", "login_manager")}
    assert "flask-login>=0.6.3,<0.7" in site.examine()[0].remedy


def test_an_empty_store_beside_a_used_one(sites: Callable[..., Site], tmp_path: Path) -> None:
    """Pointed at an empty database while people are in the default store: a fault."""
    used = sites()
    used.protect()
    config = {
        "TWOFACTOR_DATABASE_URI": f"sqlite:///{tmp_path}/other.sqlite",
        "TWOFACTOR_KEYS": [new_key()],
        "TWOFACTOR_STORE_ID": None,
    }
    site = sites(**config)
    run(site.app, "init")
    assert ("fault", "other_store") in site.codes()
    site.protect("user:2")
    assert ("fault", "other_store") not in site.codes()


def test_a_server_that_is_down(sites: Callable[..., Site]) -> None:
    """A database that does not answer is named by its place, without name and password."""
    site = sites(
        TWOFACTOR_DATABASE_URI="postgresql+psycopg://someone:s3cret@127.0.0.1:9/accounts",
        TWOFACTOR_KEYS=[new_key()],
    )
    (found,) = site.examine()
    assert (found.severity, found.code) == ("fault", "store")
    assert "The database accounts on 127.0.0.1:9 cannot be read" in found.found
    assert "s3cret" not in repr(found)


def test_faults_come_first_in_words(sites: Callable[..., Site]) -> None:
    """For people: each finding and its remedy, faults first, and a count."""
    done = run(sites(SESSION_COOKIE_SAMESITE=None, SECRET_KEY="dev").app, "doctor")
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert [line.split(":")[0] for line in lines[0:3:2]] == [
        "fault secret_key",
        "warning session_cookie_samesite",
    ]
    assert lines[-1] == "1 fault, 1 warning."
    assert all(line.startswith("  ") for line in lines[1:4:2])


def test_looking_changes_nothing(sites: Callable[..., Site]) -> None:
    """`doctor` writes no row and makes no store."""
    site = sites()
    heard: list[Event] = []
    site.store._witness.tell = heard.append
    before = site.store.upkeep().audit_numbers()
    site.examine()
    assert site.store.upkeep().audit_numbers() == before
    no_database(site)
    site.store._opened = None
    site.examine()
    assert not (site.folder / "twofactor.sqlite").exists()
