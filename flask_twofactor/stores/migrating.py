"""Moving the tables of an older release to this one's, by Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import SQLAlchemyError

from flask_twofactor.core.errors import StoreError

from . import schema
from .bootstrap import Place

NO_STORE = "there is no store to upgrade. Run `flask twofactor init` first."
SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(place: Place) -> str:
    """Bring the tables of an existing store to the newest version; StoreError if there are none."""
    if place.database_file is not None and not place.database_file.exists():
        raise StoreError(NO_STORE)
    engine = place.connect()
    try:
        with engine.begin() as connection:
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
