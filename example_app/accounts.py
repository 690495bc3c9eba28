"""Finding accounts and checking their passwords."""

from __future__ import annotations

from functools import lru_cache

from flask import current_app
from sqlalchemy import select
from werkzeug.security import check_password_hash, generate_password_hash

from example_app.database import session
from example_app.models import Account, Membership, Tenant

_MOST_DIGITS = 18  # more would not fit into the column


def hash_password(password: str) -> str:
    """Hash *password* as this app's settings ask."""
    return generate_password_hash(password, current_app.config["PASSWORD_METHOD"])


def by_key(key: str) -> Account | None:
    """Return the account with this primary key."""
    if not (key.isascii() and key.isdigit() and len(key) <= _MOST_DIGITS):
        return None
    return session().get(Account, int(key))


def by_email(email: str) -> Account | None:
    """Return the account with this address, however it was typed."""
    wanted = email.strip().lower()
    if "\0" in wanted:  # PostgreSQL refuses it with an error
        return None
    return session().scalars(select(Account).where(Account.email == wanted)).unique().one_or_none()


def delete(account: Account) -> None:
    """Delete *account* and what it may do."""
    for membership in account.memberships:
        session().delete(membership)
    session().delete(account)
    session().commit()


def sign_in(email: str, password: str) -> Account | None:
    """Return the account if the password is right.

    An unknown address takes as long as a wrong password, so that the time tells nothing.
    """
    account = by_email(email)
    if account is None:
        check_password_hash(_nobodys_hash(current_app.config["PASSWORD_METHOD"]), password)
        return None
    return account if check_password_hash(account.password_hash, password) else None


@lru_cache
def _nobodys_hash(method: str) -> str:
    return generate_password_hash("nobody has this password", method)


def members(tenant: str, after: str | None, limit: int) -> list[Membership]:
    """Return memberships of *tenant* by account, those behind the account *after*."""
    wanted = select(Membership).where(Membership.tenant_slug == tenant)
    if after is not None:
        wanted = wanted.where(Membership.account_id > int(after))
    rows = session().scalars(wanted.order_by(Membership.account_id).limit(limit))
    return list(rows.unique())


def tenant_name(slug: str) -> str | None:
    """Return the name of the company with this slug."""
    found = session().get(Tenant, slug)
    return None if found is None else found.name
