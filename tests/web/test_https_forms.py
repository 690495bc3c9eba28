"""Every form of ours over HTTPS, with and without an app-wide CSRFProtect."""

from __future__ import annotations

import http.cookiejar
import ssl
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode, urljoin

import pyotp
import pytest
import trustme
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf.csrf import CSRFProtect
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from werkzeug.test import TestResponse

from example_app import create_app
from example_app.seed import DEMO_PASSWORD
from flask_twofactor.testing import frozen_clock, set_up_totp
from flask_twofactor.web.headers import HEADERS

from .support.forms import find_form, read_page
from .support.host import PASSWORD, session_of
from .support.portal import (
    CANCEL,
    CHALLENGE,
    CODES,
    CONFIRM,
    DISABLE,
    EVERYWHERE,
    OVERVIEW,
    PAGES,
    SETUP,
    STEP_UP,
    Portal,
    portal,
    read,
    scanned_code,
)

ORIGIN = "https://localhost"
LONG_AGO = int(time.time()) - 4000  # seconds: a token is good for an hour


class Case(NamedTuple):
    """A form: the page it is on, where it goes, what is typed, and whether it took effect."""

    name: str
    open: Callable[[Portal], FlaskClient]
    page: str
    path: Callable[[FlaskClient], str]
    typed: Callable[[Portal, FlaskClient], dict[str, str]]
    done: Callable[[Portal, FlaskClient], bool]
    config: dict[str, str] = {}  # noqa: RUF012 - nobody writes to it

    def __str__(self) -> str:
        return self.name


def _held(host: Portal) -> FlaskClient:
    host.guard.protect(host.vic)
    return host.held()


def _protected(host: Portal) -> FlaskClient:
    host.guard.protect(host.vic)
    client = host.held()
    code = {"code": host.code()}
    assert send(client, CHALLENGE, CHALLENGE, code).status_code == 303
    return client


def _remembered(host: Portal) -> FlaskClient:
    host.guard.protect(host.vic)
    return _remembered_once_more(host)


def _remembered_once_more(host: Portal) -> FlaskClient:
    client = host.held()
    typed = {"code": host.code(), "remember_device": "1"}
    assert send(client, CHALLENGE, CHALLENGE, typed).status_code == 303
    return client


def _remembered_twice(host: Portal) -> FlaskClient:
    _remembered(host)
    return _remembered_once_more(host)


def _protected_twice(host: Portal) -> FlaskClient:
    set_up_totp(host.app, host.vic, "Old phone")
    return _protected(host)


def _protected_long_ago(host: Portal) -> FlaskClient:
    client = _protected(host)
    host.clock.move(600)
    return client


def _signed_in_long_ago(host: Portal) -> FlaskClient:
    client = host.plain()
    host.clock.move(600)
    return client


def _must_set_up(host: Portal) -> FlaskClient:
    client = host.client()
    host.log_in(client, host.vic)
    return client


def _to(path: str) -> Callable[[FlaskClient], str]:
    return lambda _client: path


def _to_first(action: str) -> Callable[[FlaskClient], str]:
    return lambda client: f"{PAGES}/authenticators/{_owned(client)[0]['id']}/{action}"


def _to_device(action: str) -> Callable[[FlaskClient], str]:
    return lambda client: f"{PAGES}/devices/{_devices(client)[0]['id']}/{action}"


def _devices(client: FlaskClient) -> list[dict[str, str]]:
    return list(read(client, OVERVIEW)["trusted_devices"])


def _nothing(_host: Portal, _client: FlaskClient) -> dict[str, str]:
    return {}


def _owned(client: FlaskClient) -> list[dict[str, str]]:
    return list(read(client, OVERVIEW)["authenticators"])


def _can_change(_host: Portal, client: FlaskClient) -> bool:
    return STEP_UP not in (send(client, OVERVIEW, DISABLE, {}).location or "")


def _is_stranger(_host: Portal, client: FlaskClient) -> bool:
    return client.get(CHALLENGE).location == "/login"


