"""The default store's file that is locked, read-only or on a full disk; and a clock put back."""

from __future__ import annotations

import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from flask_twofactor.testing import frozen_clock

from .support.browsing import OurHost, is_held, send
from .support.guard import CHALLENGE, Ours
from .support.host import Host
from .support.outages import store_of
from .support.troubled import (
    Prepare,
    answer,
    app_answer,
    begin_setup,
    code_of,
    confirm_setup,
    protected_login,
    shape,
)

WAIT_SECONDS = 2
DEEDS: dict[str, Prepare] = {
    "login": protected_login,
    "release": app_answer,
    "begin setup": begin_setup,
    "confirm setup": confirm_setup,
}


class Filed(OurHost):
    """A host on the default store, in a folder."""

    def __init__(self, folder: Path) -> None:
        config = {"TWOFACTOR_STORE_WAIT_SECONDS": WAIT_SECONDS}
        Host.__init__(self, Ours(), TESTING=False, DEBUG=True, **config)
        self.app.instance_path = str(folder)
        self.guard.protect(self.vic)


@contextmanager
def locked(host: Filed) -> Iterator[None]:
    """Another program keeps the one write lock."""
    file = Path(host.app.instance_path) / "twofactor.sqlite"
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def read_only(host: Filed) -> Iterator[None]:
    """No connection may write."""
    engine = store_of(host.app).opened().engine

    def shut(connection: Any, *_: object) -> None:
        connection.execute("PRAGMA query_only = ON")

    def open_again(connection: Any, *_: object) -> None:
        connection.execute("PRAGMA query_only = OFF")

    event.listen(engine.pool, "checkout", shut)
    try:
        yield
    finally:
        event.remove(engine.pool, "checkout", shut)
        event.listen(engine.pool, "checkout", open_again)


@contextmanager
def disk_full(_: Filed) -> Iterator[None]:
    """No file of this process grows."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (512, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


OUTAGES: dict[str, Callable[[Filed], Any]] = {
    "locked": locked,
    "read-only": read_only,
    "disk full": disk_full,
}


@pytest.mark.parametrize("outage", OUTAGES)
@pytest.mark.parametrize("deed", DEEDS)
def test_a_file_that_cannot_be_written(deed: str, outage: str, tmp_path: Path) -> None:
    """A plain 503 in limited time, nothing written, nobody in; then the same click works."""
    host = Filed(tmp_path)
    with frozen_clock(host.app):
        browser = DEEDS[deed](host)
        before = shape(host)
        was_in = host.lets_in(browser.client, browser.user)
        began = time.monotonic()
        with OUTAGES[outage](host):
            response = browser.act()
        assert time.monotonic() - began < 3 * WAIT_SECONDS
        assert response.status_code == 503
        assert "Nothing was lost." in response.text
        assert shape(host) == before
        assert host.lets_in(browser.client, browser.user) is was_in
        assert browser.act().status_code < 400
    store_of(host.app).opened().engine.dispose()


def test_a_clock_that_is_put_back_makes_no_code_good_again() -> None:
    """After a step back neither the used code nor an older one is taken; the next new one is."""
    host = OurHost()
    with frozen_clock(host.app) as clock:
        older = code_of(host, host.vic)
        clock.move(30)
        used = code_of(host, host.vic)
        assert answer(host, "totp", used).act().status_code == 303
        for back, code in ((30, used), (0, older)):
            clock.move(-back)
            again = answer(host, "totp", code)
            assert again.act().status_code == 400
            assert not host.lets_in(again.client, host.vic)
        clock.move(90)
        assert answer(host, "totp", code_of(host, host.vic)).act().status_code == 303


def test_a_clock_that_is_put_back_ends_no_session() -> None:
    """Who is in stays in, and who is held may still answer, by the code of their phone."""
    host = OurHost()
    with frozen_clock(host.app) as clock:
        inside = host.signed_in(host.vic)
        clock.move(60)
        held = host.held()
        clock.move(-20)
        assert host.lets_in(inside, host.vic)
        assert is_held(held)
        clock.move(20)
        passed = send(held, CHALLENGE, method="totp", code=code_of(host, host.vic))
        assert passed.status_code == 303
        assert host.lets_in(held, host.vic)
