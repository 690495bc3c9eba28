"""What an operator can do about a store that refuses; each text is a way that works."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from flask_twofactor.core.errors import ContentionError, StoreError

FIRST_TIME = "Run `flask twofactor init` once, or put the lost database and its key back together."
REPAIR = "See that its database runs and is the right one, or restore it from a backup."
BEGIN_ANEW = (
    "To begin anew (everybody sets up again), move the database away, unset "
    "TWOFACTOR_STORE_ID and run `flask twofactor init`."
)


def another_expected(store_id: str) -> StoreError:
    """There is nothing, and the setting names a store."""
    return StoreError(
        f"there is no store here, TWOFACTOR_STORE_ID names {store_id}. Bring that "
        "store's database back. To start over with a new store, in which nobody is set up, "
        "remove TWOFACTOR_STORE_ID first and run `flask twofactor init`."
    )


def no_database(database: Path, key: Path | None) -> StoreError:
    """The default store's database is not there."""
    if key is not None and key.exists():
        return key_alone(key)
    return StoreError(f"the store's database {database} is missing. {FIRST_TIME}")


def no_tables(key: Path | None) -> StoreError:
    """The database is there and is empty."""
    if key is not None and key.exists():
        return key_alone(key)
    return StoreError(f"the store has no tables. {FIRST_TIME}")


def key_alone(key: Path) -> StoreError:
    """There is a key file, and nothing that was sealed with it."""
    return StoreError(
        f"there is a key, {key}, but no database for it. Put the lost database "
        "back beside it, or move the key away and run `flask twofactor init`."
    )


def no_key_file(key: Path) -> StoreError:
    """The key file is gone or is not one."""
    return StoreError(
        f"the store's key file {key} is missing or unreadable. Put it back from your backup: "
        f"the database beside it is useless without it. {BEGIN_ANEW}"
    )


def wrong_keys(key: Path | None, ids: Iterable[str]) -> StoreError:
    """There are keys, and they are another store's."""
    named = ", ".join(ids)
    place = f"the key file {key}" if key is not None else "TWOFACTOR_KEYS"
    return StoreError(
        f"the keys are not those of this store, which knows the ids {named}. Put {place} back "
        f"from your backup: the database is useless without its keys. {BEGIN_ANEW}"
    )


def keys_are_a_setting() -> StoreError:
    """There is no key file to add a key to."""
    return StoreError(
        "the keys come from TWOFACTOR_KEYS. Make one with `python -m flask_twofactor new-key` and "
        "add it there, at the end first: docs/how-to/keys.md says how nobody fails to sign in."
    )


def incomplete() -> StoreError:
    """The tables are there, and the row that names the store is not."""
    return StoreError(
        "the store is incomplete: the row that names it is gone. Restore its database from a backup."
    )


def place_of(url: URL) -> str:
    """Say where a database is, for messages: no user name and no password."""
    if url.get_backend_name() == "sqlite":
        return f"the database {url.database or 'in memory'}"
    port = f":{url.port}" if url.port else ""
    return f"the database {url.database} on {url.host or 'this machine'}{port}"


@contextmanager
def explained(where: list[str]) -> Iterator[None]:
    """Say what failed and where; `where` is filled in as soon as it is known."""
    try:
        yield
    except ModuleNotFoundError as error:
        message = f"the driver {error.name} is missing. Install it: {_extra(error.name)}."
        raise StoreError(message) from error
    except SQLAlchemyError as error:
        place = where[-1] if where else "the store"
        message = f"{place} cannot be read ({type(error).__name__}). {REPAIR}"
        raise StoreError(message) from error
    except OSError as error:
        message = f"the store's files cannot be used ({error.strerror}). {REPAIR}"
        raise StoreError(message) from error


def _extra(driver: str | None) -> str:
    extras = {"pymysql": "mariadb", "redis": "redis", "psycopg": "postgresql"}
    return f"pip install 'flask-twofactor[{extras[driver]}]'" if driver in extras else "by pip"


@contextmanager
def translated() -> Iterator[None]:
    """Turn the database's errors into the store's."""
    try:
        yield
    except SQLAlchemyError as error:
        raise down(error) from error


def down(error: SQLAlchemyError) -> StoreError:
    """Say that a statement failed, and nothing of it; ContentionError if it may be repeated."""
    message = f"the store did not answer as it should ({type(error).__name__})."
    return ContentionError(message) if _is_contention(error) else StoreError(message)


SERIALIZATION, DEADLOCK = "40001", "40P01"
MARIADB_DEADLOCK, MARIADB_CHANGED = 1213, 1020


def _is_contention(error: BaseException | None) -> bool:
    # Where a savepoint was lost with its transaction, the reason stands behind that error.
    while error is not None:
        original = getattr(error, "orig", None)
        state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
        number = original.args[0] if original is not None and original.args else None
        if state in {SERIALIZATION, DEADLOCK} or number in {MARIADB_DEADLOCK, MARIADB_CHANGED}:
            return True
        error = error.__cause__ or error.__context__
    return False
