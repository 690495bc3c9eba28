"""All that one app has of us, in `app.extensions["twofactor"]`, and what one request knows."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, cast

from flask import Flask, current_app
from flask.globals import _cv_request
from flask.wrappers import Request

from flask_twofactor.core.devices import GivenDevice
from flask_twofactor.core.notices import Message, Notice
from flask_twofactor.core.policy import Verdict
from flask_twofactor.core.ports import StoreKeeper
from flask_twofactor.core.records import KnownBrowser, Mark, Source, Standing
from flask_twofactor.core.rules import Belonging
from flask_twofactor.flows.context import Ports
from flask_twofactor.flows.trusting import Found
from flask_twofactor.settings import Settings

User = Any
"""The host's user object; only Flask-Login's contract is assumed of it."""

NAME = "twofactor"
"""The name of our blueprint and of our place in `app.extensions`."""

ATTRIBUTE = "_twofactor"


@dataclass(slots=True)
class Callbacks:
    """What the host told us by decorators; None takes the default."""

    user_key: Callable[[User], object] | None = None
    find_user: Callable[[str], User] | None = None
    account_name: Callable[[User], str | None] | None = None
    password_checker: Callable[[User, str], bool] | None = None
    password_fingerprint_loader: Callable[[User], object] | None = None
    setup_prerequisite: Callable[[User], str | None] | None = None
    held_handler: Callable[[Request, str], Any] | None = None
    after_release: Callable[[User, Any], Any] | None = None
    request_loader_policy: Callable[[Request], bool] | None = None
    locale_selector: Callable[[], str | None] | None = None
    language_loader: Callable[[User], str | None] | None = None
    mail_sender: Callable[[Message], object] | None = None
    email_loader: Callable[[User], str | None] | None = None
    phone_loader: Callable[[User], str | None] | None = None
    tenant_loader: Callable[[User], object] | None = None
    role_loader: Callable[[User], object] | None = None
    tenant_admin_loader: Callable[[User], object] | None = None
    members_loader: Callable[[str, Any, int], Any] | None = None
    tenant_name: Callable[[str], str | None] | None = None


@dataclass(slots=True)
class AppState:
    """One app's settings, ports, store keeper and callbacks, and what the hook learned of the app."""

    settings: Settings
    ports: Ports
    keeper: StoreKeeper
    callbacks: Callbacks
    identify: Callable[[User], tuple[str, str | None] | None]
    prerequisite_endpoints: Collection[str] = ()
    manager: Any = None
    statics: frozenset[str] = frozenset()
    find_sender: Callable[[], Callable[[Message], object] | None] = lambda: None
    told_of_no_mail: bool = False


@dataclass(slots=True)
class PendingHold:
    """A login of this request that will be held when the request ends.

    `device` is the trusted device that this browser named; `entered` says that the view ran for
    the person before, so that nothing of its answer may leave.
    """

    user_key: str
    login_id: str
    label: str
    standing: Standing
    verdict: Verdict
    source: Source
    remember: bool = False
    remember_seconds: float | None = None
    fresh: bool = True
    aside: dict[str, Any] = field(default_factory=dict, repr=False)
    device: Found | None = None
    entered: bool = False
    belonging: Belonging | None = None


@dataclass(slots=True)
class Visit:
    """What is known of one request; it lives and dies with the request object.

    `hands_on` says that another app may give the answer, so that no cookie can be sent with it.
    """

    vetted: str | None = None
    source: Source | None = None
    standing: Standing | None = None
    mark: Mark | None = None
    pending: PendingHold | None = None
    failed: bool = False
    unloadable: bool = False
    releasing: User | None = None
    rotates: bool = False
    came_with_hold: object = field(default=None, repr=False)
    came_with_proof: object = field(default=None, repr=False)
    ends_hold: object = field(default=None, repr=False)
    ends_proof: object = field(default=None, repr=False)
    leaves_session: bool = False
    lost_race: bool = False
    is_ours: bool = False
    body_bytes: int | None = None
    browser: KnownBrowser | None = None
    login_form: Any = field(default=None, repr=False)
    notices: list[Notice] = field(default_factory=list)
    trusting: PendingHold | None = None
    given: GivenDevice | None = None
    outlived: bool = False
    fingerprint: str | None = field(default=None, repr=False)
    asked: dict[tuple[str, str], tuple[str, ...] | None] = field(default_factory=dict)
    arrives: User | None = None
    about_key: str | None = None
    hands_on: bool = False


def app_state(app: Flask | None = None) -> AppState:
    """Give the app's record; KeyError if the extension was not set up on it."""
    return cast("AppState", (app or current_app).extensions["twofactor"])


def this_app() -> Flask:
    """Give the app itself, not the proxy."""
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return] # noqa: SLF001


def this_request() -> Request:
    """Give the request itself, not the proxy."""
    return _cv_request.get().request


def visit() -> Visit:
    """Give this request's record, made at first use."""
    # This runs many times on every page: a proxy would cost several calls each time.
    known = _cv_request.get().request.__dict__
    if ATTRIBUTE not in known:
        known[ATTRIBUTE] = Visit()
    return cast("Visit", known[ATTRIBUTE])
