"""A store with rows under an old key, and a rotation that dies on the way."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import delete, update

from flask_twofactor.core.keeping import Rotation
from flask_twofactor.core.records import Event
from flask_twofactor.stores import key_rotating, schema
from flask_twofactor.stores.keys import new_key
from flask_twofactor.stores.sqlalchemy import SQLStore

from .audits import unseen, write
from .making import file_store
from .places import ANN, NOW, Where, authenticator, dispose, hold, pending_setup

PEOPLE = 12
CODES = ("first code", "second code", "third code")
BATCH = 5


def newer(where: Where) -> Where:
    """Name the same database, with a new key in front."""
    return Where(where.uri, (new_key(), *where.keys))


def without_old(where: Where) -> Where:
    """Name the same database, with the first key alone."""
    return Where(where.uri, where.keys[:1])


def fill(store: SQLStore) -> None:
    """Give twelve people an authenticator and an audit row each; Ann has all kinds of rows."""
    with store.opened().engine.begin() as connection:
        for table in (*schema.PERSONAL, schema.person, schema.audit):
            connection.execute(delete(table))
        connection.execute(update(schema.audit_number).values(number=0))
    with store.transaction() as transaction:
        for number in range(PEOPLE):
            one = authenticator(f"{number:032d}", data={"secret": f"S{number}"})
            transaction.add_authenticator(f"user:{number}", one)
        transaction.add_authenticator(ANN, authenticator("a" * 32))
        backup = authenticator("b" * 32, method="backup_code", protects=False, data={})
        transaction.add_authenticator(ANN, backup)
        transaction.replace_codes(ANN, backup.id, CODES, NOW)
        transaction.open_hold(hold(), replaces=None)
        transaction.keep_setup(pending_setup())
        transaction.keep_setup(pending_setup("f" * 64))
        transaction.finish_setup("f" * 64, ANN)
    write(store, *[Event("enrolled", f"user:{number}", NOW) for number in range(PEOPLE)])


def counted(rotation: Rotation) -> dict[str, dict[str, int]]:
    """Give the rows under each key."""
    return {use.key_id: dict(use.rows) for use in rotation.uses}


def main(uri: str, keys: Sequence[str], last: str, batch: str) -> None:
    """Move rows in small batches, and die after some of them, as at a power cut."""
    kind, _, folder = uri.partition(":")
    store = file_store(Path(folder)) if kind == "file" else Where(uri, tuple(keys)).store()
    batches = 0

    def seen(_rows: int) -> None:
        nonlocal batches
        batches += 1
        if batches == int(last):
            os.kill(os.getpid(), signal.SIGKILL)

    rotate(store, seen, int(batch))
    dispose(store)


def rotate(store: SQLStore, seen: Any = unseen, batch: int = BATCH) -> Rotation:
    """Move the rows in small batches without a pause."""
    real = key_rotating.Rotating

    def small(*values: Any) -> Any:
        return real(*values, batch=batch, breathe=lambda: None)

    with patch("flask_twofactor.stores.upkeep.Rotating", small):
        return store.upkeep().rotate(seen)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[4:], *sys.argv[2:4])
