"""The tenants and people of the demo, put into the database on the first start."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable

from example_app.accounts import hash_password
from example_app.database import Base, engine
from example_app.models import Account, Membership, Tenant
from example_app.two_factor import twofactor

if TYPE_CHECKING:
    from flask import Flask

DEMO_PASSWORD = "demo-password"  # noqa: S105 - shown on the login page, for all to use

TENANTS = {
    # slug: name, what its people call their security settings
    "maple": ("Maple Hosting", "User Management"),
    "orchid": ("Orchid Cloud", "2-Factor Auth"),
    "indus": ("Indus Webhosting", "Security settings"),
    "atrium": ("Atrium Workspaces", "Two-factor authentication"),
}


class Person(NamedTuple):
    """One demo account."""

    email: str
    name: str
    role: str
    tenants: tuple[str, ...]


PEOPLE = (
    Person("ann@maple.test", "Ann Tremblay", "member", ("maple",)),
    Person("omar@orchid.test", "Omar Haddad", "member", ("orchid",)),
    Person("ines@indus.test", "Ines Qureshi", "member", ("indus",)),
    Person("ada@atrium.test", "Ada Okafor", "admin", ("atrium",)),
    Person("adam@atrium.test", "Adam Novak", "admin", ("atrium",)),
    Person("mia@atrium.test", "Mia Larsen", "member", ("atrium",)),
    Person("support@example.test", "Support desk", "admin", tuple(TENANTS)),
)


def first_start(app: Flask) -> None:
    """Make the tables and fill them, if that was not done before."""
    with app.app_context():
        _make_tables()
        with Session(engine()) as session:
            if session.scalar(select(exists(select(Tenant)))):
                return
            twofactor.init_store()
            _fill(session)
        _set_rules()


def _set_rules() -> None:
    """Give the tenants what their help pages describe, and list their people."""
    operator = "the demo"
    twofactor.set_rule(
        "maple", mode="optional", trusted_device_days=0, backup_codes=1, actor=operator
    )
    twofactor.set_rule("indus", mode="optional", backup_codes=1, actor=operator)
    for slug in TENANTS:
        twofactor.sync_members(slug)


def _make_tables() -> None:
    with engine().begin() as connection:
        for table in Base.metadata.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))


def _fill(session: Session) -> None:
    for slug, (name, label) in TENANTS.items():
        session.add(Tenant(slug=slug, name=name, security_label=label))
    for person in PEOPLE:
        account = Account(
            email=person.email, name=person.name, password_hash=hash_password(DEMO_PASSWORD)
        )
        account.memberships = [
            Membership(tenant_slug=slug, role=person.role) for slug in person.tenants
        ]
        session.add(account)
    try:
        session.commit()
    except IntegrityError:  # another process was faster, with the same people
        session.rollback()