CASES = [
    Case(
        "challenge",
        _held,
        CHALLENGE,
        _to(CHALLENGE),
        lambda host, _client: {"code": host.code()},
        lambda host, client: host.lets_in(client, host.vic),
    ),
    Case("cancel", _held, CHALLENGE, _to(CANCEL), _nothing, _is_stranger),
    Case(
        "cancel-setup",
        _must_set_up,
        f"{PAGES}/setup",
        _to(CANCEL),
        _nothing,
        _is_stranger,
        {"TWOFACTOR_REQUIRED_FOR": "all"},
    ),
    Case(
        "setup",
        lambda host: host.plain(),
        SETUP,
        _to(SETUP),
        lambda host, client: {"code": scanned_code(host, client), "name": "Pixel 9"},
        lambda _host, client: read(client, OVERVIEW)["protected"] is True,
    ),
    Case(
        "backup-codes",
        _protected,
        CODES,
        _to(CODES),
        _nothing,
        lambda _host, client: read(client, OVERVIEW)["codes_left"] == 10,
    ),
    Case(
        "rename",
        _protected,
        OVERVIEW,
        _to_first("rename"),
        lambda _host, _client: {"name": "Pixel <9>"},
        lambda _host, client: _owned(client)[0]["name"] == "Pixel <9>",
    ),
    Case(
        "remove",
        _protected_twice,
        OVERVIEW,
        _to_first("remove"),
        _nothing,
        lambda _host, client: len(_owned(client)) == 1,
    ),
    Case(
        "disable",
        _protected,
        OVERVIEW,
        _to(DISABLE),
        _nothing,
        lambda _host, client: read(client, OVERVIEW)["protected"] is False,
    ),
    Case(
        "confirm-password",
        _signed_in_long_ago,
        CONFIRM,
        _to(CONFIRM),
        lambda _host, _client: {"password": PASSWORD},
        lambda _host, client: client.get(SETUP).status_code == 200,
    ),
    Case(
        "step-up",
        _protected_long_ago,
        STEP_UP,
        _to(STEP_UP),
        lambda host, _client: {"code": host.code()},
        _can_change,
    ),
]
CASES += [
    Case(
        "rename-device",
        _remembered,
        OVERVIEW,
        _to_device("rename"),
        lambda _host, _client: {"name": "Laptop <9>"},
        lambda _host, client: _devices(client)[0]["name"] == "Laptop <9>",
    ),
    Case(
        "revoke-device",
        _remembered,
        OVERVIEW,
        _to_device("revoke"),
        _nothing,
        lambda _host, client: _devices(client) == [],
    ),
    Case(
        "revoke-devices",
        _remembered_twice,
        OVERVIEW,
        _to(f"{PAGES}/devices/revoke"),
        _nothing,
        lambda _host, client: _devices(client) == [],
    ),
    Case(
        "end-session",
        _remembered_twice,
        OVERVIEW,
        lambda client: f"{PAGES}/sessions/{read(client, OVERVIEW)['sessions'][1]['id']}/end",
        _nothing,
        lambda _host, client: len(read(client, OVERVIEW)["sessions"]) == 1,
    ),
    Case(
        "sign-out-everywhere",
        _protected,
        OVERVIEW,
        _to(EVERYWHERE),
        _nothing,
        lambda host, client: not host.lets_in(client, host.vic),
    ),
]
FOR_ADMINS = {
    f"twofactor.{name}" for name in ("set_rule", "reset_member", "exempt_member", "unlock_member")
}
EACH = pytest.mark.parametrize("case", CASES, ids=str)


def behind_https(case: Case, *, csrf: bool = True) -> Portal:
    """Make a host that is reached by HTTPS, whose CSRFProtect comes last, if there is one."""
    host = Portal(PREFERRED_URL_SCHEME="https", **case.config)
    if csrf:
        CSRFProtect(host.app).exempt(host.app.view_functions["login"])
    return host


