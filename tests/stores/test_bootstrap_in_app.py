"""The store of an app: who may make it, by which command, and what visitors see until then."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete

from flask_twofactor import ConfigurationError, StoreError, TwoFactor
from flask_twofactor.stores import schema
from flask_twofactor.stores.keys import new_key, parse_keys

from .support.apps import close, is_in, make_app, the_store
from .support.places import ANN, NOW, authenticator


@pytest.mark.parametrize("setting", ["DEBUG", "TESTING"])
def test_debug_and_testing_make_the_store(tmp_path: Path, setting: str) -> None:
    """Under debug or testing the first login makes the store; nothing is made before."""
    app = make_app(tmp_path / "instance", **{setting: True})
    client = app.test_client()
    assert not (tmp_path / "instance").exists()
    assert client.post("/login").text == "welcome"
    assert is_in(client)
    assert (tmp_path / "instance" / "twofactor.sqlite").exists() is (setting == "DEBUG")
    close(app)


def test_debug_may_be_switched_on_after_the_one_line(tmp_path: Path) -> None:
    """Whether the store may make itself is asked at the first call, as `app.run` sets debug late."""
    app = make_app(tmp_path)
    app.debug = True
    assert app.test_client().post("/login").text == "welcome"
    close(app)


def test_in_production_nobody_gets_in_before_init(tmp_path: Path) -> None:
    """Without a store a right password gives 503 and nobody is in; after `init` it works."""
    app = make_app(tmp_path)
    client = app.test_client()
    refused = client.post("/login")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "30")
    assert "flask twofactor" not in refused.text
    assert "Set-Cookie" not in refused.headers
    assert not is_in(client)
    assert list(tmp_path.iterdir()) == []

    made = app.test_cli_runner().invoke(args=["twofactor", "init"])
    assert made.exit_code == 0, made.output
    assert client.post("/login").text == "welcome"
    assert is_in(client)
    close(app)


def test_init_prints_the_id_and_changes_nothing_again(tmp_path: Path) -> None:
    """`flask twofactor init` prints the store's id, the same each time, and keeps every row."""
    app = make_app(tmp_path)
    runner = app.test_cli_runner()
    first = runner.invoke(args=["twofactor", "init"]).stdout
    with the_store(app).transaction() as transaction:
        transaction.add_authenticator(ANN, authenticator())
    again = make_app(tmp_path)
    second = again.test_cli_runner().invoke(args=["twofactor", "init"]).stdout
    with app.app_context():
        third = app.extensions["the twofactor object"].init_store()

    assert first == second == third + "\n"
    assert the_store(again).authenticators(ANN) == (authenticator(),)
    close(app)
    close(again)


def test_a_host_may_make_the_store_itself(tmp_path: Path) -> None:
    """`init_store()` makes it in an app context and gives its id."""
    app = make_app(tmp_path)
    with app.app_context():
        made = app.extensions["the twofactor object"].init_store()
    assert the_store(app).open() == made
    close(app)


def test_init_says_what_stands_in_its_way(tmp_path: Path) -> None:
    """`init` beside a lost half prints the remedy, no traceback, and fails."""
    (tmp_path / "twofactor.key").write_text(new_key())
    failed = make_app(tmp_path).test_cli_runner().invoke(args=["twofactor", "init"])
    assert failed.exit_code == 1
    assert failed.output.startswith("Error: there is a key")
    assert "move the key away" in failed.output


def test_upgrade_prints_the_version(tmp_path: Path) -> None:
    """`flask twofactor db upgrade` prints the version; without a store it says how to make one."""
    app = make_app(tmp_path)
    runner = app.test_cli_runner()
    without = runner.invoke(args=["twofactor", "db", "upgrade"])
    assert (without.exit_code, "flask twofactor init" in without.output) == (1, True)
    runner.invoke(args=["twofactor", "init"])
    done = runner.invoke(args=["twofactor", "db", "upgrade"])
    assert (done.exit_code, done.output) == (0, f"{schema.VERSION}\n")
    close(app)


@pytest.mark.parametrize("debug", [False, True])
def test_an_empty_place_of_a_known_store_lets_nobody_in(tmp_path: Path, *, debug: bool) -> None:
    """With STORE_ID set an empty place stays empty: 503 in debug too, and `init` says why."""
    app = make_app(tmp_path, TWOFACTOR_STORE_ID="feedfacefeedface", DEBUG=debug)
    client = app.test_client()
    assert client.post("/login").status_code == 503
    failed = app.test_cli_runner().invoke(args=["twofactor", "init"])
    assert failed.exit_code == 1
    assert "remove TWOFACTOR_STORE_ID first" in failed.output
    with app.app_context(), pytest.raises(StoreError):
        app.extensions["the twofactor object"].init_store()
    assert client.post("/login").status_code == 503
    assert not is_in(client)


def test_a_wrong_store_id_lets_nobody_in(tmp_path: Path) -> None:
    """With STORE_ID of another store a right password gives 503, though nobody is set up here."""
    app = make_app(tmp_path, TWOFACTOR_STORE_ID="feedfacefeedface", DEBUG=True)
    first = make_app(tmp_path, DEBUG=True)
    assert first.test_client().post("/login").status_code == 200
    client = app.test_client()
    assert client.post("/login").status_code == 503
    assert not is_in(client)
    close(first)


