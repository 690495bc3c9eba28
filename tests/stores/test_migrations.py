"""The history of the tables ends where the tables are declared, on each database."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    Table,
    inspect,
    select,
    text,
)

from flask_twofactor.core.errors import StoreError
from flask_twofactor.stores import migrating, schema
from flask_twofactor.stores.bootstrap import Place
from flask_twofactor.stores.engine import make_engine
from flask_twofactor.stores.sqlalchemy import SQLStore

from .support.making import file_store
from .support.places import ANN, Where, authenticator, dispose


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ]
)
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Where:
    """An empty database."""
    if request.param == "sqlite":
        return Where.at(f"sqlite:///{tmp_path}/store.sqlite")
    return Where.at(request.getfixturevalue(f"{request.param}_uri"))


def differences(connection: Connection, metadata: MetaData) -> list[object]:
    """Name what differs between the database and what is declared, indexes and types too."""
    # MariaDB writes `false` as `0`, which Alembic takes for something else.
    defaults = connection.dialect.name != "mysql"
    options = {"compare_type": True, "compare_server_default": defaults}
    context = MigrationContext.configure(
        connection, opts={**options, "version_table": schema.version.name}
    )
    found = compare_metadata(context, metadata)
    # Alembic looks at every table but the one it keeps its own version in.
    return [one for one in found if schema.version not in one]


def tables(engine: Engine) -> set[str]:
    """Name the tables of a database."""
    return set(inspect(engine).get_table_names())


def test_the_history_leads_to_the_declared_tables(fresh: Where) -> None:
    """From nothing to head, the migrations make exactly the declared tables and indexes."""
    engine = make_engine(fresh.uri)
    with engine.begin() as connection:
        migrating.migrate(connection)
    with engine.connect() as connection:
        assert differences(connection, schema.metadata) == []
        assert connection.scalar(select(schema.version.c.version_num)) == schema.VERSION
    assert tables(engine) == set(schema.metadata.tables)
    engine.dispose()


def test_the_comparison_sees_a_missing_index(fresh: Where) -> None:
    """The comparison bites: an index or a column that only one side has is named."""
    engine, other = make_engine(fresh.uri), MetaData()
    with engine.begin() as connection:
        migrating.migrate(connection)
    for table in schema.metadata.tables.values():
        table.to_metadata(other)
    Index("ix_extra", other.tables["twofactor_hold"].c.epoch)
    other.tables["twofactor_proof"].indexes.clear()
    with engine.connect() as connection:
        named = [str(one) for one in differences(connection, other)]
    engine.dispose()

    assert sum("ix_extra" in one for one in named) == 1
    assert sum("ix_twofactor_proof" in one for one in named) == 2


@pytest.mark.mariadb
def test_every_table_compares_byte_by_byte(mariadb_uri: str) -> None:
    """Whatever the server's way of comparing texts, made or moved tables have ours."""
    engine = make_engine(mariadb_uri)
    with engine.begin() as connection:
        migrating.migrate(connection)
        asked = "SELECT DISTINCT table_collation FROM information_schema.tables WHERE table_schema = DATABASE()"
        found = connection.execute(text(asked)).scalars().all()
        asked = asked.replace("table_collation", "collation_name").replace("tables", "columns")
        columns = connection.execute(text(asked)).scalars().all()
    engine.dispose()

    assert found == [schema.COLLATION]
    assert set(columns) == {schema.COLLATION, None}


def test_a_made_store_is_what_the_history_makes(fresh: Where) -> None:
    """A store that was made at once has the tables that the migrations would have made."""
    store = fresh.store()
    with store.opened().engine.connect() as connection:
        assert differences(connection, schema.metadata) == []
        version = connection.execute(select(schema.version)).scalar_one()
    assert version == schema.VERSION
    dispose(store)


def test_the_version_is_the_head_of_the_history() -> None:
    """This release's version is the one head of the migrations."""
    config = Config()
    config.set_main_option("script_location", str(migrating.SCRIPTS))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.VERSION]


