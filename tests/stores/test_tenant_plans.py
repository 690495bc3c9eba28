"""A roster of any size is read by index: the same statements, and no table is read whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import URL, event, insert, text

from flask_twofactor.core.members import SHOWS, Place, Wanted
from flask_twofactor.core.rules import Rule
from flask_twofactor.stores import schema
from flask_twofactor.stores.sqlalchemy import SQLStore
from flask_twofactor.stores.tenancy import write_rule
from tests.support import mariadb, postgresql

from .support.places import NOW, Where, dispose

MANY = 20_000
NAME = "person {:07}"


WHOLE = re.compile(
    "SCAN twofactor_member|USE TEMP B-TREE FOR ORDER BY"
    "|Seq Scan on twofactor_member"
    "|twofactor_member (?:ALL|index|.*Using filesort)"
)
SERVERS = {"postgresql": postgresql.database, "mariadb": mariadb.database}


@pytest.fixture(
    scope="module",
    params=[
        "file",
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
)
def large(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SQLStore]:
    """A store with one tenant of many people and a hundred small ones."""
    if request.param in SERVERS:
        server: URL = request.getfixturevalue(f"{request.param}_server")
        with SERVERS[request.param](server) as uri:
            yield from filled(Where.at(uri))
    else:
        yield from filled(
            Where.at(f"sqlite:///{tmp_path_factory.mktemp('large') / 'store.sqlite'}")
        )


def filled(where: Where) -> Iterator[SQLStore]:
    """Fill a store and give it."""
    store = where.store()
    rows = [row("large", number) for number in range(MANY)]
    rows += [row(f"small-{number % 100}", MANY + number) for number in range(2000)]
    with store.opened().engine.begin() as connection:
        for start in range(0, len(rows), 5000):
            connection.execute(insert(schema.member), rows[start : start + 5000])
        saved = [Rule("large", "all", version=1)]
        saved += [Rule(f"other-{number}", version=1) for number in range(5000)]
        connection.execute(insert(schema.tenant_rule), [write_rule(rule) for rule in saved])
    with (
        store.opened()
        .engine.connect()
        .execution_options(isolation_level="AUTOCOMMIT") as connection
    ):
        named = " TABLE twofactor_member, twofactor_tenant_rule"
        mariadb_here = connection.dialect.name == "mysql"
        connection.execute(text(f"ANALYZE{named if mariadb_here else ''}"))
    yield store
    dispose(store)


def row(tenant: str, number: int) -> dict[str, Any]:
    """Give a member's row; one in ten is ready, one in a thousand an admin or excused."""
    name = NAME.format(number)
    return {
        "tenant": tenant,
        "user_key": f"user:{number}",
        "label": name,
        "sort": name,
        "roles": "[]",
        "admin": number % 1000 == 1,
        "ready": number % 10 == 0,
        "first_seen": NOW,
        "exempt_until": NOW + 9 if number % 1000 == 2 else None,
    }


@contextmanager
def explained(store: SQLStore) -> Iterator[list[str]]:
    """Give the plans of all statements that the store runs inside the block."""
    plans: list[str] = []
    opened = store.opened()
    sqlite = opened.engine.dialect.name == "sqlite"
    # Elsewhere the reader hears what its engine hears.
    engines = (opened.engine, opened.reader) if sqlite else (opened.engine,)
    word = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"

    def explain(connection: Any, _cursor: object, statement: str, values: Any, *_: object) -> None:
        cursor = connection.connection.cursor()
        cursor.execute(f"{word} {statement}", values)
        plans.append("\n".join(step(found) for found in cursor.fetchall()))
        cursor.close()

    for engine in engines:
        event.listen(engine, "before_cursor_execute", explain)
    yield plans
    for engine in engines:
        event.remove(engine, "before_cursor_execute", explain)


def step(found: Sequence[Any]) -> str:
    """Give one line of a plan; MariaDB's has ten columns: which table, how, and what else."""
    if len(found) < 10:
        return str(found[-1])
    return f"{found[2]} {found[3]} by {found[5]} {found[9]}"


def whole(plans: list[str]) -> list[str]:
    """Give the plans that read all members, or sort more than they show."""
    return [plan for plan in plans if WHOLE.search(plan)]


@pytest.mark.parametrize("show", [show for show in SHOWS if show != "exempt"])
@pytest.mark.parametrize("at", ["first", "last", "found"])
def test_a_page_of_the_roster_is_found_by_an_index(large: SQLStore, show: Any, at: str) -> None:
    """First page, last page, a search: each by an index that also sorts."""
    last = Place(NAME.format(MANY - 60), f"user:{MANY - 60}") if at == "last" else None
    wanted = Wanted(show, NAME.format(77)[:11] if at == "found" else "", last, 50)
    with explained(large) as plans:
        page = large.members("large", wanted, NOW)

    assert len(page) > 0 or show == "admins"
    assert len(plans) == 1
    assert whole(plans) == []


def test_who_is_excused_is_found_by_an_index(large: SQLStore) -> None:
    """Few are excused: they are found by when that ends, then sorted."""
    with explained(large) as plans:
        assert len(large.members("large", Wanted("exempt"), NOW)) == MANY // 1000

    words = ("SCAN twofactor_member", "Seq Scan", "twofactor_member ALL", "twofactor_member index")
    assert not any(word in plan for plan in plans for word in words)


def test_a_whole_page_takes_the_same_statements(large: SQLStore) -> None:
    """Names, what stands beside them, and the count up to a thousand: five statements."""
    counts = []
    for tenant in ("large", "small-7"):
        with explained(large) as plans:
            large.list_members(large.members(tenant, Wanted(limit=100), NOW))
            large.groups(tenant, 1001)
            assert whole(plans) == []
        counts.append(len(plans))

    assert counts == [5, 5]


def test_the_guards_statement_finds_rule_and_place_by_key(large: SQLStore) -> None:
    """One statement, with one tenant or several, and no table read whole."""
    for tenants in (["large"], ["large", "small-7", "small-8"]):
        with explained(large) as plans:
            large.standing("user:5", None, tenants=tenants)
        assert len(plans) == 1
        assert whole(plans) == []
        assert "SCAN twofactor_tenant_rule" not in plans[0]
        assert "Seq Scan on twofactor_tenant_rule" not in plans[0]
        assert "twofactor_tenant_rule ALL" not in plans[0]


def test_the_control_is_seen(large: SQLStore) -> None:
    """A statement that reads everybody would be named."""
    with explained(large) as plans, large.opened().reader.connect() as connection:
        connection.execute(text("SELECT label FROM twofactor_member WHERE label = 'a'"))

    assert whole(plans)
