"""The deployment's choices: `TWOFACTOR_*` of `app.config`, read once into one frozen object."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .core.checks import HOST, SENDER, countries, matching, prefixes, sms_faults
from .core.errors import ConfigurationError
from .core.policy import Limits
from .core.rules import Mode, Rule, floor
from .core.sending import SendLimits
from .core.throttle import Throttle

PREFIX = "TWOFACTOR_"
LONGEST_HOLD_MINUTES = 10
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
MOST_SENDS = 50_000


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        message = "must be a text that is not empty"
        raise ValueError(message)
    return value


def _number(low: int, high: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            message = f"must be a whole number from {low} to {high}"
            raise ValueError(message)
        return value

    return read


def _redis_uri(value: object) -> str:
    text = _text(value)
    if not text.startswith(("redis://", "rediss://", "unix://")):
        message = "must be an address like redis://:password@host:6379/0 or rediss://…"
        raise ValueError(message)
    return text


def _prefix(value: object) -> str:
    text = _text(value)
    if not text.startswith("/") or text.endswith("/"):
        message = "must start with a slash and not end with one, like /two-factor"
        raise ValueError(message)
    return text


def _cookie_name(value: object) -> str:
    text = _text(value)
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text):
        message = "must be letters, digits, dashes and underscores, at most 64"
        raise ValueError(message)
    return text


def _address(value: object) -> str:
    text = _text(value)
    if not text.startswith(("https://", "http://", "mailto:", "tel:", "/")):
        message = "must be an https://, mailto: or tel: address, or a path of this app"
        raise ValueError(message)
    return text


def _keys(value: object) -> tuple[str, ...]:
    lines = value.split() if isinstance(value, str) else value
    if not isinstance(lines, Sequence) or not lines:
        message = "must be a list of keys; `python -m flask_twofactor new-key` prints one"
        raise ValueError(message)
    return tuple(lines)


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        message = "must be True or False"
        raise ValueError(message)  # noqa: TRY004 - every fault of a setting is one
    return value


def _base_url(value: object) -> str:
    text = _text(value)
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        message = "must be an address like https://portal.example.com, with the app's path if any"
        raise ValueError(message)
    return text.rstrip("/")


def _mailbox(value: object) -> str:
    text = _text(value)
    if not text.isprintable() or "@" not in parseaddr(text)[1]:
        message = "must be an address like Support <support@example.com>"
        raise ValueError(message)
    return text


def _file(value: object) -> str:
    text = _text(value)
    if not Path(text).is_file():
        message = "must name a file of certificates (PEM)"
        raise ValueError(message)
    return text


def _required_for(value: object) -> str:
    if value not in {"none", "roles", "all"}:
        message = 'must be "none", "roles" or "all"'
        raise ValueError(message)
    return str(value)


def _roles(value: object) -> tuple[str, ...]:
    several = value if isinstance(value, list | tuple | set | frozenset) else None
    if not several or not all(isinstance(one, str) and one for one in several):
        message = "must be a list of role names that is not empty"
        raise ValueError(message)
    return tuple(sorted(several))


def _setting(read: Callable[[object], Any], default: Any = None, *, secret: bool = False) -> Any:
    return field(default=default, repr=not secret, metadata={"read": read})


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting with its default; `docs/reference/settings.md` says what each is for."""

    issuer: str | None = _setting(_text)
    url_prefix: str = _setting(_prefix, "/two-factor")
    base_template: str = _setting(_text, "twofactor/base.html")
    support_url: str | None = _setting(_address)
    cookie_name: str | None = _setting(_cookie_name)
    after_login: str | None = _setting(_text)
    database_uri: str | None = _setting(_text, secret=True)
    keys: tuple[str, ...] | None = _setting(_keys, secret=True)
    store_id: str | None = _setting(_text)
    redis_uri: str | None = _setting(_redis_uri, secret=True)
    pool_size: int | None = _setting(_number(1, 100))
    pool_overflow: int | None = _setting(_number(0, 100))
    store_wait_seconds: int = _setting(_number(2, 60), 5)
    hold_minutes: int = _setting(_number(1, LONGEST_HOLD_MINUTES), LONGEST_HOLD_MINUTES)
    step_up_minutes: int = _setting(_number(1, 60), 5)
    proof_idle_minutes: int | None = _setting(_number(1, 60 * 24 * 366))
    proof_hours: int | None = _setting(_number(1, 24 * 366))
    trusted_device_days: int = _setting(_number(0, 365), 30)
    backup_codes: int = _setting(_number(1, 50), 10)
    throttle_free: int = _setting(_number(1, 10), 5)
    throttle_wait_seconds: int = _setting(_number(1, 3600), 30)
    throttle_max_wait_seconds: int = _setting(_number(1, 86400), 3600)
    throttle_known_free: int = _setting(_number(1, 10), 5)
    throttle_per_day: int = _setting(_number(1, 100), 20)
    throttle_disable_after: int = _setting(_number(1, 100), 100)
    required_for: str = _setting(_required_for, "none")
    required_roles: tuple[str, ...] = _setting(_roles, ())
    base_url: str | None = _setting(_base_url)
    email_host: str | None = _setting(_text)
    email_port: int | None = _setting(_number(1, 65535))
    email_username: str | None = _setting(_text)
    email_password: str | None = _setting(_text, secret=True)
    email_use_tls: bool = _setting(_yes_or_no, default=False)
    email_use_ssl: bool = _setting(_yes_or_no, default=False)
    email_from: str | None = _setting(_mailbox)
    email_ca: str | None = _setting(_file)
    vonage_api_key: str | None = _setting(_text, secret=True)
    vonage_api_secret: str | None = _setting(_text, secret=True)
    vonage_host: str | None = _setting(matching(HOST, "a host, with a port if need be"))
    vonage_ca: str | None = _setting(_file)
    sms_from: str | None = _setting(
        matching(SENDER, "a number, or a name of at most 11 letters and digits")
    )
    sms_countries: tuple[str, ...] | None = _setting(countries)
    sms_deny_prefixes: tuple[str, ...] = _setting(prefixes, ())
    sms_cooldown_seconds: int = _setting(_number(1, 3600), 60)
    sms_per_user_day: int = _setting(_number(1, 100), 10)
    sms_per_number_day: int = _setting(_number(1, 100), 10)
    sms_per_address_day: int = _setting(_number(1, MOST_SENDS), 30)
    sms_per_prefix_day: int = _setting(_number(1, MOST_SENDS), 200)
    sms_per_tenant_day: int = _setting(_number(1, MOST_SENDS), 500)
    sms_per_day: int = _setting(_number(1, MOST_SENDS), 1000)
    sms_new_numbers_day: int = _setting(_number(1, 100), 2)
    sms_breaker_sends: int = _setting(_number(1, MOST_SENDS), 50)
    sms_breaker_percent: int = _setting(_number(0, 100), 20)
    sms_breaker_minutes: int = _setting(_number(1, 1440), 60)
    sms_record_only: bool = _setting(_yes_or_no, default=False)

    @property
    def mail_port(self) -> int:
        """The port of the mail server: 465 with TLS from the start, 587 with STARTTLS, else 25."""
        if self.email_port is not None:
            return self.email_port
        return 465 if self.email_use_ssl else 587 if self.email_use_tls else 25

    @property
    def floor(self) -> Rule:
        """What the site itself asks of everybody, as a rule like a tenant's."""
        modes: dict[str, Mode] = {"none": "optional", "roles": "roles", "all": "all"}
        return floor(modes[self.required_for], self.required_roles)

    @property
    def throttle(self) -> Throttle:
        """The guess limit as the core reads it."""
        return Throttle(
            free=self.throttle_free,
            wait_seconds=self.throttle_wait_seconds,
            max_wait_seconds=max(self.throttle_wait_seconds, self.throttle_max_wait_seconds),
            known_free=self.throttle_known_free,
            per_day=self.throttle_per_day,
            disable_after=self.throttle_disable_after,
        )

    @property
    def send_limits(self) -> SendLimits:
        """What texts may cost, as the core reads it."""
        return SendLimits(
            countries=self.sms_countries or (),
            **{
                item.name: getattr(self, f"sms_{item.name}")
                for item in fields(SendLimits)
                if item.name != "countries"
            },
        )

    def limits(self, session_lifetime: timedelta) -> Limits:
        """How long holds, step-ups and proofs last, in seconds."""
        idle = self.proof_idle_minutes
        return Limits(
            hold=self.hold_minutes * 60,
            step_up=self.step_up_minutes * 60,
            proof_idle=session_lifetime.total_seconds() if idle is None else idle * 60,
            proof_age=None if self.proof_hours is None else self.proof_hours * 3600,
            trusted_device=self.trusted_device_days * 86400,
        )


