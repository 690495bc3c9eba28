"""Moving the tables of an older release to this one's, by Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, column, inspect, select, table
from sqlalchemy.exc import SQLAlchemyError

from flask_twofactor.core.errors import StoreError

from . import schema
from .bootstrap import Place
from .patience import of
from .servers import making_alone

NO_STORE = "there is no store to upgrade. Run `flask twofactor init` first."
SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(place: Place) -> str:
    """Bring the tables of an existing store to the newest version; StoreError if there are none."""
    if place.database_file is not None and not place.database_file.exists():
        raise StoreError(NO_STORE)
    engine = place.connect()
    # Changing a large table takes long.
    if (patience := of(engine)) is not None:
        patience.take_time()
    try:
        with engine.begin() as connection, making_alone(connection):
            if not inspect(connection).has_table(schema.store.name):
                raise StoreError(NO_STORE)
            migrate(connection)
    except SQLAlchemyError as error:
        message = f"the store's tables could not be changed ({type(error).__name__})."
        raise StoreError(message) from error
    finally:
        engine.dispose()
    return schema.VERSION


def migrate(connection: Connection, target: str = "head") -> None:
    """Run the migrations on one connection, within its transaction."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, target)
    if connection.dialect.name in {"mysql", "mariadb"}:
        _compare_by_bytes(connection)


def _compare_by_bytes(connection: Connection) -> None:
    # The migrations do not name it: a new table has what its database has.
    info = table(
        "tables",
        column("table_schema"),
        column("table_name"),
        column("table_collation"),
        schema="information_schema",
    )
    mine = (
        info.c.table_schema == connection.engine.url.database,
        info.c.table_collation != schema.COLLATION,
    )
    found = connection.execute(select(info.c.table_name).where(*mine)).scalars().all()
    for name in found:
        if name in schema.metadata.tables:
            connection.exec_driver_sql(
                f"ALTER TABLE {name} CONVERT TO CHARACTER SET utf8mb4 COLLATE {schema.COLLATION}"
            )
