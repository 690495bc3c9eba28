"""Writing an audit, and changing it behind the store's back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import delete, insert, select, update

from flask_twofactor.core.keeping import AuditReport
from flask_twofactor.core.records import Event
from flask_twofactor.stores import schema
from flask_twofactor.stores.sqlalchemy import SQLStore

from .places import ANN, BOB, NOW

ROWS = 6
audit, numbers = schema.audit, schema.audit_number


def unseen(_rows: int) -> None:
    """Nobody looks at the progress."""


def write(store: SQLStore, *events: Event) -> None:
    """Record each event in a transaction of its own."""
    for event in events:
        with store.transaction() as transaction:
            transaction.record(event)


def fill(store: SQLStore) -> None:
    """Empty the audit, and write six rows."""
    with store.opened().engine.begin() as connection:
        connection.execute(delete(audit))
        connection.execute(delete(schema.person))
        connection.execute(update(numbers).values(number=0))
    people = (ANN, BOB) * (ROWS // 2)
    for step, user in enumerate(people):
        write(store, Event("failed", user, NOW + step, method="totp", failures=step))


def verify(store: SQLStore) -> AuditReport:
    """Check the whole audit."""
    return store.upkeep().verify_audit(unseen)


def change(store: SQLStore, *statements: Any) -> None:
    """Do something to the database behind the store's back."""
    with store.opened().engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)


def row(store: SQLStore, number: int) -> dict[str, Any]:
    """Read one row."""
    with store.opened().engine.connect() as connection:
        found = connection.execute(select(audit).where(audit.c.number == number)).mappings().one()
        return dict(found)


def at(*wanted: int) -> Any:
    """Select rows by their numbers."""
    return audit.c.number.in_(wanted)


def exchange(store: SQLStore, *columns: str) -> None:
    """Exchange what rows 2 and 5 have in some columns."""
    second, fifth = row(store, 2), row(store, 5)
    change(
        store,
        update(audit).where(at(2)).values({name: fifth[name] for name in columns}),
        update(audit).where(at(5)).values({name: second[name] for name in columns}),
    )


def reorder(store: SQLStore) -> None:
    """Exchange the numbers of rows 2 and 5."""
    for old, new in ((2, 99), (5, 2), (99, 5)):
        change(store, update(audit).where(at(old)).values(number=new))


def close_the_gap(store: SQLStore) -> None:
    """Remove row 3 and move the later ones down, the counter too."""
    change(store, delete(audit).where(at(3)))
    for number in range(4, ROWS + 1):
        change(store, update(audit).where(at(number)).values(number=number - 1))
    change(store, update(numbers).values(number=ROWS - 1))


def forge(store: SQLStore) -> None:
    """Add a row at the end under a digest of somebody's own, with the counter."""
    made = row(store, ROWS) | {"number": ROWS + 1, "digest": f"forged.{'0' * 64}"}
    change(store, insert(audit).values(made), update(numbers).values(number=ROWS + 1))


def changed(column: str, value: Any) -> Callable[[SQLStore], None]:
    """Give what changes a column of row 4."""
    return lambda store: change(store, update(audit).where(at(4)).values({column: value}))


def removed(*wanted: int) -> Callable[[SQLStore], None]:
    """Give what removes rows."""
    return lambda store: change(store, delete(audit).where(at(*wanted)))


TAMPERINGS: dict[str, tuple[Callable[[SQLStore], None], list[tuple[str, int, int]]]] = {
    "time": (changed("at", NOW + 99), [("changed", 4, 4)]),
    "name": (changed("name", "verified"), [("changed", 4, 4)]),
    "subject": (changed("subject", "0" * 32), [("changed", 4, 4)]),
    "actor": (changed("actor", "0" * 32), [("changed", 4, 4)]),
    "body": (changed("body", "{}"), [("changed", 4, 4)]),
    "no JSON": (changed("body", "no json"), [("changed", 4, 4)]),
    "digest": (changed("digest", "no digest"), [("changed", 4, 4)]),
    "first row": (removed(1), [("missing", 1, 1)]),
    "one row": (removed(3), [("missing", 3, 3)]),
    "several rows": (removed(2, 3, 5), [("missing", 2, 3), ("missing", 5, 5)]),
    "last rows": (removed(5, 6), [("counter_ahead", 5, 6)]),
    "all rows": (removed(*range(1, ROWS + 1)), [("counter_ahead", 1, ROWS)]),
    "counter back": (
        lambda store: change(store, update(numbers).values(number=4)),
        [("counter_behind", 5, 6)],
    ),
    "no counter": (lambda store: change(store, delete(numbers)), [("counter_behind", 1, ROWS)]),
    "order": (reorder, [("changed", 2, 2), ("changed", 5, 5)]),
    "bodies": (
        lambda store: exchange(store, "body"),
        [("changed", 2, 2), ("changed", 5, 5)],
    ),
    "digests": (
        lambda store: exchange(store, "digest"),
        [("changed", 2, 2), ("changed", 5, 5)],
    ),
    "rows but numbers": (
        lambda store: exchange(store, "at", "name", "subject", "actor", "body", "digest"),
        [("changed", 2, 2), ("changed", 5, 5)],
    ),
    "closed gap": (close_the_gap, [("changed", 3, 5)]),
    "forged row": (forge, [("changed", 7, 7)]),
    "number zero": (
        lambda store: change(store, update(audit).where(at(1)).values(number=0)),
        [("unexpected", 0, 0), ("changed", 0, 0), ("missing", 1, 1)],
    ),
}
