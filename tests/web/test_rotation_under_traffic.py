"""Changing the keys while people sign in: killed, resumed, and nobody fails to sign in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from flask_twofactor.stores import schema
from flask_twofactor.stores.keys import new_key
from flask_twofactor.stores.sealing import key_of
from flask_twofactor.web.state import app_state
from tests.stores.support.making import file_store

from .support.operating import Operated
from .support.rotating import Crowd

ROUNDS = 2
MORE_LOGINS = 4
BATCHES, BATCH = "2", "20"


def store_of(host: Operated) -> Any:
    """Give the app's store."""
    return app_state(host.app).ports.store


def rotate(*words: str, last: str) -> int:
    """Rotate in a process of its own, killed after some batches; give its return code."""
    uri, *keys = words
    command = [sys.executable, "-m", "tests.stores.support.rotations", uri, last, BATCH, *keys]
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    return subprocess.run(command, env=environment, check=False).returncode


def under_traffic(host: Operated, begin: Callable[[], list[str]]) -> None:
    """Change the keys again and again, killed and resumed, with a crowd at the door."""
    crowd = Crowd(host)
    with crowd.at_the_door():
        for _ in range(ROUNDS):
            crowd.wait_for_more(MORE_LOGINS)
            words = begin()
            assert rotate(*words, last=BATCHES) == -signal.SIGKILL
            crowd.wait_for_more(MORE_LOGINS)
            assert rotate(*words, last="0") == 0
    assert crowd.failed == []
    assert crowd.logins >= 2 * ROUNDS * MORE_LOGINS
    assert store_of(host).upkeep().verify_audit(lambda _rows: None).is_sound


def test_nobody_fails_while_the_key_file_changes(tmp_path: Path) -> None:
    """The default store: new keys in the file, rows moved, the running app never restarted."""
    host = Operated(protects=False, TESTING=False, DEBUG=True)
    host.app.instance_path = str(tmp_path)

    def add_key() -> list[str]:
        operator = file_store(tmp_path)
        operator.upkeep().add_key()
        operator.opened().engine.dispose()
        return [f"file:{tmp_path}"]

    under_traffic(host, add_key)
    assert len(store_of(host).opened().ring.ids) == ROUNDS + 1
    store_of(host).opened().engine.dispose()


@pytest.mark.postgresql
def test_nobody_fails_while_the_rows_move(postgresql_uri: str) -> None:
    """PostgreSQL: rows move to one key and back, under workers that write with either."""
    keys = [new_key(), new_key()]
    at = {"TWOFACTOR_DATABASE_URI": postgresql_uri, "TWOFACTOR_KEYS": keys}
    host = Operated(protects=False, **at)
    turns = iter([keys[::-1], keys] * ROUNDS)
    under_traffic(host, lambda: [postgresql_uri, *next(turns)])
    with store_of(host).opened().engine.connect() as connection:
        data = connection.execute(select(schema.authenticator.c.data)).scalars().all()
    assert {key_of(one) for one in data} <= {key.partition(":")[0] for key in keys}
    store_of(host).opened().engine.dispose()
