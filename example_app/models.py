"""Tables of the client area. Nothing here knows of two-factor authentication."""

from __future__ import annotations

from flask_login import UserMixin
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from example_app.database import Base

CALLING_CODES = {
    "CA": "+1",
    "DE": "+49",
    "FR": "+33",
    "GB": "+44",
    "NL": "+31",
    "PK": "+92",
    "US": "+1",
}


class Tenant(Base):
    """A customer's company, or one location of it, with its own look."""

    __tablename__ = "tenant"

    slug: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    #: What its people call the page of security settings.
    security_label: Mapped[str]


class Account(UserMixin, Base):
    """Someone who signs in."""

    __tablename__ = "account"
    # Without it SQLite gives the id of a deleted account to the next one.
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - as SQLAlchemy has it

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    security_question: Mapped[str | None]
    #: A hash, like the password's.
    security_answer: Mapped[str | None]
    memberships: Mapped[list[Membership]] = relationship(
        back_populates="account", lazy="joined", order_by="Membership.tenant_slug"
    )
    cell_phone: Mapped[CellPhone | None] = relationship(cascade="all, delete-orphan", lazy="joined")

    @property
    def home(self) -> Tenant | None:
        """The tenant whose look the pages take: the only one, else none."""
        return self.memberships[0].tenant if len(self.memberships) == 1 else None


class Membership(Base):
    """What an account may do in a tenant."""

    __tablename__ = "membership"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    tenant_slug: Mapped[str] = mapped_column(ForeignKey("tenant.slug"), primary_key=True)
    #: ``admin`` or ``member``.
    role: Mapped[str]
    account: Mapped[Account] = relationship(back_populates="memberships")
    tenant: Mapped[Tenant] = relationship(lazy="joined")


class CellPhone(Base):
    """The number of a cell phone as somebody typed it, which proves nothing."""

    __tablename__ = "cell_phone"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    #: ISO code.
    country: Mapped[str]
    phone: Mapped[str]

    @property
    def dialled(self) -> str:
        """The number with its country, for who reads numbers."""
        plain = self.phone.strip()
        return plain if plain.startswith("+") else f"{CALLING_CODES[self.country]} {plain}"