def test_upgrading_a_current_store_changes_nothing(fresh: Where) -> None:
    """`db upgrade` on a store of this version keeps every row, and says the version."""
    store = fresh.store()
    with store.transaction() as transaction:
        transaction.add_authenticator(ANN, authenticator())
    assert store.upgrade() == store.upgrade() == schema.VERSION
    assert store.authenticators(ANN) == (authenticator(),)
    assert store.standing(ANN, None).protected
    dispose(store)


def test_there_is_nothing_to_upgrade_without_a_store(fresh: Where) -> None:
    """`db upgrade` never makes a store; it says how to."""
    with pytest.raises(StoreError, match="flask twofactor init"):
        fresh.store().upgrade()
    engine = make_engine(fresh.uri)
    assert tables(engine) == set()
    engine.dispose()


def test_a_missing_file_is_not_made_by_an_upgrade(tmp_path: Path) -> None:
    """`db upgrade` of the default store leaves a missing database file missing."""
    file = tmp_path / "none.sqlite"
    place = Place(connect=lambda: make_engine(f"sqlite:///{file}"), database_file=file)
    with pytest.raises(StoreError, match="flask twofactor init"):
        migrating.upgrade(place)
    assert not file.exists()


def test_the_way_back_takes_everything_away(fresh: Where) -> None:
    """The downgrade leaves none of our tables, and leaves the host's."""
    engine = make_engine(fresh.uri)
    hosts = Table("host_user", MetaData(), *[column._copy() for column in schema.store.c])
    with engine.begin() as connection:
        hosts.create(connection)
        migrating.migrate(connection)
    with engine.begin() as connection:
        downgrade(connection)
    assert tables(engine) == {"host_user", schema.version.name}
    with engine.begin() as connection:
        migrating.migrate(connection)
    assert tables(engine) == {"host_user", *schema.metadata.tables}
    engine.dispose()


def test_the_default_store_brings_its_tables_along(tmp_path: Path) -> None:
    """The first call of a new release upgrades the file beside the app; people stay set up."""
    of_old_release(file_store(tmp_path, makes_itself=True))
    store = file_store(tmp_path)

    assert store.standing(ANN, None).protected
    assert store.authenticators(ANN) == (authenticator(),)
    with store.opened().engine.connect() as connection:
        assert connection.scalar(select(schema.version.c.version_num)) == schema.VERSION
        assert differences(connection, schema.metadata) == []
    dispose(store)


def test_another_database_is_upgraded_by_its_operator(fresh: Where) -> None:
    """A database of one's own is refused, with the command; after it, people are still set up."""
    of_old_release(fresh.store())
    store = fresh.store()
    with pytest.raises(StoreError, match="flask twofactor db upgrade"):
        store.standing(ANN, None)
    assert store.upgrade() == schema.VERSION

    assert store.standing(ANN, None).protected
    dispose(store)


def of_old_release(store: SQLStore) -> None:
    """Make a store whose tables are those of the first release, with Ann in it."""
    with store.transaction() as transaction:
        transaction.add_authenticator(ANN, authenticator())
    with store.opened().engine.begin() as connection:
        downgrade(connection, "0001")
    dispose(store)


def downgrade(connection: Connection, target: str = "base") -> None:
    """Go back, to before the first table unless told otherwise."""
    config = Config()
    config.set_main_option("script_location", str(migrating.SCRIPTS))
    config.attributes["connection"] = connection
    command.downgrade(config, target)


@pytest.mark.parametrize("knows_ours", [True, False])
def test_a_hosts_own_alembic_leaves_our_tables_alone(fresh: Where, knows_ours: bool) -> None:  # noqa: FBT001
    """Beside the host's metadata ours says that nothing is to be done; without it, to drop all."""
    store, theirs = fresh.store(), MetaData()
    store.make()
    Table("host_note", theirs, Column("id", Integer, primary_key=True))
    engine = store.opened().engine
    with engine.begin() as connection:
        theirs.create_all(connection)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, [theirs, schema.metadata] if knows_ours else theirs)
    dropped = [one for one in found if one[0] == "remove_table"]
    dispose(store)

    assert len(dropped) == (0 if knows_ours else len(schema.metadata.tables))
    assert knows_ours <= (not found)
