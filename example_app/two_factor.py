"""Two-factor authentication: the one line, and what the extension may ask of this app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.security import check_password_hash

from example_app import accounts, outbox
from flask_twofactor import TwoFactor

if TYPE_CHECKING:
    from flask import Flask

    from example_app.models import Account
    from flask_twofactor import Message

# Texts go to the page `/outbox`, unless the settings name Vonage.
twofactor = TwoFactor(sms_sender=outbox.keep_text)


def init_app(app: Flask) -> None:
    """The one line."""
    twofactor.init_app(app)


@twofactor.password_checker
def check_password(user: Account, password: str) -> bool:
    """Whether *password* is right, asked before security settings change."""
    return check_password_hash(user.password_hash, password)


@twofactor.account_name
def account_name(user: Account) -> str:
    """What the authenticator app shows beside the company's name."""
    return user.email


@twofactor.find_user
def find_user(key_or_name: str) -> Account | None:
    """The account with this key, or with this address."""
    return accounts.by_key(key_or_name) or accounts.by_email(key_or_name)


@twofactor.phone_loader
def phone(user: Account) -> str | None:
    """The number on the team page, to be proposed; only a code proves it."""
    return user.cell_phone.dialled if user.cell_phone is not None else None


@twofactor.mail_sender
def keep_mail(message: Message) -> None:
    """Keep the mail for the page `/outbox`; a demo sends nothing."""
    outbox.keep(message)
