"""Two-factor authentication: the one line, and what the extension may ask of this app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for
from werkzeug.security import check_password_hash

from example_app import accounts, languages, outbox
from flask_twofactor import TwoFactor

if TYPE_CHECKING:
    from flask import Flask

    from example_app.models import Account
    from flask_twofactor import Message

# Texts go to the page `/outbox`, unless the settings name Vonage.
twofactor = TwoFactor(
    sms_sender=outbox.keep_text, prerequisite_endpoints=["questions.security_question"]
)


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


@twofactor.locale_selector
def language() -> str | None:
    """The language that was chosen at the foot of a page; else the browser's."""
    return languages.chosen()


@twofactor.phone_loader
def phone(user: Account) -> str | None:
    """The number on the team page, to be proposed; only a code proves it."""
    return user.cell_phone.dialled if user.cell_phone is not None else None


@twofactor.tenant_loader
def tenants_of(user: Account) -> list[str]:
    """The companies, or locations of one, that the account belongs to."""
    return [membership.tenant_slug for membership in user.memberships]


@twofactor.role_loader
def roles_of(user: Account) -> set[str]:
    """What the account may do anywhere: ``admin`` or ``member``."""
    return {membership.role for membership in user.memberships}


@twofactor.tenant_admin_loader
def administered_by(user: Account) -> list[str]:
    """The companies whose people and rules the account looks after."""
    return [one.tenant_slug for one in user.memberships if one.role == "admin"]


@twofactor.members_loader
def members_of(tenant: str, after: str | None, limit: int) -> list[tuple[str, str, set[str]]]:
    """Some of a company's people, by their key."""
    return [
        (f"{one.account_id}", one.account.email, {one.role})
        for one in accounts.members(tenant, after, limit)
    ]


@twofactor.tenant_name
def name_of(tenant: str) -> str | None:
    """A company's name as people know it."""
    return accounts.tenant_name(tenant)


@twofactor.setup_prerequisite
def first_the_question(user: Account) -> str | None:
    """At Indus a security question is answered before anything is set up."""
    asks = user.home is not None and user.home.slug == "indus"
    if not asks or user.security_answer is not None:
        return None
    return url_for("questions.security_question")


@twofactor.mail_sender
def keep_mail(message: Message) -> None:
    """Keep the mail for the page `/outbox`; a demo sends nothing."""
    outbox.keep(message)
