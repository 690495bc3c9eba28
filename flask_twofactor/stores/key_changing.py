"""A key file that changes while the app runs: adding a key, and picking up an added one."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

from sqlalchemy import select, update

from flask_twofactor.core.errors import StoreError

from . import remedies, schema
from .bootstrap import Opened, check_keys, recognise_keys, signature_of
from .keys import put_key_in_front, read_key_file
from .sealing import KeyRing

log = logging.getLogger("flask_twofactor")


def newest_keys(opened: Opened) -> Opened:
    """Give the store with the keys that its key file holds by now; the same one if no other.

    A key that another process added is picked up without a restart. A file that became
    unreadable, or another store's, changes nothing for a process that has the keys.
    """
    found = signature_of(opened.key_file)
    if opened.key_file is None or found is None or found == opened.signature:
        return opened
    try:
        ring = KeyRing(read_key_file(opened.key_file))
        with opened.reader.connect() as connection:
            checks = json.loads(connection.execute(select(schema.store.c.key_checks)).scalar_one())
        recognise_keys(ring, opened.store_id, checks, opened.key_file)
    except (OSError, ValueError, StoreError):
        log.exception("the changed key file is not used")
        return replace(opened, signature=found)
    return replace(opened, ring=ring, signature=found)


def add_key(opened: Opened) -> Opened:
    """Put a new first key into the key file. StoreError if the keys are a setting."""
    if opened.key_file is None:
        raise remedies.keys_are_a_setting()
    # The transaction is the lock: of two operators, the second adds to what the first wrote.
    with remedies.explained([str(opened.key_file)]), opened.engine.begin() as connection:
        connection.execute(update(schema.store).values(store_id=schema.store.c.store_id))
        try:
            ring = KeyRing(put_key_in_front(opened.key_file))
        except ValueError as error:
            raise remedies.no_key_file(opened.key_file) from error
        row = connection.execute(select(schema.store)).one()
        check_keys(connection, ring, row.store_id, json.loads(row.key_checks), opened.key_file)
    return replace(opened, ring=ring, signature=signature_of(opened.key_file))


def key_ids(opened: Opened) -> frozenset[str]:
    """Give the ids of all keys that the store ever had."""
    with opened.reader.connect() as connection:
        checks = connection.execute(select(schema.store.c.key_checks)).scalar_one()
    return frozenset(json.loads(checks))
