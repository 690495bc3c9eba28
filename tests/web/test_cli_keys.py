"""`rotate-keys`, `prune` and `init` on the default store, also as real processes."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flask_twofactor import Message
from flask_twofactor.stores.keys import new_key
from flask_twofactor.testing import frozen_clock
from flask_twofactor.web.state import app_state

from .support.installed import Installed
from .support.operating import Operated
from .support.troubled import give_codes


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    """An app without a store."""
    return Installed(tmp_path)


def test_the_first_hour(installed: Installed) -> None:
    """A real shell: init, status, reset, audit, verify, a new key, prune, in that order."""
    refused = installed.run("status", "1")
    assert refused.returncode == 1
    assert "Run `flask twofactor init` once" in refused.stderr
    made = installed.run("init")
    assert (made.returncode, made.stdout.count("\n"), len(made.stdout)) == (0, 1, 17)
    assert made.stderr == (
        f"Made {installed.instance}/twofactor.sqlite and {installed.instance}/twofactor.key: "
        "back them up together. Now set TWOFACTOR_STORE_ID to:\n"
    )
    for file in installed.instance.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    again = installed.run("init")
    assert (again.stdout, again.stderr) == (made.stdout, "")

    assert "two-factor authentication: off" in installed.run("status", "1").stdout
    assert installed.run("reset", "1", "--reason", "drill", "--yes").returncode == 0
    assert "@UserMixin:1  by  operator:" in installed.run("audit", "1").stdout
    rotated = installed.run("rotate-keys", "--new")
    assert rotated.returncode == 0, rotated.stderr
    assert "back it up now" in rotated.stderr
    assert "may be retired" in rotated.stdout
    assert installed.run("audit", "verify").returncode == 0
    assert json.loads(installed.run("prune", "--json").stdout)["deleted"]["proofs"] == 0
    assert json.loads(installed.run("init", "--json").stdout) == {
        "store_id": made.stdout.strip(),
        "made": [],
    }


def test_the_retired_key_may_go(installed: Installed) -> None:
    """After a rotation the app works with the new key alone, as the command promised."""
    installed.run("init")
    installed.run("unlock", "1")
    installed.run("rotate-keys", "--new")
    file = installed.instance / "twofactor.key"
    file.write_text(file.read_text().splitlines()[0] + "\n")
    done = installed.run("audit", "verify", "--json")
    assert (done.returncode, json.loads(done.stdout)["rows"]) == (0, 1)


LOSSES = {
    "twofactor.key": "Put it back from your backup: the database beside it is useless without it.",
    "twofactor.sqlite": "there is a key",
}


@pytest.mark.parametrize("lost", LOSSES)
def test_remedies_are_ways_that_work(installed: Installed, lost: str) -> None:
    """With one file lost each command, init too, says the same remedy, which leads somewhere."""
    installed.run("init")
    (installed.instance / lost).unlink()
    for words in (["status", "1"], ["init"], ["doctor", "--json"], ["status", "1"]):
        done = installed.run(*words)
        assert done.returncode == 1
        assert LOSSES[lost].lower() in (done.stdout + done.stderr).lower(), words
    move = "move the database away" if lost == "twofactor.key" else "move the key away"
    assert move in done.stderr
    for file in installed.instance.iterdir():
        file.rename(installed.folder / file.name)
    assert installed.run("init").returncode == 0


def test_init_without_a_server(tmp_path: Path) -> None:
    """A PostgreSQL that does not answer is named by host, port and database, no name, no password."""
    uri = "postgresql+psycopg://someone:s3cret@127.0.0.1:9/accounts?password=s3cret"
    site = Installed(tmp_path, TWOFACTOR_DATABASE_URI=uri, TWOFACTOR_KEYS=[new_key()])
    for words in (["init"], ["status", "1"]):
        done = site.run(*words)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("Error: the database accounts on 127.0.0.1:9 cannot be read")
        assert "s3cret" not in done.stderr
        assert "someone" not in done.stderr


@pytest.mark.postgresql
def test_init_on_a_server(tmp_path: Path, postgresql_uri: str) -> None:
    """On PostgreSQL init says in which database it made the store."""
    site = Installed(tmp_path, TWOFACTOR_DATABASE_URI=postgresql_uri, TWOFACTOR_KEYS=[new_key()])
    done = site.run("init")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("Made the database twofactor_")
    assert "back it up with the keys. Now set TWOFACTOR_STORE_ID to:" in done.stderr


def close(host: Operated) -> None:
    """Give the connections back."""
    store: Any = app_state(host.app).ports.store
    store.opened().engine.dispose()


@pytest.fixture
def keys() -> tuple[str, str]:
    """A new key and an old one."""
    return new_key(), new_key()


def at(folder: Path, *keys: str) -> dict[str, Any]:
    """Give the settings of a store of one's own."""
    uri = f"sqlite:///{folder}/own.sqlite"
    return {"TWOFACTOR_DATABASE_URI": uri, "TWOFACTOR_KEYS": list(keys)}


