"""The app's own settings: cookies, keys, debug, and what stands in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_twofactor.web import mailing
from flask_twofactor.web.findings import Check, Finding, fault, warning
from flask_twofactor.web.state import AppState
from flask_twofactor.web.wsgi import TwoFactorGuard

SHORTEST_KEY = 16
FEWEST_LETTERS = 6
USUAL_KEYS = ("changeme", "change-me", "secret", "dev", "password", "test", "flask", "key")


def cookies(app: Flask, _state: AppState) -> Iterator[Finding]:
    """Look at the cookies that carry a login."""
    severe = warning if app.debug else fault
    for cookie in ("SESSION_COOKIE", "REMEMBER_COOKIE"):
        secure, hidden, site = (f"{cookie}_{name}" for name in ("SECURE", "HTTPONLY", "SAMESITE"))
        if not app.config.get(secure, False):
            yield severe(
                f"{cookie.lower()}_secure",
                f"{secure} is off: the cookie also travels without HTTPS.",
                f"Set {secure} = True where the app is served over HTTPS.",
            )
        if not app.config.get(hidden, True):
            yield fault(
                f"{cookie.lower()}_httponly",
                f"{hidden} is off: scripts on a page can read the cookie.",
                f"Set {hidden} = True.",
            )
        if app.config.get(site) not in {"Lax", "Strict"}:
            yield warning(
                f"{cookie.lower()}_samesite",
                f"{site} is not set: browsers differ in when they send the cookie.",
                f'Set {site} = "Lax".',
            )


def secret_key(app: Flask, _state: AppState) -> Iterator[Finding]:
    """Look at what signs the session."""
    key = app.secret_key
    remedy = (
        'Set SECRET_KEY to what `python -c "import secrets; print(secrets.token_hex())"` prints.'
    )
    if not key:
        yield fault("secret_key", "SECRET_KEY is missing: nobody can sign in.", remedy)
    elif _is_weak(key):
        yield fault(
            "secret_key", "SECRET_KEY can be guessed: anybody could make a session.", remedy
        )


def modes(app: Flask, _state: AppState) -> Iterator[Finding]:
    """See whether the app runs as it does on a developer's machine."""
    if app.debug:
        yield warning(
            "debug",
            "Debug is on: the store makes itself, and errors show the app's inside.",
            "Turn it off in production.",
        )
    if app.testing:
        yield warning(
            "testing",
            "TESTING is on: the default store is in memory, and CSRF protection may be off.",
            "Turn it off outside tests.",
        )


def proxy(app: Flask, _state: AppState) -> Iterator[Finding]:
    """Ask for the proxy's set-up where HTTPS is meant and nothing reads its headers."""
    base = app.config.get("TWOFACTOR_BASE_URL") or ""
    https = app.config.get("PREFERRED_URL_SCHEME") == "https" or str(base).startswith("https:")
    if https and not any(isinstance(layer, ProxyFix) for layer in _layers(app)):
        yield warning(
            "proxy_fix",
            "The app is meant for HTTPS, and nothing reads a proxy's headers: behind one, all "
            "visitors share the proxy's address, and cookies are made as for plain HTTP.",
            "Behind a proxy: app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1). Where the "
            "server itself speaks HTTPS or knows the proxy, ignore this.",
        )


def mounts(app: Flask, _state: AppState) -> Iterator[Finding]:
    """Name the apps that are mounted beside this one."""
    found = [layer for layer in _layers(app) if isinstance(layer, DispatcherMiddleware)]
    paths = sorted(path for layer in found for path in layer.mounts if not _guarded(layer, path))
    if paths:
        yield warning(
            "mounted_apps",
            f"Apps are mounted at {', '.join(paths)}: their requests never reach this app.",
            "Wrap each that needs a login in TwoFactorGuard; ignore this for the others.",
        )


def password_checker(_app: Flask, state: AppState) -> Iterator[Finding]:
    """See whether a password can be asked again."""
    if state.callbacks.password_checker is None:
        yield warning(
            "password_checker",
            "There is no password_checker: before a first setup people must sign in again.",
            "Give one with @twofactor.password_checker, if people have passwords.",
        )


def mail(_app: Flask, state: AppState) -> Iterator[Finding]:
    """See whether people can be told of what happens to their account."""
    if mailing.sender_of(state) is None:
        yield warning(
            "no_mail",
            "There is no way for mails: nobody hears of changes to their account.",
            "Set TWOFACTOR_EMAIL_HOST and TWOFACTOR_EMAIL_FROM, set up Flask-Mail or "
            "Flask-Mailman, or give a mail_sender.",
        )


def texts(app: Flask, state: AppState) -> Iterator[Finding]:
    """See whether texts have limits, and whether phones can tell whose code it is."""
    if state.ports.sender is None:
        return
    if state.settings.sms_record_only:
        yield warning(
            "texts_unlimited",
            "TWOFACTOR_SMS_RECORD_ONLY is on: most limits on texts are counted and stop nothing.",
            "Turn it off once the limits are tuned; see docs/how-to/sms.md.",
        )
    named = (state.settings.base_url, app.config.get("SERVER_NAME"))
    if not any(named) and not app.config.get("TRUSTED_HOSTS"):
        yield warning(
            "texts_without_host",
            "Texts do not say which host their code is for: phones cannot fill it in.",
            "Set TWOFACTOR_BASE_URL, or Flask's SERVER_NAME or TRUSTED_HOSTS.",
        )


def _is_weak(key: str | bytes) -> bool:
    text = key.decode("latin-1") if isinstance(key, bytes) else key
    simple = len(text) < SHORTEST_KEY or len(set(text)) < FEWEST_LETTERS
    return simple or any(text.lower() in {word, word * 2} for word in USUAL_KEYS)


def _layers(app: Flask) -> Iterator[Any]:
    layer: Any = app.wsgi_app
    seen: set[int] = set()
    while layer is not None and id(layer) not in seen:
        seen.add(id(layer))
        yield layer
        inner = (getattr(layer, name, None) for name in ("app", "wsgi_app", "application"))
        layer = next((one for one in inner if callable(one)), None)


def _guarded(layer: DispatcherMiddleware, path: str) -> bool:
    return isinstance(layer.mounts[path], TwoFactorGuard)


CHECKS: tuple[Check, ...] = (
    cookies,
    secret_key,
    modes,
    proxy,
    mounts,
    password_checker,
    mail,
    texts,
)
