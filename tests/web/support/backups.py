"""A backup of the store, and an old one put back."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import delete, insert, select

from flask_twofactor.stores import schema
from flask_twofactor.web.state import app_state

Backup = dict[str, list[dict[str, Any]]]


def take(app: Flask) -> Backup:
    """Copy every row."""
    with _engine(app).connect() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in schema.metadata.sorted_tables
        }


def put_back(app: Flask, backup: Backup) -> None:
    """Replace every row by those of the backup."""
    with _engine(app).begin() as connection:
        for table in schema.metadata.sorted_tables:
            connection.execute(delete(table))
            if backup[table.name]:
                connection.execute(insert(table), backup[table.name])


def _engine(app: Flask) -> Any:
    store: Any = app_state(app).ports.store
    return store.opened().engine