@pytest.fixture
def host(tmp_path: Path, keys: tuple[str, str]) -> Iterator[Operated]:
    """A host on a file store with two keys, Vic's rows under the old one."""
    before = Operated(**at(tmp_path, keys[1]))
    give_codes(before, before.vic)
    after = Operated(protects=False, **at(tmp_path, *keys))
    yield after
    for one in (before, after):
        close(one)


def test_rotation_in_words(host: Operated, keys: tuple[str, str]) -> None:
    """It says what moved, who must make new codes first, and that the old key cannot go yet."""
    new, old = (line.partition(":")[0] for line in keys)
    done = host.run("rotate-keys")
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"Moved to key {new}: 2 authenticators, 1 audit row." in done.stdout
    assert f"old key {old}: 10 unused backup codes" in done.stdout
    assert f"@Person:2 has 10 unused backup codes under key {old}" in done.stdout
    assert "may be retired" not in done.stdout
    assert "codes_retiring" in host.run("audit", "2").stdout

    host.run("reset", "2", "--reason", "drill", "--yes")
    assert f"Key {old} may be retired" in host.run("rotate-keys").stdout


def test_rotation_in_json(host: Operated, keys: tuple[str, str]) -> None:
    """The same for programs, and no secret in it."""
    new, old = (line.partition(":")[0] for line in keys)
    found = host.json("rotate-keys")
    assert (found["clean"], found["writing"]) == (True, new)
    assert found["moved"] == {"authenticators": 2, "setups": 0, "holds": 0, "audit": 1}
    assert [(use["key_id"], use["may_retire"]) for use in found["keys"]] == [
        (new, False),
        (old, False),
    ]
    assert [(one["user_key"], one["codes"]) for one in found["codes"]] == [("@Person:2", 10)]
    for line in keys:
        assert line.partition(":")[2] not in json.dumps(found)


def test_a_lost_key_in_words(host: Operated, keys: tuple[str, str], tmp_path: Path) -> None:
    """Without the old key: its id, the rows that need it, the people, the way out, exit code 1."""
    old = keys[1].partition(":")[0]
    alone = Operated(protects=False, **at(tmp_path, keys[0]))
    host.json("prune")
    done = alone.run("rotate-keys")
    assert done.exit_code == 1
    assert (
        f"Key {old} is lost, and needed for 2 authenticators, 10 unused backup codes" in done.stdout
    )
    assert "Put it back from your backup" in done.stdout
    assert "flask twofactor reset USER" in done.stdout
    assert "\n  @Person:2\n" in done.stdout
    assert alone.json("status", "2")["authenticators"][0]["unreadable"] is True
    assert "its key is lost" in alone.run("status", "2").stdout
    alone.run("reset", "2", "--reason", "key lost", "--yes")
    left = alone.run("rotate-keys")
    assert "authenticator" not in left.stdout.partition("is lost")[2]
    close(alone)


def test_new_needs_a_key_file(host: Operated) -> None:
    """Where the keys are a setting, --new says how a key is made there; nothing changes."""
    done = host.run("rotate-keys", "--new")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "python -m flask_twofactor new-key" in done.stderr


def test_prune_tells_what_it_deleted() -> None:
    """`prune` counts what went, in words and as JSON, and a second run finds nothing."""
    host = Operated()
    with frozen_clock(host.app) as clock:
        host.held()
        clock.move(2 * 3600)
        assert host.run("prune").stdout.startswith("ended holds deleted: 1\n")
        found = host.json("prune")
    assert set(found["deleted"].values()) == {0}


def test_prune_sends_what_is_due() -> None:
    """What a mail server did not take is sent by the next `prune`, and counted, once."""
    host, sent, down = Operated(), list[Message](), [True]

    @host.guard.twofactor.mail_sender
    def send(message: Message) -> None:
        if down[0]:
            raise OSError
        sent.append(message)

    with frozen_clock(host.app) as clock:
        assert host.run("reset", "2", "--reason", "lost", "--yes").exit_code == 0
        clock.move(600)
        assert host.json("prune")["notices"] == {"sent": 0, "failed": 1, "dropped": 0}
        down[0] = False
        clock.move(3600)
        assert "notices sent: 1\n" in host.run("prune").stdout
        assert host.json("prune")["notices"]["sent"] == 0
    assert [message.kind for message in sent] == ["reset"]
