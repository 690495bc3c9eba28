"""The contract of a database, on those that we say we support."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from flask_twofactor.stores.engine import make_engine
from flask_twofactor.stores.writing import SQLTransaction
from flask_twofactor.testing.store_contract import StoreContract


class TestSQLite(StoreContract):
    """A file."""

    @pytest.fixture(autouse=True)
    def place(self, tmp_path: Path) -> None:
        """Give each test a file of its own."""
        self.file = tmp_path / "store.sqlite"

    def make_engine(self) -> Engine:
        """Make our own engine, which the store takes as it is."""
        return make_engine(f"sqlite:///{self.file}")


@pytest.mark.postgresql
class TestPostgreSQL(StoreContract):
    """A server, by an engine as a host makes it."""

    @pytest.fixture(autouse=True)
    def place(self, postgresql_uri: str) -> None:
        """Give each test a database of its own."""
        self.uri = postgresql_uri

    def make_engine(self) -> Engine:
        """Make a plain engine."""
        return create_engine(self.uri)


@pytest.mark.parametrize(
    ("write", "promise"),
    [
        ("claim", StoreContract.test_one_time_step_is_good_once),
        ("claim", StoreContract.test_one_backup_code_is_good_once),
        ("consume_hold", StoreContract.test_one_hold_is_released_once),
    ],
)
def test_the_contract_bites(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write: str,
    promise: Callable[[StoreContract], None],
) -> None:
    """Where rows are counted wrongly, the promises about what is good once are broken."""
    monkeypatch.setattr(SQLTransaction, write, lambda *_, **__: True)
    held = TestSQLite()
    held.file = tmp_path / "store.sqlite"

    with pytest.raises(AssertionError):
        promise(held)