def send(
    client: FlaskClient, page: str, path: str, typed: dict[str, str], html: str | None = None
) -> TestResponse:
    """Send a page's form as a browser does, with everything that stands in it."""
    form = find_form(html or client.get(page).text, page, path)
    referer = {"Referer": ORIGIN + page}
    return client.post(form.action, data=form.fields | typed, headers=referer)


def check_page(answer: TestResponse, page: str) -> None:
    """See that an answer is kept close, and that nothing in it stands inline."""
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert read_page(answer.text, page).inline == []


def test_every_form_is_tried() -> None:
    """The cases are all the addresses of ours that take a POST."""
    app = Portal().app
    posts = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("twofactor.") and "POST" in (rule.methods or ())
    } - {"twofactor.not_me", *FOR_ADMINS}  # see test_not_me.py and test_tenant_pages.py
    tried = {
        "challenge": "challenge",
        "cancel": "cancel",
        "cancel-setup": "cancel",
        "setup": "setup",
        "backup-codes": "backup_codes",
        "rename": "rename_authenticator",
        "remove": "remove_authenticator",
        "disable": "disable",
        "confirm-password": "confirm_password",
        "step-up": "step_up",
        "rename-device": "rename_device",
        "revoke-device": "revoke_device",
        "revoke-devices": "revoke_devices",
        "end-session": "end_session",
        "sign-out-everywhere": "sign_out_everywhere",
    }

    assert {case.name for case in CASES} == set(tried)
    # Where nothing sends texts no page has the form; tests/web/test_sms_pages.py tries it.
    assert posts == {f"twofactor.{name}" for name in (*tried.values(), "send_code")}


@EACH
@pytest.mark.parametrize("csrf", [True, False], ids=["app-wide", "none"])
def test_a_form_works(case: Case, *, csrf: bool) -> None:
    """The form of the page, sent as it is, does what it says."""
    host = behind_https(case, csrf=csrf)
    with frozen_clock(host.app) as host.clock:
        client = case.open(host)
        path, typed = case.path(client), case.typed(host, client)
        shown = client.get(case.page)
        assert not case.done(host, client)
        answer = send(client, case.page, path, typed)

        check_page(shown, case.page)
        check_page(answer, case.page)
        assert answer.status_code in {200, 303}
        assert case.done(host, client)


@EACH
@pytest.mark.parametrize("csrf", [True, False], ids=["app-wide", "none"])
@pytest.mark.parametrize("fault", ["missing", "nonsense", "a stranger's", "expired"])
def test_a_wrong_token_changes_nothing(
    case: Case, fault: str, monkeypatch: pytest.MonkeyPatch, *, csrf: bool
) -> None:
    """The form is shown again with what was typed, and works when it is sent once more."""
    host = behind_https(case, csrf=csrf)
    with frozen_clock(host.app) as host.clock:
        client = case.open(host)
        path, typed = case.path(client), case.typed(host, client)
        form = find_form(client.get(case.page).text, case.page, path)
        fields, referer = form.fields | typed, {"Referer": ORIGIN + case.page}
        if fault == "missing":
            del fields["csrf_token"]
        elif fault == "nonsense":
            fields["csrf_token"] = "nonsense"
        elif fault == "a stranger's":
            fields["csrf_token"] = read(host.plain(host.ann), f"{PAGES}/setup").get(
                "csrf_token", "a stranger is held too"
            )
        elif fault == "expired":
            fields["csrf_token"] = expired_token(host, client, monkeypatch)
        answer = client.post(form.action, data=fields, headers=referer)

        refused(answer, case, path, typed)
        assert not case.done(host, client)
        send(client, case.page, path, typed, html=answer.text)
        assert case.done(host, client)


