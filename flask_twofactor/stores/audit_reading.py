"""Reading the audit, a page at a time; labels come from the person table, while there are any."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, Select, or_, select, tuple_

from flask_twofactor.core.keeping import AuditEntry, AuditFilter, Party

from .schema import audit, audit_number, person

PAGE = 500

_subject, _actor = person.alias("subject_person"), person.alias("actor_person")
_PLACE = (audit.c.at, audit.c.tenant, audit.c.number)
_ENTRIES = (
    select(
        audit,
        _subject.c.user_key.label("subject_key"),
        _subject.c.label.label("subject_label"),
        _actor.c.user_key.label("actor_key"),
        _actor.c.label.label("actor_label"),
    )
    .select_from(audit)
    .outerjoin(_subject, _subject.c.pseudonym == audit.c.subject)
    .outerjoin(_actor, _actor.c.pseudonym == audit.c.actor)
)


def newest(reader: Engine, wanted: AuditFilter, limit: int) -> list[AuditEntry]:
    """Read the newest rows, the oldest of them first."""
    backwards = [column.desc() for column in _PLACE]
    with reader.connect() as connection:
        statement = _filtered(connection, wanted).order_by(*backwards).limit(limit)
        rows = connection.execute(statement).mappings().all()
    return [_entry(row) for row in reversed(rows)]


def whole(reader: Engine, wanted: AuditFilter) -> Iterator[AuditEntry]:
    """Read all rows, oldest first; each page is a read of its own."""
    after: tuple[Any, ...] | None = None
    while True:
        with reader.connect() as connection:
            statement = _filtered(connection, wanted).order_by(*_PLACE).limit(PAGE)
            if after is not None:
                statement = statement.where(tuple_(*_PLACE) > after)
            rows = connection.execute(statement).mappings().all()
        yield from (_entry(row) for row in rows)
        if len(rows) < PAGE:
            return
        after = tuple(rows[-1][column.name] for column in _PLACE)


def numbers(reader: Engine) -> dict[str, int]:
    """Give the last number of each tenant."""
    with reader.connect() as connection:
        rows = connection.execute(select(audit_number.c.tenant, audit_number.c.number)).all()
    return {row.tenant: row.number for row in rows}


def after_numbers(
    reader: Engine, wanted: AuditFilter, last: Mapping[str, int]
) -> tuple[Sequence[AuditEntry], dict[str, int]]:
    """Read the rows after these numbers, and give the numbers to go on from.

    A tenant's numbers are committed in their order, so none is missed; times are not.
    """
    now = numbers(reader)
    found: list[AuditEntry] = []
    with reader.connect() as connection:
        for tenant, number in now.items():
            new = (audit.c.number > last.get(tenant, 0), audit.c.number <= number)
            if number > last.get(tenant, 0):
                statement = _filtered(connection, wanted).where(audit.c.tenant == tenant, *new)
                found += [_entry(row) for row in connection.execute(statement).mappings()]
    return sorted(found, key=lambda one: (one.at, one.tenant, one.number)), now


def _filtered(connection: Connection, wanted: AuditFilter) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.person is not None:
        names = _pseudonyms(connection, wanted.person)
        conditions.append(or_(audit.c.subject.in_(names), audit.c.actor.in_(names)))
    if wanted.names:
        conditions.append(audit.c.name.in_(wanted.names))
    if wanted.since is not None:
        conditions.append(audit.c.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(audit.c.at < wanted.until)
    if wanted.tenant is not None:
        conditions.append(audit.c.tenant == wanted.tenant)
    return _ENTRIES.where(*conditions)


def _pseudonyms(connection: Connection, wanted: str) -> list[str]:
    mine = or_(person.c.user_key == wanted, person.c.pseudonym == wanted)
    # A forgotten person has no row; the pseudonym itself still finds what happened.
    return [*connection.execute(select(person.c.pseudonym).where(mine)).scalars(), wanted]


def _entry(row: RowMapping) -> AuditEntry:
    actor = None
    if row["actor"] is not None:
        actor = Party(row["actor"], row["actor_key"], row["actor_label"] or "")
    return AuditEntry(
        tenant=row["tenant"],
        number=row["number"],
        at=row["at"],
        name=row["name"],
        subject=Party(row["subject"], row["subject_key"], row["subject_label"] or ""),
        actor=actor,
        facts=_facts(row["body"]),
    )


def _facts(body: str) -> dict[str, Any]:
    # A row that somebody changed must still be shown, as it is.
    try:
        found = json.loads(body)
    except ValueError:
        return {"unreadable": body}
    return found if isinstance(found, dict) else {"unreadable": body}
