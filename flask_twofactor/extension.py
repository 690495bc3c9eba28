"""`TwoFactor`: the one line, and what the host says and asks in code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError

from .core.clock import SystemClock
from .core.errors import ConfigurationError
from .core.ports import Clock, Method, Store
from .core.records import Authenticator, Status
from .flows import changing
from .flows.context import Ports
from .methods.backup_codes import BackupCodes
from .methods.totp import TOTP, import_data
from .settings import Settings, read_settings
from .stores.bootstrap import Place, file_place, memory_place
from .stores.engine import adopt_engine, is_memory, make_engine
from .stores.identity import mapped_identity
from .stores.keys import parse_keys
from .stores.sqlalchemy import SQLStore
from .web import blueprint, holding, login_hook, naming, people, who
from .web.cli import commands
from .web.state import NAME, AppState, Callbacks, User, app_state
from .web.witness import RequestWitness

F = TypeVar("F", bound=Callable[..., Any])
EngineSource = Engine | Callable[[], Engine]


class TwoFactor:
    """Two-factor authentication for an app that uses Flask-Login.

    `TwoFactor(app)`, or `TwoFactor()` and `init_app` for each app, before or after
    `LoginManager.init_app`. Choices made in code are arguments here; choices of a deployment
    are `TWOFACTOR_*` settings; none is both. The object holds nothing of an app.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        methods: Sequence[Method] | None = None,
        engine: EngineSource | None = None,
        prerequisite_endpoints: Iterable[str] = (),
    ) -> None:
        self._methods = methods
        self._engine = engine
        self._prerequisite_endpoints = frozenset(prerequisite_endpoints)
        self._callbacks = Callbacks()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Set one app up. ConfigurationError lists every fault of its settings.

        Nothing is read or written in the store before the first request that needs it.
        """
        if "twofactor" in app.extensions:
            message = "TwoFactor was set up on this app before. Call init_app once for each app."
            raise ConfigurationError(message)
        if NAME in app.blueprints:
            message = "The blueprint name 'twofactor' is taken. Rename the app's own blueprint."
            raise ConfigurationError(message)
        settings = read_settings(app.config, self._faults(app))
        clock = SystemClock()
        store = SQLStore(
            lambda: _place(app, settings, self._engine), clock, settings.throttle, RequestWitness()
        )
        state = AppState(
            settings=settings,
            ports=self._ports(app, settings, store, clock),
            keeper=store,
            callbacks=self._callbacks,
            identify=mapped_identity,
            prerequisite_endpoints=self._prerequisite_endpoints,
        )
        app.extensions["twofactor"] = state
        app.register_blueprint(blueprint.make_blueprint(settings.url_prefix))
        app.cli.add_command(commands)
        login_hook.install(app, state)

    # -- what the host says ------------------------------------------------------------

    def user_key(self, callback: F) -> F:
        """Give a user's identity that never changes, not even with the password."""
        return self._set("user_key", callback)

    def find_user(self, callback: F) -> F:
        """Give the user of a key or typed name, or None."""
        return self._set("find_user", callback)

    def account_name(self, callback: F) -> F:
        """Give the label of a user in their authenticator app."""
        return self._set("account_name", callback)

    def password_checker(self, callback: F) -> F:
        """Say whether a password is the user's; only True counts."""
        return self._set("password_checker", callback)

    def setup_prerequisite(self, callback: F) -> F:
        """Give an address to visit before setup, or None."""
        return self._set("setup_prerequisite", callback)

    def held_handler(self, callback: F) -> F:
        """Answer a held visitor, given the request and the reason."""
        return self._set("held_handler", callback)

    def after_release(self, callback: F) -> F:
        """Change the answer to a passed challenge, given the user and that answer."""
        return self._set("after_release", callback)

    def request_loader_policy(self, callback: F) -> F:
        """Say whether a user loaded from the request itself needs no second factor."""
        return self._set("request_loader_policy", callback)

    def locale_selector(self, callback: F) -> F:
        """Give the language tag of this request, or None."""
        return self._set("locale_selector", callback)

    def allow_while_held(self, view: F) -> F:
        """Never redirect a held visitor from this view; they are a stranger to it."""
        setattr(view, holding.ALLOWED, True)
        return view

    # -- what the host asks ------------------------------------------------------------

    def is_held(self) -> bool:
        """Say whether this request's login is held: password right, nobody logged in yet."""
        return login_hook.is_held()

    def status(self, user: User) -> Status:
        """Say what a user has set up, and whether a rule requires it. StoreError if down."""
        return who.status(user)

    def reset(self, user: User, *, actor: str, reason: str) -> None:
        """Remove all a user has set up and end their sessions; the password is untouched."""
        changing.reset(app_state().ports, people.user_key(user), actor=actor, reason=reason)

    def password_changed(self, user: User) -> None:
        """End the user's other sessions and holds, after the host changed the password."""
        who.end_sessions(user, "password_changed")

    def import_totp(self, user: User, secret: str, name: str) -> Authenticator:
        """Take over an authenticator app that another system set up.

        `secret` is base32. ValueError, with the remedy, under 112 bits (NIST SP 800-63B-4
        3.1.4.1). A secret that the user has already changes nothing: importing twice is safe.
        RefusedError `too_many` if they have as many authenticators as they can.
        """
        key = people.user_key(user)
        data = import_data(secret)
        return naming.named(
            changing.import_authenticator(app_state().ports, key, TOTP.name, data, name)
        )

    def forget_user(self, user: User) -> None:
        """Delete every row of a user, when the host deletes the user."""
        changing.forget(app_state().ports, people.user_key(user))

    def init_store(self) -> str:
        """Make the store and give its id; on a complete one nothing changes."""
        return app_state().keeper.make()

    # -- wiring ------------------------------------------------------------------------

    def _set(self, name: str, callback: F) -> F:
        setattr(self._callbacks, name, callback)
        return callback

    def _ports(self, app: Flask, settings: Settings, store: Store, clock: Clock) -> Ports:
        methods = self._methods
        if methods is None:
            methods = [TOTP(), BackupCodes(settings.backup_codes)]
        return Ports(
            store=store,
            clock=clock,
            methods=methods,
            limits=settings.limits(app.permanent_session_lifetime),
            throttle=settings.throttle,
            backup_codes=settings.backup_codes,
        )

    def _faults(self, app: Flask) -> list[str]:
        faults, config = [], app.config
        uri = config.get("TWOFACTOR_DATABASE_URI")
        if uri and self._engine is not None:
            faults.append("Give either engine= or TWOFACTOR_DATABASE_URI, not both.")
        if (uri or self._engine is not None) and not config.get("TWOFACTOR_KEYS"):
            faults.append(
                "TWOFACTOR_KEYS is required with a database of your choice. "
                "Run `python -m flask_twofactor new-key` and set it to a list with that line."
            )
        keys = config.get("TWOFACTOR_KEYS") or ()
        try:
            parse_keys(keys.split() if isinstance(keys, str) else keys)
        except (TypeError, ValueError) as error:
            faults.append(f"TWOFACTOR_KEYS: {error}.")
        return [*faults, *_address_faults(app, uri)]


