"""Making stores by hand, and by several processes at one moment."""

from __future__ import annotations

from pathlib import Path

from flask_twofactor.core.throttle import Throttle
from flask_twofactor.stores.bootstrap import file_place, open_store
from flask_twofactor.stores.sqlalchemy import SQLStore

from .places import NOW, Bystander, Where, dispose


def file_store(
    folder: Path, *, makes_itself: bool = False, expected_id: str | None = None
) -> SQLStore:
    """Give the default store, SQLite with its key file, in a folder."""
    place = file_place(folder, expected_id=expected_id, makes_itself=makes_itself)
    return SQLStore(lambda: place, lambda: NOW, Throttle(), Bystander())


def make_file_store(folder: Path) -> str:
    """Make the default store, as `flask twofactor init` does, and give its id."""
    store = file_store(folder)
    made = store.make()
    dispose(store)
    return made


def make_anywhere(where: Where) -> str:
    """Make a store on a database with given keys, and give its id."""
    opened = open_store(where.place(makes_itself=False), NOW, make=True)
    opened.engine.dispose()
    return opened.store_id
