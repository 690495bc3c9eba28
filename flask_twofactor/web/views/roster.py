"""The people of a tenant: what stands in a row of the page, and the list to take away."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator
from typing import Any

from flask import Response, stream_with_context

from flask_twofactor.core import rules
from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.members import Listed, Place, Wanted, sort_key
from flask_twofactor.core.rules import Rule
from flask_twofactor.flows import tenants as flow
from flask_twofactor.web.state import app_state

from .admitting import admin_of

ROWS_AT_ONCE = 1000
RISKY = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What begins a formula, also in the full width that East Asian spreadsheets take for it."""
COLUMNS = ("person", "roles", "ready", "methods", "last_used", "codes_left", "grace_ends",
           "exempt_until", "exempt_reason", "locked")  # fmt: skip


def roster_csv(tenant: str, refused: RefusedError | None = None) -> Response:
    """Give everybody of a tenant as a table for a spreadsheet."""
    del refused
    admin = admin_of(tenant)
    if isinstance(admin, Response):
        return admin
    answer = Response(stream_with_context(_lines(tenant)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="members.csv"'
    return answer


def row_facts(rule: Rule, one: Listed, now: float) -> dict[str, Any]:
    """Give what stands in one row of the roster, as JSON clients read it."""
    member = one.member
    exempt = member.exempt_until if member.exempt_until and member.exempt_until > now else None
    locked = one.locked_until if one.locked_until and one.locked_until > now else None
    asked = rules.applies(rule, member.roles) and not member.ready
    return {
        "key": member.user_key,
        "name": member.label or member.user_key,
        "roles": list(member.roles),
        "admin": member.admin,
        "ready": member.ready,
        "methods": list(one.methods),
        "last_used_at": one.last_used_at,
        "codes_left": one.codes_left,
        "grace_end": rules.grace_end(rule, member.roles, member.first_seen) if asked else None,
        "exempt_until": exempt,
        "exempt_reason": member.exempt_reason if exempt else None,
        "locked_until": locked,
    }


def safe_cell(value: object) -> str:
    """Give a cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    text = str(value)
    seen = "".join(one for one in text if one in RISKY or not (one.isspace() or is_unseen(one)))
    return f"'{text}" if seen[:1] in RISKY else text


def is_unseen(letter: str) -> bool:
    """Say whether a letter is a control or format character, which a reader may drop."""
    return unicodedata.category(letter).startswith("C")


def _lines(tenant: str) -> Iterator[str]:
    store, now = app_state().ports.store, app_state().ports.clock()
    rule, wanted = store.rule(tenant), Wanted(limit=ROWS_AT_ONCE)
    yield _line(COLUMNS)
    while page := store.members(tenant, wanted, now):
        for one in store.list_members(page):
            yield _line(_cells(row_facts(rule, one, now)))
        last = page[-1]
        wanted = Wanted(after=Place(sort_key(last.label), last.user_key), limit=ROWS_AT_ONCE)


def _cells(row: dict[str, Any]) -> list[object]:
    return [
        row["name"],
        " ".join(row["roles"]),
        "yes" if row["ready"] else "no",
        " ".join(row["methods"]),
        _day(row["last_used_at"]),
        row["codes_left"],
        _day(row["grace_end"]),
        _day(row["exempt_until"] and row["exempt_until"] - 1),
        row["exempt_reason"] or "",
        "yes" if row["locked_until"] else "no",
    ]


def _day(at: float | None) -> str:
    return "" if at is None else flow.day_of(at)


def _line(cells: Any) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(map(safe_cell, cells))
    return text.getvalue()
