"""A store on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import URL, delete

from flask_twofactor.stores import schema
from flask_twofactor.stores.sqlalchemy import SQLStore
from tests.stores.support.places import Where, dispose
from tests.stores.support.racing import Processes, processes
from tests.support import mariadb, postgresql

POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)
REDIS = pytest.param("redis", marks=pytest.mark.redis)
MARIADB = pytest.param("mariadb", marks=pytest.mark.mariadb)


@pytest.fixture(scope="module")
def postgresql_where(postgresql_server: URL) -> Iterator[Where]:
    """A PostgreSQL database that the tests of one module share."""
    with postgresql.database(postgresql_server) as uri:
        yield Where.at(uri)


@pytest.fixture(scope="module")
def mariadb_where(mariadb_server: URL) -> Iterator[Where]:
    """A MariaDB database that the tests of one module share."""
    with mariadb.database(mariadb_server) as uri:
        yield Where.at(uri)


@pytest.fixture(scope="session")
def four_processes() -> Iterator[Processes]:
    """Four processes, started once."""
    with processes() as started:
        yield started


@pytest.fixture(params=["file", POSTGRESQL, MARIADB])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Where:
    """A database that several processes can reach; its store may hold rows of other tests."""
    if request.param == "file":
        return Where.at(f"sqlite:///{tmp_path / 'store.sqlite'}")
    found: Where = request.getfixturevalue(f"{request.param}_where")
    return found


@pytest.fixture(params=["file", "memory", POSTGRESQL, MARIADB, REDIS])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SQLStore]:
    """An empty store on each kind of database."""
    if request.param in {"postgresql", "mariadb"}:
        where: Where = request.getfixturevalue(f"{request.param}_where")
    else:
        file = "" if request.param == "memory" else f"/{tmp_path / 'store.sqlite'}"
        where = Where.at(f"sqlite://{file}")
    if request.param == "redis":
        where = replace(where, redis=request.getfixturevalue("redis_uri"))
    opened = where.store()
    empty(opened)
    yield opened
    dispose(opened)


def empty(store: SQLStore) -> None:
    """Delete every person's rows."""
    with store.opened().engine.begin() as connection:
        for table in (*schema.PERSONAL, schema.tenant_rule, schema.adoption):
            connection.execute(delete(table))