def _place(app: Flask, settings: Settings, engine: EngineSource | None) -> Place:
    keys = parse_keys(settings.keys) if settings.keys else None
    alone = app.debug or app.testing
    if engine is not None:
        given = engine
        return Place(
            connect=lambda: adopt_engine(given if isinstance(given, Engine) else given()),
            keys=keys,
            expected_id=settings.store_id,
            makes_itself=alone,
        )
    if settings.database_uri is not None:
        uri = settings.database_uri
        return Place(
            connect=lambda: make_engine(uri),
            keys=keys,
            expected_id=settings.store_id,
            makes_itself=alone,
        )
    if app.testing:
        return memory_place()
    folder = Path(app.instance_path)
    return file_place(folder, expected_id=settings.store_id, makes_itself=alone)


def _address_faults(app: Flask, uri: object) -> list[str]:
    theirs = app.config.get("SQLALCHEMY_DATABASE_URI")
    if not isinstance(uri, str) or not uri:
        return []
    try:
        ours = make_url(uri)
    except ArgumentError:
        form = "postgresql+psycopg://user:password@host/name"
        return [f"TWOFACTOR_DATABASE_URI is no address. Write it like {form}."]
    if isinstance(theirs, str) and _files(app, ours) & _files(app, make_url(theirs)):
        return ["TWOFACTOR_DATABASE_URI is the app's own SQLite file. Name another."]
    return []


def _files(app: Flask, url: URL) -> set[Path]:
    # SQLAlchemy starts at the working folder, Flask-SQLAlchemy at the instance folder.
    if url.get_backend_name() != "sqlite" or is_memory(url):
        return set()
    return {(start / str(url.database)).resolve() for start in (Path(), Path(app.instance_path))}
