"""The one read that every signed-in page pays for, on the driver's own cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Select
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import SQLAlchemyError

from flask_twofactor.core.errors import StoreError

from .patience import is_silence, of


class DirectRead:
    """A SELECT of Core's, compiled once; its rows come as the driver gives it.

    Connections, their pool and their isolation stay SQLAlchemy's, and listeners for
    `before_cursor_execute` hear of it. What is left out is Core's own work on the statement
    and the rows, which takes several times what the database does.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        self._statement = statement
        self._compiled: tuple[Dialect, str, Mapping[str, Any], Sequence[str] | None] | None = None

    def all(self, engine: Engine, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Give the rows; StoreError if the database does not answer."""
        sql, parameters = self._prepare(engine.dialect, values)
        try:
            with engine.connect() as connection:
                return _fetch(connection, sql, parameters)
        except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error) as error:
            message = f"the store did not answer as it should ({type(error).__name__})."
            raise StoreError(message) from error

    def _prepare(self, dialect: Dialect, values: Mapping[str, Any]) -> tuple[str, Any]:
        if self._compiled is None or self._compiled[0] is not dialect:
            made: Any = self._statement.compile(dialect=dialect)
            self._compiled = (dialect, str(made), made.params, made.positiontup)
        _, sql, defaults, order = self._compiled
        given = {**defaults, **values}
        return sql, given if order is None else tuple([given[name] for name in order])


def _fetch(connection: Connection, sql: str, parameters: Any) -> Sequence[Sequence[Any]]:
    cursor: DBAPICursor = connection.connection.cursor()
    try:
        for hear in connection.dispatch.before_cursor_execute:
            hear(connection, cursor, sql, parameters, None, False)  # noqa: FBT003 - as the event has it
        cursor.execute(sql, parameters)
        return cursor.fetchall()
    except connection.dialect.loaded_dbapi.Error as error:
        if (patience := of(connection.engine)) is not None and is_silence(error):
            patience.note_silence()
        if connection.dialect.is_disconnect(error, connection.connection, cursor):
            connection.invalidate()
        raise
    finally:
        cursor.close()
