"""Adding a key to the default store's file, and picking it up in processes that run."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from flask_twofactor.core.errors import StoreError
from flask_twofactor.core.records import Claim
from flask_twofactor.stores.keys import read_key_file
from flask_twofactor.stores.sqlalchemy import SQLStore

from .support.audits import unseen, verify
from .support.losing import KEY, break_key, lose_key, swap_key
from .support.making import file_store, make_file_store
from .support.places import ANN, NOW, Where, authenticator, dispose
from .support.racing import Processes


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[SQLStore, SQLStore]]:
    """Two processes' views of one default store, both open: the operator's and the app's."""
    make_file_store(tmp_path)
    operator, app = file_store(tmp_path), file_store(tmp_path)
    operator.open()
    app.open()
    yield operator, app
    dispose(operator)
    dispose(app)


def add(folder: Path) -> str:
    """Add a key, as `rotate-keys --new` does."""
    store = file_store(folder)
    made = store.upkeep().add_key()
    dispose(store)
    return made


def test_a_new_key_comes_first(two: tuple[SQLStore, SQLStore], tmp_path: Path) -> None:
    """The file has the new key in front of the old one, for its owner's eyes, and nothing else."""
    before = read_key_file(tmp_path / KEY)
    made = two[0].upkeep().add_key()
    after = read_key_file(tmp_path / KEY)
    assert list(after) == [made, *before]
    assert {**after, **before} == after
    assert stat.S_IMODE((tmp_path / KEY).stat().st_mode) == 0o600
    assert sorted(file.name for file in tmp_path.glob("*key*")) == [KEY]
    assert two[0].opened().ring.writing == made


def test_a_running_app_reads_what_the_new_key_wrote(
    two: tuple[SQLStore, SQLStore], tmp_path: Path
) -> None:
    """An app that knew only the old key reads moved rows at once, without a restart."""
    operator, app = two
    with app.transaction() as transaction:
        transaction.add_authenticator(ANN, authenticator())
    operator.upkeep().add_key()
    assert operator.upkeep().rotate(unseen).is_clean
    assert len(app.opened().ring.ids) == 1
    assert app.authenticators(ANN) == (authenticator(),)
    assert app.opened().ring.ids == operator.opened().ring.ids


def test_a_running_app_writes_with_the_new_key(two: tuple[SQLStore, SQLStore]) -> None:
    """From its next write on, the app uses the new key, and it checks codes under it."""
    operator, app = two
    made = operator.upkeep().add_key()
    with operator.transaction() as transaction:
        transaction.replace_codes(ANN, "b" * 32, ["a code"], NOW)
    with app.transaction() as transaction:
        transaction.add_authenticator(ANN, authenticator())
        assert transaction.claim(ANN, Claim("b" * 32, spent="a code"), NOW)
    uses = {use.key_id: use.rows.get("authenticators", 0) for use in operator.upkeep().key_uses()}
    assert uses[made] == 1
    assert sum(uses.values()) == 1


def test_four_operators_at_once(tmp_path: Path, four_processes: Processes) -> None:
    """Keys that several operators add at one moment are all kept."""
    make_file_store(tmp_path)
    made = four_processes.together(add, tmp_path)
    assert set(made) < set(read_key_file(tmp_path / KEY))
    assert len(set(made)) == 4
    store = file_store(tmp_path)
    assert verify(store).is_sound
    dispose(store)


def test_a_failed_adding_leaves_the_file(two: tuple[SQLStore, SQLStore], tmp_path: Path) -> None:
    """If the file cannot be replaced, the old one stays and no half of a new one."""
    before = (tmp_path / KEY).read_bytes()
    with (
        patch.object(Path, "replace", side_effect=OSError(28, "No space left on device")),
        pytest.raises(StoreError, match="No space left"),
    ):
        two[0].upkeep().add_key()
    assert (tmp_path / KEY).read_bytes() == before
    assert sorted(file.name for file in tmp_path.glob("*key*")) == [KEY]
    assert two[0].upkeep().add_key()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_root_leaves_the_file_to_the_app(two: tuple[SQLStore, SQLStore], tmp_path: Path) -> None:
    """A key added by root belongs to whom the file belonged to, so that the app can read it."""
    os.chown(tmp_path / KEY, 12345, 12345)
    two[0].upkeep().add_key()
    found = (tmp_path / KEY).stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (12345, 12345, 0o600)


@pytest.mark.parametrize("loss", [lose_key, break_key, swap_key])
def test_a_running_app_outlives_a_broken_file(
    two: tuple[SQLStore, SQLStore],
    tmp_path: Path,
    loss: object,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A file that went wrong under a running app is not used, and the log says so once."""
    _, app = two
    assert callable(loss)
    loss(tmp_path)
    with caplog.at_level(logging.ERROR, "flask_twofactor"):
        for user in (ANN, "user:2", "user:3"):
            with app.transaction() as transaction:
                transaction.add_authenticator(user, authenticator(user[-1] * 32))
    assert app.authenticators(ANN)[0].data is not None
    assert len(caplog.records) == (0 if loss is lose_key else 1)


def test_a_broken_file_is_not_added_to(two: tuple[SQLStore, SQLStore], tmp_path: Path) -> None:
    """A file that holds no keys is left for the operator to put back."""
    break_key(tmp_path)
    with pytest.raises(StoreError, match="Put it back from your backup"):
        two[0].upkeep().add_key()
    assert (tmp_path / KEY).read_text() == "no key\n"


def test_keys_of_a_setting_are_not_ours_to_change(tmp_path: Path) -> None:
    """Where the keys come from the configuration, adding one is refused."""
    store = Where.at(f"sqlite:///{tmp_path}/own.sqlite").store()
    store.open()
    with pytest.raises(StoreError, match="TWOFACTOR_KEYS"):
        store.upkeep().add_key()
    dispose(store)