def expired_token(host: Portal, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the token that this browser's page had long ago."""
    value = session_of(client)["csrf_token"]
    signer = URLSafeTimedSerializer(host.app.secret_key or "", salt="wtf-csrf-token")
    with monkeypatch.context() as patch:
        patch.setattr(TimestampSigner, "get_timestamp", lambda _self: LONG_AGO)
        return str(signer.dumps(value))


@EACH
@pytest.mark.parametrize("referer", [None, "https://elsewhere.test/", "http://localhost/"])
def test_a_wrong_referer_changes_nothing(case: Case, referer: str | None) -> None:
    """Where an app-wide CSRFProtect asks for the Referer over HTTPS, so do we."""
    host = behind_https(case)
    with frozen_clock(host.app) as host.clock:
        client = case.open(host)
        path, typed = case.path(client), case.typed(host, client)
        form = find_form(client.get(case.page).text, case.page, path)
        headers = {"Referer": referer} if referer else {}
        answer = client.post(form.action, data=form.fields | typed, headers=headers)

        refused(answer, case, path, typed)
        assert not case.done(host, client)


def refused(answer: TestResponse, case: Case, path: str, typed: dict[str, str]) -> None:
    """See that the form was refused in plain words and is there again."""
    assert answer.status_code == 400
    assert "This page was open for too long" in answer.text
    assert 'role="alert"' in answer.text
    check_page(answer, case.page)
    again = find_form(answer.text, case.page, path)
    assert again.fields.get("name") == typed.get("name")
    assert PASSWORD not in answer.text


def test_the_hosts_own_pages_stay_guarded() -> None:
    """Only our pages are left to us: a form of the host without a token is still refused."""
    with portal() as host:
        CSRFProtect(host.app)

        assert host.client().post("/logout").status_code == 400


class Browser:
    """A browser that trusts our authority and sends a Referer."""

    def __init__(self, address: str, authority: trustme.CA) -> None:
        context = ssl.create_default_context()
        authority.configure_trust(context)
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        https = urllib.request.HTTPSHandler(context=context)
        self._open = urllib.request.build_opener(https, cookies).open
        self._address = address
        self.page, self.html = "", ""

    def go(self, page: str) -> None:
        """Open a page."""
        self._take(urllib.request.Request(self._address + page))

    def send(self, path: str, **typed: str) -> None:
        """Send the form of this page that goes to a path."""
        form = find_form(self.html, self.page, path)
        data = urlencode(form.fields | typed).encode()
        target = urljoin(self._address + self.page, form.action)
        self._take(urllib.request.Request(target, data, {"Referer": self._address + self.page}))

    def _take(self, request: urllib.request.Request) -> None:
        with self._open(request) as answer:
            self.page = answer.url.removeprefix(self._address)
            self.html = answer.read().decode()


def test_setup_and_login_over_real_tls(
    tmp_path: Path, live_server: Callable[..., str], certificate_authority: trustme.CA
) -> None:
    """The example app, served by TLS with cookies for HTTPS only: set up, then log in by code."""
    config = {"SESSION_COOKIE_SECURE": True, "PASSWORD_METHOD": "pbkdf2:sha256:1"}
    app: Flask = create_app(config, instance_path=str(tmp_path))
    login = {"email": "ann@maple.test", "password": DEMO_PASSWORD}
    with frozen_clock(app) as clock:
        browser = Browser(live_server(app, tls=True), certificate_authority)
        browser.go("/login")
        browser.send("/login", **login)
        browser.go(SETUP)
        key = browser.html.partition('id="tf-key"')[2].partition(">")[2].partition("<")[0]
        app_on_phone = pyotp.TOTP(key.replace(" ", ""))
        browser.send(SETUP, code=app_on_phone.at(int(clock.now)), name="Pixel 9")
        assert "Two-Factor Authentication is now enabled" in browser.html
        browser.send("/logout")
        browser.send("/login", **login)
        assert browser.page == CHALLENGE
        clock.move(30)
        browser.send(CHALLENGE, code=app_on_phone.at(int(clock.now)))

    assert browser.page == "/account"
    assert "Ann Tremblay" in browser.html
