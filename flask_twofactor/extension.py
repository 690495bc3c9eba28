"""`TwoFactor`: the one line, and what the host says and asks in code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Flask

from .core.clock import SystemClock
from .core.errors import ConfigurationError
from .core.ports import Clock, Method, Send, Sender, Store
from .core.records import Authenticator, Status
from .flows import changing
from .flows.context import Ports
from .methods.backup_codes import BackupCodes
from .methods.sms import SMS, unknown_countries
from .methods.totp import TOTP, import_data
from .placing import EngineSource, faults, make_store
from .senders import choosing, host_mail
from .settings import Settings, read_settings
from .stores.identity import mapped_identity
from .web import blueprint, holding, in_templates, login_hook, naming, people, who
from .web.cli import commands
from .web.mailing import AppMail
from .web.resetting import reset
from .web.state import NAME, AppState, Callbacks, User, app_state
from .web.tenant_api import TenantAPI
from .web.witness import RequestWitness

if TYPE_CHECKING:
    from .senders.smtp import SMTPSender

F = TypeVar("F", bound=Callable[..., Any])


class TwoFactor(TenantAPI):
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
        sms_sender: Sender | Send | None = None,
        engine: EngineSource | None = None,
        prerequisite_endpoints: Iterable[str] = (),
    ) -> None:
        self._methods = methods
        self._sms_sender = sms_sender
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
        given = choosing.faults(app.config, self._sms_sender)
        settings = read_settings(app.config, [*faults(app, self._engine), *given])
        if unknown := unknown_countries(settings.sms_countries or ()):
            raise ConfigurationError(f"TWOFACTOR_SMS_COUNTRIES names no country: {unknown[0]}.")
        clock = SystemClock()
        store = make_store(app, settings, self._engine, clock, RequestWitness())
        state = AppState(
            settings=settings,
            ports=self._ports(app, settings, store, clock),
            keeper=store,
            callbacks=self._callbacks,
            identify=mapped_identity,
            prerequisite_endpoints=self._prerequisite_endpoints,
        )
        smtp = _smtp(settings)
        state.find_sender = lambda: host_mail.find(app.extensions, settings.email_from) or smtp
        app.extensions["twofactor"] = state
        app.register_blueprint(blueprint.make_blueprint(settings.url_prefix))
        app.cli.add_command(commands)
        in_templates.offer(app)
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

    def password_fingerprint_loader(self, callback: F) -> F:
        """Give a text that changes with a user's password, and only then, or None."""
        return self._set("password_fingerprint_loader", callback)

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

    def mail_sender(self, callback: F) -> F:
        """Send a `Message` (`to`, `subject`, `text`, `html`), or raise; 5 seconds at most."""
        return self._set("mail_sender", callback)

    def email_loader(self, callback: F) -> F:
        """Give the address that a user's notices go to, or None."""
        return self._set("email_loader", callback)

    def locale_selector(self, callback: F) -> F:
        """Give the language tag of this request, or None."""
        return self._set("locale_selector", callback)

    def language_loader(self, callback: F) -> F:
        """Give the language tag in which a user reads mail and texts, or None."""
        return self._set("language_loader", callback)

    def phone_loader(self, callback: F) -> F:
        """Propose a user's phone number for setup; only a code proves it."""
        return self._set("phone_loader", callback)

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

    def reset(
        self, user: User, *, actor: User | str, reason: str, setup_code: bool = False
    ) -> str | None:
        """Remove all a user has set up and end their sessions; the password is untouched.

        `actor` is a user, who must be allowed to, or an operator's name. With `setup_code` the
        next setup takes the code that is given back: hand it over by another way.
        """
        return reset(user, actor=actor, reason=reason, setup_code=setup_code)

    def password_changed(self, user: User) -> None:
        """End the user's other sessions and holds, after the host changed the password."""
        who.end_sessions(user, "password_changed")

    def sign_out_everywhere(self, user: User) -> None:
        """End all sessions, holds and trust of a user, this request's too.

        A remember-me cookie is Flask-Login's own and stays right: whoever has one gives it in
        the place of the password, and is asked for a code.
        """
        who.sign_out_everywhere(user)

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
        sender = choosing.choose(self._sms_sender, settings)
        methods = self._methods
        if methods is None:
            methods = [TOTP(), SMS(), BackupCodes(settings.backup_codes)]
        return Ports(
            store=store,
            clock=clock,
            methods=[one for one in methods if sender is not None or not one.needs_delivery],
            limits=settings.limits(app.permanent_session_lifetime),
            throttle=settings.throttle,
            backup_codes=settings.backup_codes,
            mail=AppMail(),
            sender=sender,
            send_limits=settings.send_limits,
            floor=settings.floor,
        )


def _smtp(settings: Settings) -> SMTPSender | None:
    if settings.email_host is None or settings.email_from is None:
        return None
    from .senders.smtp import SMTPSender  # noqa: PLC0415 - only an app that mails by it needs it

    return SMTPSender(
        host=settings.email_host,
        port=settings.mail_port,
        sender=settings.email_from,
        username=settings.email_username,
        password=settings.email_password,
        use_tls=settings.email_use_tls,
        use_ssl=settings.email_use_ssl,
        ca=settings.email_ca,
    )
