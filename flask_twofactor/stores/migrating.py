"""Moving the tables of an older release to this one's, by Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, inspect
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
    if connection.dialect.name not in {"mysql", "mariadb"}:
        command.upgrade(config, target)
        return
    event.listen(connection, "before_cursor_execute", _say_how, retval=True)
    try:
        command.upgrade(config, target)
    finally:
        event.remove(connection, "before_cursor_execute", _say_how)


def _say_how(
    _connection: Connection,
    _cursor: object,
    statement: str,
    parameters: object,
    *_: object,
) -> tuple[str, object]:
    # The migrations do not name it: a new table would compare as its database does.
    if statement.lstrip().startswith("CREATE TABLE"):
        statement += f" ENGINE=InnoDB CHARSET=utf8mb4 COLLATE {schema.COLLATION}"
    return statement, parameters
