"""How a database finds the rows of each statement that a deed runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from benchmarks.site import Site

Explain = Callable[[Any, str, Any], str]


def _of_sqlite(cursor: Any, statement: str, values: Any) -> str:
    cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
    return "\n".join(str(row[-1]) for row in cursor.fetchall())


def _of_postgresql(cursor: Any, statement: str, values: Any) -> str:
    # It would rather scan tables of one row: it is told to scan only if it must.
    cursor.execute("SET enable_seqscan = off")
    cursor.execute(f"EXPLAIN {statement}", values)
    return "\n".join(str(row[0]) for row in cursor.fetchall())


def _of_mariadb(cursor: Any, statement: str, values: Any) -> str:
    # The same: it is told that a scan costs more than any number of look-ups.
    cursor.execute("SET SESSION max_seeks_for_key = 1")
    cursor.execute(f"EXPLAIN {statement}", values)
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return "\n".join(
        f"{row['table']}: {row['type']} by {row['key']}"
        for row in rows
        if row["select_type"] != "INSERT"
    )


EXPLAIN: dict[str, Explain] = {
    "sqlite": _of_sqlite,
    "postgresql": _of_postgresql,
    "mysql": _of_mariadb,
}
SCAN: dict[str, re.Pattern[str]] = {
    # A whole index read in order is a scan too.
    "sqlite": re.compile(r"\bSCAN (?!CONSTANT ROW)"),
    "postgresql": re.compile(r"Seq Scan on|Index (?:Only )?Scan[^\n]*\n(?!\s*Index Cond)"),
    "mysql": re.compile(r"^\w+: (?:ALL|index) by ", re.MULTILINE),
}


@contextmanager
def explained(site: Site) -> Iterator[dict[str, str]]:
    """Give, for each statement that the store runs inside the block, the database's plan."""
    plans: dict[str, str] = {}
    explain_it = EXPLAIN[site.store_engines()[0].dialect.name]

    def explain(
        connection: Any,
        _cursor: object,
        statement: str,
        values: Any,
        _context: object,
        many: object,
    ) -> None:
        if statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            return
        cursor = connection.connection.cursor()
        plans[statement] = explain_it(cursor, statement, values[0] if many else values)
        cursor.close()

    engines = set(site.store_engines())  # on some databases both are one
    for engine in engines:
        event.listen(engine, "before_cursor_execute", explain)
    yield plans
    for engine in engines:
        event.remove(engine, "before_cursor_execute", explain)


def scans(site: Site, plans: dict[str, str]) -> dict[str, str]:
    """Give the plans that read a whole table."""
    whole = SCAN[site.store_engines()[0].dialect.name]
    return {statement: plan for statement, plan in plans.items() if whole.search(plan)}
