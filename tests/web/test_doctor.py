"""`doctor`: each finding when it is due, none when it is not, each with a remedy and an exit code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flask_twofactor.core.records import Event
from flask_twofactor.stores.keys import new_key
from flask_twofactor.web import login_hook

from .support.examined import (
    STATES,
    Site,
    no_database,
    with_a_guarded_mount,
    with_mounts,
    with_proxy_fix,
)
from .support.operating import run


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


TEXTS = {
    "TWOFACTOR_VONAGE_API_KEY": "key",
    "TWOFACTOR_VONAGE_API_SECRET": "secret",
    "TWOFACTOR_SMS_FROM": "Host",
    "TWOFACTOR_SMS_COUNTRIES": ["GB"],
}
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
    (TEXTS, ("warning", "texts_without_host")),
    (
        TEXTS | {"SERVER_NAME": "host.test", "TWOFACTOR_SMS_RECORD_ONLY": True},
        ("warning", "texts_unlimited"),
    ),
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


def test_a_proxy_that_is_read_is_no_finding(sites: Callable[..., Site]) -> None:
    """With ProxyFix, wherever in the chain, nothing is said of proxies."""
    site = sites(PREFERRED_URL_SCHEME="https")
    with_proxy_fix(site)
    assert site.codes() == set()
    with_mounts(site)
    assert site.codes() == {("warning", "mounted_apps")}


def test_a_guarded_mount_is_no_finding(sites: Callable[..., Site]) -> None:
    """An app that is mounted behind the guard is left alone."""
    site = sites()
    with_a_guarded_mount(site)
    assert site.codes() == set()


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