def read_settings(config: Mapping[str, Any], extra_faults: Sequence[str] = ()) -> Settings:
    """Read and check all settings; ConfigurationError lists all faults with their remedies."""
    faults, values = list(extra_faults), {}
    known = {PREFIX + item.name.upper(): item for item in fields(Settings)}
    for name, value in config.items():
        if not name.startswith(PREFIX):
            continue
        if name not in known:
            faults.append(_unknown(name, known))
        elif value is not None:
            try:
                values[known[name].name] = known[name].metadata["read"](value)
            except ValueError as error:
                faults.append(f"{name} {error}.")
    settings = Settings(**values)
    faults += [*_mail_faults(settings), *_floor_faults(settings), *sms_faults(values, faults)]
    if faults:
        raise ConfigurationError(*faults)
    return settings


def _mail_faults(settings: Settings) -> Iterator[str]:
    """Name what does not go together, once each setting is right by itself."""
    login = settings.email_username is not None or settings.email_password is not None
    sealed = settings.email_use_tls or settings.email_use_ssl
    if settings.email_use_tls and settings.email_use_ssl:
        yield "TWOFACTOR_EMAIL_USE_TLS (STARTTLS) and TWOFACTOR_EMAIL_USE_SSL exclude one another."
    if settings.email_host is not None and settings.email_from is None:
        yield "TWOFACTOR_EMAIL_FROM is required with TWOFACTOR_EMAIL_HOST: whom mails are from."
    if settings.email_host is None and (login or sealed or settings.email_port is not None):
        yield "TWOFACTOR_EMAIL_HOST is missing: the other TWOFACTOR_EMAIL_ settings need it."
    if (settings.email_username is None) != (settings.email_password is None):
        yield "TWOFACTOR_EMAIL_USERNAME and TWOFACTOR_EMAIL_PASSWORD go together."
    if login and not sealed and settings.email_host not in {None, *LOOPBACK}:
        yield (
            "The mail password would cross the network in clear. "
            "Set TWOFACTOR_EMAIL_USE_TLS or TWOFACTOR_EMAIL_USE_SSL to True."
        )


def _unknown(name: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]}?" if near else " Remove it, or look for its name in the docs."
    return f"{name} is not a setting.{hint}"


def _floor_faults(settings: Settings) -> list[str]:
    if (settings.required_for == "roles") == bool(settings.required_roles):
        return []
    fault = (
        'TWOFACTOR_REQUIRED_FOR = "roles" and TWOFACTOR_REQUIRED_ROLES go together: '
        "set both, or neither."
    )
    return [fault]