def test_a_store_emptied_in_use_lets_nobody_in(tmp_path: Path) -> None:
    """A session that was in stays out while the tables are empty, and comes back with them."""
    app = make_app(tmp_path, DEBUG=True)
    client = app.test_client()
    client.post("/login")
    assert is_in(client)
    with the_store(app).opened().engine.begin() as connection:
        row = connection.execute(schema.store.select()).mappings().one()
        connection.execute(delete(schema.store))
    assert client.get("/account").status_code == 503
    assert app.test_client().post("/login").status_code == 503
    with the_store(app).opened().engine.begin() as connection:
        connection.execute(schema.store.insert().values(**row))
    assert is_in(client)
    close(app)


def with_keys(folder: Path, *keys: str) -> Flask:
    """Make an app on one database with these keys."""
    uri = f"sqlite:///{folder / 'own.sqlite'}"
    return make_app(folder, TWOFACTOR_DATABASE_URI=uri, TWOFACTOR_KEYS=list(keys), DEBUG=True)


def test_a_new_key_in_front_still_reads_the_old_data(tmp_path: Path) -> None:
    """A key added in front writes from then on; old rows stay readable, and so do new ones."""
    old, new = new_key(), new_key()
    before = with_keys(tmp_path, old)
    with the_store(before).transaction() as transaction:
        transaction.add_authenticator(ANN, authenticator())
    both = with_keys(tmp_path, new, old)
    added = authenticator("b" * 32, created_at=NOW + 1)
    with the_store(both).transaction() as transaction:
        transaction.add_authenticator(ANN, added)
    assert the_store(both).authenticators(ANN) == (authenticator(), added)

    without_old = with_keys(tmp_path, new)
    owned = the_store(without_old).authenticators(ANN)
    assert [one.data for one in owned] == [None, added.data]
    assert the_store(without_old).standing(ANN, None).protected
    for app in (before, both, without_old):
        close(app)


def test_keys_may_be_one_text(tmp_path: Path) -> None:
    """Keys that come as one text, as from the environment, are read like a list."""
    uri, keys = f"sqlite:///{tmp_path / 'own.sqlite'}", f"{new_key()} {new_key()}"
    app = make_app(tmp_path, TWOFACTOR_DATABASE_URI=uri, TWOFACTOR_KEYS=keys, DEBUG=True)
    assert len(the_store(app).opened().ring.ids) == 2
    close(app)


def test_keys_of_another_store_are_refused(tmp_path: Path) -> None:
    """A ring that holds none of the store's keys does not open it."""
    close_later = with_keys(tmp_path, new_key())
    the_store(close_later).open()
    with pytest.raises(StoreError, match="keys are not those"):
        the_store(with_keys(tmp_path, new_key())).open()
    close(close_later)


def faults(folder: Path, **config: object) -> tuple[str, ...]:
    """Give all that init_app finds wrong."""
    with pytest.raises(ConfigurationError) as caught:
        make_app(folder, **config)
    return caught.value.faults


def test_the_hosts_own_sqlite_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our rows never share a SQLite file with the host's, however its address is written."""
    monkeypatch.chdir(tmp_path.parent)
    for ours in (
        "sqlite:///host.sqlite",
        f"sqlite:///{tmp_path.name}/host.sqlite",
        f"sqlite:///{tmp_path}/x/../host.sqlite",
    ):
        found = faults(
            tmp_path,
            SQLALCHEMY_DATABASE_URI="sqlite:///host.sqlite",
            TWOFACTOR_DATABASE_URI=ours,
            TWOFACTOR_KEYS=[new_key()],
        )
        assert len(found) == 1
        assert "own SQLite file" in found[0]


def test_all_faults_are_reported_together(tmp_path: Path) -> None:
    """Every wrong setting is named at once, each with a remedy, and no secret is shown."""
    found = faults(
        tmp_path,
        TWOFACTOR_DATABASE_URI="no address",
        TWOFACTOR_KEYS=["id:SECRETSECRET"],
        TWOFACTOR_HOLD_MINUTES=11,
        TWOFACTOR_BACKUP_CODE=10,
        TWOFACTOR_URL_PREFIX="two-factor/",
        SQLALCHEMY_DATABASE_URI="sqlite:///host.sqlite",
    )
    assert len(found) == 5
    for name in ("DATABASE_URI", "KEYS", "HOLD_MINUTES", "BACKUP_CODES?", "URL_PREFIX"):
        assert sum(f"TWOFACTOR_{name}" in fault for fault in found) == 1, name
    assert "SECRET" not in " ".join(found)


def test_new_key_prints_one_usable_line() -> None:
    """`python -m flask_twofactor new-key` needs no app and prints exactly one key, new each time."""
    command = [sys.executable, "-m", "flask_twofactor", "new-key"]
    printed = [subprocess.run(command, capture_output=True, text=True, check=True) for _ in "12"]
    for done in printed:
        assert (done.stdout.count("\n"), done.stderr) == (1, "")
        assert [len(key) for key in parse_keys([done.stdout]).values()] == [32]
    assert printed[0].stdout != printed[1].stdout


def test_one_twofactor_object_may_serve_two_apps_with_two_stores(tmp_path: Path) -> None:
    """What one app's store knows, another's does not."""
    twofactor = TwoFactor()
    apps = [Flask(name, instance_path=str(tmp_path / name)) for name in ("one", "two")]
    for app in apps:
        app.debug = True
        twofactor.init_app(app)
    ids = {the_store(app).open() for app in apps}
    assert len(ids) == 2
    for app in apps:
        close(app)
