"""Every way to lose or swap a part of the default store."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import delete, update

from flask_twofactor.stores import schema
from flask_twofactor.stores.engine import make_engine
from flask_twofactor.stores.keys import new_key

DATABASE, KEY = "twofactor.sqlite", "twofactor.key"


def change(folder: Path, statement: object) -> None:
    """Change the store behind its back."""
    engine = make_engine(f"sqlite:///{folder / DATABASE}")
    with engine.begin() as connection:
        connection.execute(statement)  # type: ignore[call-overload]
    engine.dispose()


def lose_database(folder: Path) -> None:
    """The database file is gone."""
    for file in folder.glob(f"{DATABASE}*"):
        file.unlink()


def empty_file(folder: Path) -> None:
    """The database file is there and has no bytes."""
    lose_database(folder)
    (folder / DATABASE).touch()


def lose_everything(folder: Path) -> None:
    """Database and key are gone, as in a new container."""
    lose_database(folder)
    (folder / KEY).unlink()


def lose_key(folder: Path) -> None:
    """The key file is gone."""
    (folder / KEY).unlink()


def break_key(folder: Path) -> None:
    """The key file holds something else."""
    (folder / KEY).write_text("no key\n")


def blind_key(folder: Path) -> None:
    """The key file is no text."""
    (folder / KEY).write_bytes(b"\xff\xfe")


def swap_key(folder: Path) -> None:
    """The key file holds another store's key."""
    (folder / KEY).write_text(new_key() + "\n")


def forge_key(folder: Path) -> None:
    """The key file holds another key under the same id."""
    key_id = (folder / KEY).read_text().partition(":")[0]
    (folder / KEY).write_text(f"{key_id}:{new_key().partition(':')[2]}\n")


def empty_tables(folder: Path) -> None:
    """The tables are there, and nothing is in them."""
    for table in schema.metadata.sorted_tables:
        change(folder, delete(table))


def lose_version(folder: Path) -> None:
    """The version's table was dropped."""
    engine = make_engine(f"sqlite:///{folder / DATABASE}")
    schema.version.drop(engine)
    engine.dispose()


def other_version(folder: Path) -> None:
    """Another release made the tables."""
    change(folder, update(schema.version).values(version_num="9999"))


def no_database(folder: Path) -> None:
    """The file is no database."""
    lose_database(folder)
    (folder / DATABASE).write_text("this was never a database " * 100)


LOSSES = (
    lose_database,
    empty_file,
    lose_everything,
    lose_key,
    break_key,
    blind_key,
    swap_key,
    forge_key,
    empty_tables,
    lose_version,
    other_version,
    no_database,
)
