"""What the demo customers bought: made up, so that the pages have something to show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from example_app.models import Tenant

_INVOICES_SHOWN = 4


@dataclass(frozen=True)
class Service:
    """Something that runs for a customer."""

    name: str
    kind: str
    place: str


@dataclass(frozen=True)
class Invoice:
    """One month's bill."""

    number: str
    issued: date
    amount: str
    paid: bool


@dataclass(frozen=True)
class Bill:
    """What a tenant pays each month, and its last invoices, newest first."""

    tenant: Tenant
    plan: str
    amount: str
    invoices: list[Invoice]


_SERVICES = {
    "maple": (
        Service("maple-web-01", "Web server, 4 vCPU", "Montréal"),
        Service("shop.maple.test", "Domain and mail", "Montréal"),
        Service("maple-backup", "Daily backup, 200 GB", "Toronto"),
    ),
    "orchid": (
        Service("orchid-app", "Managed cloud, 8 vCPU", "Frankfurt"),
        Service("orchid-db", "PostgreSQL, 2 nodes", "Frankfurt"),
    ),
    "indus": (
        Service("indus.test", "Shared hosting", "Karachi"),
        Service("mail.indus.test", "25 mailboxes", "Karachi"),
    ),
    "atrium": (
        Service("Quayside", "Location, 48 desks", "London"),
        Service("Members' portal", "Bookings and door access", "London"),
    ),
}

_PLANS = {
    "maple": ("Business hosting", "CA$48.00"),
    "orchid": ("Managed cloud", "€310.00"),
    "indus": ("Shared hosting", "Rs 2,400"),
    "atrium": ("Workspace suite", "£95.00"),
}


def services(tenants: Iterable[Tenant]) -> list[Service]:
    """What runs for *tenants*."""
    return [service for tenant in tenants for service in _SERVICES[tenant.slug]]


def bills(tenants: Iterable[Tenant]) -> list[Bill]:
    """Plans and invoices of *tenants*, counted back from this month."""
    today = datetime.now(UTC).date()
    return [Bill(tenant, *_PLANS[tenant.slug], _invoices(tenant.slug, today)) for tenant in tenants]


def _invoices(slug: str, today: date) -> list[Invoice]:
    _, amount = _PLANS[slug]
    months = [today.year * 12 + today.month - 1 - back for back in range(_INVOICES_SHOWN)]
    return [
        Invoice(
            number=f"{slug[:2].upper()}-{month // 12}-{month % 12 + 1:02}",
            issued=date(month // 12, month % 12 + 1, 1),
            amount=amount,
            paid=position > 0,
        )
        for position, month in enumerate(months)
    ]
