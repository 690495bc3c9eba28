"""Writing the audit: append-only rows, numbered without gaps, each with a keyed digest."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Row,
    String,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from flask_twofactor.core.errors import StoreError
from flask_twofactor.core.ports import Witness
from flask_twofactor.core.records import Event, Surroundings
from flask_twofactor.core.tokens import new_id

from .schema import audit, audit_number, person
from .sealing import KeyRing

AUDIT = "audit"
LONGEST_TEXT = 500

_tenant: BindParameter[str] = bindparam("of_tenant", type_=String)
_subject: BindParameter[str] = bindparam("subject_key", type_=String)
_actor: BindParameter[str] = bindparam("actor_key", type_=String)

_PEOPLE = (
    select(person.c.pseudonym).where(person.c.user_key == _subject).scalar_subquery(),
    select(person.c.pseudonym).where(person.c.user_key == _actor).scalar_subquery(),
)
NEXT = (
    update(audit_number)
    .where(audit_number.c.tenant == _tenant)
    .values(number=audit_number.c.number + 1)
)
NEXT_NUMBERED = NEXT.returning(audit_number.c.number, *_PEOPLE)
NUMBERED = select(audit_number.c.number, *_PEOPLE).where(audit_number.c.tenant == _tenant)
PSEUDONYM = select(person.c.pseudonym).where(person.c.user_key == _subject)
ADD = insert(audit)
INTRODUCE = insert(person)
BEGIN_NUMBERS = insert(audit_number)


def record(connection: Connection, ring: KeyRing, event: Event, witness: Witness) -> None:
    """Write one event. Its number is the next of its tenant, taken under that row's lock."""
    around = witness.surroundings(event)
    tenant = around.tenants[0] if around.tenants else ""
    number, subject, actor = _number(connection, tenant, event)
    subject = subject or _introduce(connection, event.user_key, witness)
    if event.actor is not None:
        actor = actor or _introduce(connection, event.actor, witness)
    row = {
        "tenant": tenant,
        "number": number,
        # A whole number would come back as another text than the digest covers.
        "at": float(event.at),
        "name": event.name,
        "subject": subject,
        "actor": actor,
        "body": _body(event, around),
    }
    connection.execute(ADD, row | {"digest": ring.digest(canonical(row), AUDIT)})


def canonical(row: Any) -> str:
    """Give the text of a row that its digest covers."""
    names = ("tenant", "number", "at", "name", "subject", "actor", "body")
    return json.dumps([row[name] for name in names], separators=(",", ":"))


def _body(event: Event, around: Surroundings) -> str:
    facts = {
        "method": event.method,
        "authenticator": event.authenticator_id,
        "device": event.device_id,
        "reason": _cut(event.reason),
        "remaining": event.remaining,
        "failures": event.failures,
        "address": _cut(around.address),
        "agent": _cut(around.agent),
        "request": _cut(around.request_id),
        "tenants": list(around.tenants) or None,
    }
    # ASCII only: control characters and look-alikes are kept as escapes.
    return json.dumps({name: value for name, value in facts.items() if value is not None})


def _cut(text: str | None) -> str | None:
    return text if text is None else text[:LONGEST_TEXT]


def _number(connection: Connection, tenant: str, event: Event) -> Row[*tuple[Any, ...]]:
    values = {"of_tenant": tenant, "subject_key": event.user_key, "actor_key": event.actor}
    found = _next(connection, values)
    if found is not None:
        return found
    # Another transaction may begin the same numbers at this moment.
    with suppress(IntegrityError), connection.begin_nested():
        connection.execute(BEGIN_NUMBERS, {"tenant": tenant, "number": 0})
    found = _next(connection, values)
    if found is None:
        message = "the audit's numbers cannot be read"
        raise StoreError(message)
    return found


def _next(connection: Connection, values: dict[str, Any]) -> Row[*tuple[Any, ...]] | None:
    if connection.dialect.update_returning:
        return connection.execute(NEXT_NUMBERED, values).one_or_none()
    if connection.execute(NEXT, values).rowcount != 1:
        return None
    return connection.execute(NUMBERED, values).one_or_none()


def _introduce(connection: Connection, user_key: str, witness: Witness) -> str:
    label = witness.label(user_key)[:255]
    row = {"pseudonym": new_id(), "user_key": user_key, "label": label}
    try:
        with connection.begin_nested():
            connection.execute(INTRODUCE, row)
    except IntegrityError:
        return str(connection.execute(PSEUDONYM, {"subject_key": user_key}).scalar_one())
    return row["pseudonym"]
