"""The benchmark's host as the tests count it: statements, plans and what scans a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from benchmarks.measure import Statements, Work, calls, counting
from benchmarks.site import Site

CODES = "twofactor_single_use_code"
PAGE = "/account"
SCAN = re.compile(r"\bSCAN twofactor_|\bSeq Scan on twofactor_")


def statements(site: Site, deed: Callable[[], object]) -> Statements:
    """Count what a deed asks of the store; nothing is warmed up."""
    with counting(*site.store_engines()) as found:
        deed()
    return found


def more_calls(one: Callable[[], object], other: Callable[[], object]) -> int:
    """Say how many more function calls one takes than the other."""
    return calls(Work(one)) - calls(Work(other))


@contextmanager
def explained(site: Site) -> Iterator[dict[str, str]]:
    """Give, for each statement that the store runs inside the block, the database's plan.

    PostgreSQL would rather scan tables of one row: it is told to scan only if it must.
    """
    plans: dict[str, str] = {}
    sqlite = site.store_engines()[0].dialect.name == "sqlite"

    def explain(connection: Any, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if statement.startswith("BEGIN"):
            return
        cursor = connection.connection.cursor()
        if not sqlite:
            cursor.execute("SET enable_seqscan = off")
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if sqlite else ''}{statement}", values)
        plans[statement] = "\n".join(str(row[-1]) for row in cursor.fetchall())
        cursor.close()

    for engine in site.store_engines():
        event.listen(engine, "before_cursor_execute", explain)
    yield plans
    for engine in site.store_engines():
        event.remove(engine, "before_cursor_execute", explain)


def scans(plans: dict[str, str]) -> dict[str, str]:
    """Give the plans that read a whole table."""
    return {statement: plan for statement, plan in plans.items() if SCAN.search(plan)}
