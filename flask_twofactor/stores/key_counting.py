"""Which keys the rows of the store need: the columns that are sealed or keyed digests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Column, ColumnElement, Connection, Engine, Table, func, select

from flask_twofactor.core.keeping import CodesOwner, KeyUse, Party

from .schema import (
    account,
    audit,
    authenticator,
    hold,
    pending_setup,
    person,
    sent_code,
    single_use_code,
)
from .sealing import KeyRing
from .writing import AUTHENTICATOR, FINISHED, HOLD, SETUP


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed column, bound to its row's id and user."""

    kind: str
    table: Table
    column: Column[str]
    bound: str


SEALED = (
    Sealed("authenticators", authenticator, authenticator.c.data, AUTHENTICATOR),
    Sealed("setups", pending_setup, pending_setup.c.kept, SETUP),
    Sealed("holds", hold, hold.c.kept, HOLD),
)
CODES, SETUP_CODES, SENT_CODES = "codes", "setup_codes", "sent_codes"
AUDIT_ROWS = "audit"
UNSPENT = single_use_code.c.spent_at.is_(None)


def not_under(column: ColumnElement[str], key_id: str) -> ColumnElement[bool]:
    """Select the rows that need another key than this one."""
    start = f"{key_id}."
    return func.substr(column, 1, len(start)) != start


def key_uses(reader: Engine, ring: KeyRing, now: float) -> list[KeyUse]:
    """Count the rows that need each key, the app's own keys first; spent codes need none."""
    counted: defaultdict[str, dict[str, int]] = defaultdict(dict)
    with reader.connect() as connection:
        for kind, column, only in _columns(now):
            key = func.substr(column, 1, _dot(connection, column) - 1)
            statement = select(key, func.count()).where(*only).group_by(key)
            for key_id, rows in connection.execute(statement).all():
                counted[key_id][kind] = rows
    lost = sorted(set(counted) - set(ring.ids))
    return [
        KeyUse(key_id, key_id in ring.ids, key_id == ring.writing, counted[key_id])
        for key_id in (*ring.ids, *lost)
    ]


def code_owners(reader: Engine, ring: KeyRing) -> list[CodesOwner]:
    """Give the people whose unspent codes are under another key than the writing one."""
    table = single_use_code
    with reader.connect() as connection:
        key = func.substr(table.c.digest, 1, _dot(connection, table.c.digest) - 1)
        statement = (
            select(table.c.user_key, func.max(person.c.label), key, func.count())
            .outerjoin(person, person.c.user_key == table.c.user_key)
            .where(UNSPENT, not_under(table.c.digest, ring.writing))
            .group_by(table.c.user_key, key)
            .order_by(table.c.user_key)
        )
        return [
            CodesOwner(user_key, label or "", key_id, codes)
            for user_key, label, key_id, codes in connection.execute(statement).all()
        ]


def locked_out(reader: Engine, lost: Sequence[str]) -> list[Party]:
    """Give the people whose authenticators nobody can read, because their key is lost."""
    table = authenticator
    with reader.connect() as connection:
        key = func.substr(table.c.data, 1, _dot(connection, table.c.data) - 1)
        statement = (
            select(table.c.user_key, func.max(person.c.pseudonym), func.max(person.c.label))
            .outerjoin(person, person.c.user_key == table.c.user_key)
            .where(key.in_(lost))
            .group_by(table.c.user_key)
            .order_by(table.c.user_key)
        )
        rows = connection.execute(statement).all() if lost else []
    return [Party(pseudonym or "", user_key, label or "") for user_key, pseudonym, label in rows]


def _columns(now: float) -> list[tuple[str, Column[str], list[ColumnElement[bool]]]]:
    found: list[tuple[str, Column[str], list[ColumnElement[bool]]]] = [
        (one.kind, one.column, [one.column != FINISHED]) for one in SEALED
    ]
    still_good = sent_code.c.expires_at > now
    return [
        *found,
        (CODES, single_use_code.c.digest, [UNSPENT]),
        (SETUP_CODES, account.c.setup_code, [account.c.setup_code_until > now]),
        (SENT_CODES, sent_code.c.digest, [sent_code.c.spent_at.is_(None), still_good]),
        (AUDIT_ROWS, audit.c.digest, []),
    ]


def _dot(connection: Connection, column: ColumnElement[str]) -> ColumnElement[int]:
    if connection.dialect.name == "postgresql":
        return func.strpos(column, ".")
    return func.instr(column, ".")
