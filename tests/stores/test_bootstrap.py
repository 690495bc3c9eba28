"""Making the store once, and recognising it ever after: an empty one never opens a door."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest
from sqlalchemy import update

from flask_twofactor.core.errors import StoreError
from flask_twofactor.core.throttle import Throttle
from flask_twofactor.stores import bootstrap, schema
from flask_twofactor.stores.bootstrap import Place
from flask_twofactor.stores.engine import make_engine
from flask_twofactor.stores.keys import new_key, parse_keys
from flask_twofactor.stores.sqlalchemy import SQLStore

from .support.losing import DATABASE, KEY, LOSSES, change, empty_tables, lose_everything
from .support.making import file_store, make_anywhere, make_file_store
from .support.places import ANN, NOW, Bystander, Where, authenticator, dispose
from .support.racing import Processes


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A folder with a complete store, in which Ann has an authenticator."""
    store = file_store(tmp_path)
    store.make()
    with store.transaction() as transaction:
        transaction.add_authenticator(ANN, authenticator())
    dispose(store)
    return tmp_path


def refusal(store: SQLStore) -> str:
    """Give why a store does not open; it must not open at the second try either."""
    with pytest.raises(StoreError) as first:
        store.standing(ANN, None)
    with pytest.raises(StoreError):
        store.standing(ANN, None)
    return str(first.value)


def test_it_is_not_made_unless_asked(tmp_path: Path) -> None:
    """Where nobody allowed it, no store is made, nor any file; the message says how."""
    assert "flask twofactor init" in refusal(file_store(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_it_makes_itself_where_that_is_allowed(tmp_path: Path) -> None:
    """In debug and testing the first call makes it, its folder too, for its owner's eyes."""
    folder = tmp_path / "instance"
    store = file_store(folder, makes_itself=True)
    assert not store.standing(ANN, None).protected
    dispose(store)

    assert stat.S_IMODE((folder / KEY).stat().st_mode) == 0o600
    assert store.open() == make_file_store(folder)


def test_making_a_complete_store_changes_nothing(made: Path) -> None:
    """`init` on a complete store gives the same id, and keeps every row and the key."""
    key = (made / KEY).read_bytes()
    assert make_file_store(made) == make_file_store(made)

    store = file_store(made)
    assert store.authenticators(ANN) == (authenticator(),)
    assert (made / KEY).read_bytes() == key
    dispose(store)


REMEDIES = ("run `flask twofactor", "put the lost database", "restore it", "set TWOFACTOR_STORE_ID")


def has_remedy(message: str) -> bool:
    """Say whether an operator learns what to do."""
    return any(remedy.lower() in message.lower() for remedy in REMEDIES)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_lost_store_refuses(made: Path, loss: Callable[[Path], None]) -> None:
    """Whatever was lost or swapped, the store refuses and its message holds a remedy."""
    loss(made)
    assert has_remedy(refusal(file_store(made)))


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss is not lose_everything])
def test_half_a_store_is_never_made_whole(made: Path, loss: Callable[[Path], None]) -> None:
    """Not even where stores make themselves, nor by `init`, is a half of one filled up."""
    loss(made)
    assert has_remedy(refusal(file_store(made, makes_itself=True)))
    with pytest.raises(StoreError):
        make_file_store(made)


def test_another_store_is_refused(made: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A store with another id than STORE_ID names is refused, and says what to do."""
    right = make_file_store(made)
    other = tmp_path_factory.mktemp("other")
    make_file_store(other)

    message = refusal(file_store(other, expected_id=right))
    assert right in message
    assert has_remedy(message)
    store = file_store(made, expected_id=right)
    assert store.open() == right
    dispose(store)


@pytest.mark.parametrize("makes_itself", [False, True])
def test_a_known_store_is_never_replaced(tmp_path: Path, *, makes_itself: bool) -> None:
    """With STORE_ID set nothing is made in an empty place: not by debug, and not by `init`."""
    store = file_store(tmp_path, makes_itself=makes_itself, expected_id="feedfacefeedface")
    message = refusal(store)
    assert "feedfacefeedface" in message
    assert has_remedy(message)
    with pytest.raises(StoreError, match="remove TWOFACTOR_STORE_ID first"):
        store.make()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("makes_itself", [False, True])
def test_a_known_store_is_never_replaced_in_a_database(
    tmp_path: Path, *, makes_itself: bool
) -> None:
    """Nor is one made in an empty database of the operator's choice."""
    place = Place(
        connect=lambda: make_engine(f"sqlite:///{tmp_path / 'empty'}"),
        keys=parse_keys([new_key()]),
        expected_id="feedfacefeedface",
        makes_itself=makes_itself,
    )
    store = SQLStore(lambda: place, lambda: NOW, Throttle(), Bystander())
    assert has_remedy(refusal(store))
    with pytest.raises(StoreError, match="remove TWOFACTOR_STORE_ID first"):
        store.make()


def test_a_store_emptied_in_use_refuses(made: Path) -> None:
    """Tables that are emptied, or swapped, under an open store do not mean that nobody is set up."""
    store = file_store(made)
    assert store.standing(ANN, None).protected
    change(made, update(schema.store).values(store_id="another"))
    refusal(store)
    empty_tables(made)
    refusal(store)
    dispose(store)


def test_it_opens_once_it_was_put_back(made: Path) -> None:
    """A store that refused opens without a restart when what was lost is there again."""
    shutil.move(made / KEY, made / "aside")
    store = file_store(made)
    refusal(store)
    shutil.move(made / "aside", made / KEY)

    assert store.standing(ANN, None).protected
    dispose(store)


def test_a_failed_making_leaves_nothing_in_its_way(tmp_path: Path) -> None:
    """If making fails half-way, the next try succeeds: no key without a database stays."""
    with (
        patch.object(bootstrap, "insert", side_effect=OSError(28, "No space left on device")),
        pytest.raises(StoreError, match="No space left"),
    ):
        make_file_store(tmp_path)
    assert not (tmp_path / KEY).exists()

    assert len(make_file_store(tmp_path)) == 16


def test_four_processes_make_one_file_store(tmp_path: Path, four_processes: Processes) -> None:
    """Processes that make the default store at one moment get the same one."""
    assert len(set(four_processes.together(make_file_store, tmp_path))) == 1
    store = file_store(tmp_path)
    assert not store.standing(ANN, None).protected
    dispose(store)


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
)
def test_four_processes_make_one_store(
    kind: str, request: pytest.FixtureRequest, four_processes: Processes
) -> None:
    """Processes that make a store on a server at one moment get the same one."""
    where = Where.at(request.getfixturevalue(f"{kind}_uri"))
    assert len(set(four_processes.together(make_anywhere, where))) == 1
    store = where.store()
    assert not store.standing(ANN, None).protected
    dispose(store)


def test_time_comes_from_outside(made: Path) -> None:
    """The store notes when it was made by the given clock."""
    engine = make_engine(f"sqlite:///{made / DATABASE}")
    with engine.connect() as connection:
        assert connection.execute(schema.store.select()).one().created_at == NOW
    engine.dispose()
