"""Checking the audit: each row's digest, each tenant's numbers, each tenant's counter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Engine, RowMapping, func, select, union

from flask_twofactor.core.keeping import AuditFault, AuditReport, FaultKind, Seen

from .auditing import AUDIT, canonical
from .schema import audit, audit_number
from .sealing import KeyRing, key_of

BATCH = 500


@dataclass(frozen=True, slots=True)
class Extent:
    """A tenant's counter and highest row at one moment."""

    tenant: str
    counter: int | None
    highest: int


def verify(reader: Engine, ring: KeyRing, past: Collection[str], seen: Seen) -> AuditReport:
    """Check all rows that were there when it began; what is written meanwhile is for next time.

    `past` are the ids of all keys that the store ever had: a row under any other is a forgery.
    """
    faults: list[AuditFault] = []
    unknown: Counter[str] = Counter()
    rows, found = 0, extents(reader)
    for extent in found:
        expected = 1
        for batch in batches(reader, extent):
            for row in batch:
                if row["number"] != expected:
                    faults += _gap(extent.tenant, expected, row["number"])
                right = is_right(ring, past, row)
                if right is None:
                    unknown[key_of(row["digest"])] += 1
                elif not right:
                    faults.append(
                        AuditFault("changed", extent.tenant, row["number"], row["number"])
                    )
                expected = row["number"] + 1
            rows += len(batch)
            seen(len(batch))
        faults += _counter_faults(extent, expected - 1)
    numbers = {extent.tenant: extent.highest for extent in found}
    return AuditReport(rows, numbers, merged(faults), dict(unknown))


def is_right(ring: KeyRing, past: Collection[str], row: RowMapping) -> bool | None:
    """Say whether a row is as it was written; None if its key was one of ours and is lost."""
    if key_of(row["digest"]) not in ring.ids:
        return None if key_of(row["digest"]) in past else False
    return ring.matches(row["digest"], canonical(row), AUDIT)


def batches(reader: Engine, extent: Extent) -> Iterator[list[RowMapping]]:
    """Read a tenant's rows in their order, each batch on its own."""
    last, one = None, audit.c.tenant == extent.tenant
    statement = select(audit).where(one, audit.c.number <= extent.highest)
    statement = statement.order_by(audit.c.number).limit(BATCH)
    while True:
        page = statement if last is None else statement.where(audit.c.number > last)
        with reader.connect() as connection:
            rows = list(connection.execute(page).mappings())
        if rows:
            yield rows
        if len(rows) < BATCH:
            return
        last = rows[-1]["number"]


def merged(faults: list[AuditFault]) -> list[AuditFault]:
    """Join faults of one kind whose numbers follow each other."""
    found: list[AuditFault] = []
    for fault in faults:
        before = found[-1] if found else None
        if (
            before is not None
            and (before.kind, before.tenant) == (fault.kind, fault.tenant)
            and fault.first == before.last + 1
        ):
            found[-1] = replace(before, last=fault.last)
        else:
            found.append(fault)
    return found


def extents(reader: Engine) -> list[Extent]:
    """Give the extent of each tenant's audit now."""
    # One statement sees one moment: a counter and its row are committed together.
    tenants = union(select(audit_number.c.tenant), select(audit.c.tenant)).subquery()
    counter = select(audit_number.c.number).where(audit_number.c.tenant == tenants.c.tenant)
    highest = select(func.max(audit.c.number)).where(audit.c.tenant == tenants.c.tenant)
    statement: Any = select(
        tenants.c.tenant, counter.scalar_subquery(), highest.scalar_subquery()
    ).order_by(tenants.c.tenant)
    with reader.connect() as connection:
        found = connection.execute(statement).all()
    return [Extent(tenant, number, top or 0) for tenant, number, top in found]


def _gap(tenant: str, expected: int, found: int) -> list[AuditFault]:
    kind: FaultKind = "missing" if found > expected else "unexpected"
    first, last = (expected, found - 1) if found > expected else (found, found)
    return [AuditFault(kind, tenant, first, last)]


def _counter_faults(extent: Extent, last: int) -> list[AuditFault]:
    counter = extent.counter
    if counter is None or counter < last:
        return [AuditFault("counter_behind", extent.tenant, (counter or 0) + 1, last)]
    if counter > last:
        return [AuditFault("counter_ahead", extent.tenant, last + 1, counter)]
    return []
