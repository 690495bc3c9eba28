"""`audit` and `audit verify` as an operator reads them."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from sqlalchemy import delete, update

from flask_twofactor.stores import schema
from flask_twofactor.stores.sqlalchemy import SQLStore
from flask_twofactor.testing import frozen_clock
from flask_twofactor.web.state import app_state

from .support.guard import CHALLENGE, break_store, post
from .support.operating import Operated, run


def busy() -> Operated:
    """Give a host where Vic typed a wrong code, then signed in, and Ann was helped."""
    host = Operated()
    with frozen_clock(host.app, NOW):
        client = host.client(address="192.0.2.9", agent="Browser\x1b[2J\u202e")
        host.log_in(client, host.vic)
        post(client, CHALLENGE, method="totp", code="000000")
        host.guard.pass_second_factor(client, host.vic)
        host.run("unlock", "1")
    return host


def names(host: Operated, *words: str) -> list[str]:
    """Give the names of the rows that a command shows."""
    return [
        json.loads(line)["name"] for line in host.run("audit", "--json", *words).stdout.splitlines()
    ]


NOW = 1_800_000_000.0
EVERYTHING = ["enrolled", "challenge_required", "failed", "verified", "unlocked"]


def test_the_newest_stand_last() -> None:
    """All rows are shown, and a limit takes the newest."""
    host = busy()
    assert names(host) == names(host, "--limit", "0") == EVERYTHING
    assert names(host, "--limit", "2") == EVERYTHING[-2:]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["vic@host.test"], EVERYTHING[:4]),
        (["1"], ["unlocked"]),
        (["--event", "failed", "--event", "verified"], ["failed", "verified"]),
        (["--event", "failed", "2"], ["failed"]),
        (["--event", "nothing"], []),
        (["--since", "2027-01-15T08:00"], EVERYTHING[1:]),
        (["--since", "2027-01-15T09:00+01:00"], EVERYTHING[1:]),
        (["--until", "2027-01-15"], ["enrolled"]),
        (["--since", "9999d"], EVERYTHING),
        (["--tenant", "nobody's"], []),
        (["--tenant", ""], EVERYTHING),
        (["@Person:2"], EVERYTHING[:4]),
    ],
)
def test_filters(words: list[str], found: list[str]) -> None:
    """Person, event, time and tenant narrow what is shown."""
    assert names(busy(), *words) == found


def test_a_line_for_people() -> None:
    """A line has the time in UTC, number, event, person, who acted and the facts, and no control."""
    host = busy()
    shown = host.run("audit").stdout
    lines = shown.splitlines()
    assert lines[2].startswith("2027-01-15 08:00:00Z  #3  failed  @Person:2  method='totp'")
    assert "address='192.0.2.9'" in lines[2]
    assert r"Browser\x1b[2J\u202e" in lines[2]
    assert "unlocked  ann@host.test (@Person:1)  by  operator:" in lines[4]
    assert shown.isascii()
    assert "\x1b" not in shown


def test_json_is_one_row_a_line() -> None:
    """Each line of JSON is a whole row, controls escaped."""
    found = busy().run("audit", "--json", "--event", "failed").stdout
    row = json.loads(found)
    assert (row["number"], row["tenant"], row["at"]) == (3, "", 1_800_000_000.0)
    assert row["subject"]["user_key"] == "@Person:2"
    assert row["actor"] is None
    assert row["facts"]["agent"] == "Browser\x1b[2J\u202e"
    assert "\x1b" not in found


@pytest.mark.parametrize(
    "words", [["--since", "yesterday"], ["--limit", "-1"], ["--nothing"], ["ann", "bob"]]
)
def test_words_that_make_no_sense(words: list[str]) -> None:
    """A command that cannot be understood ends with 2 and says how it goes."""
    done = Operated().run("audit", *words)
    assert done.exit_code == 2
    assert "Usage: " in done.stderr
    assert "audit [OPTIONS] [USER]" in done.stderr


def test_the_help_teaches() -> None:
    """The help of `audit` names its check, and that of the check what it cannot see."""
    host = Operated()
    assert "audit verify" in " ".join(host.run("audit", "--help").stdout.split())
    assert "cannot see" in " ".join(host.run("audit", "verify", "--help").stdout.split())


def test_a_forgotten_person_is_found_by_pseudonym() -> None:
    """After forget_user the rows show a pseudonym, which finds them, and no name."""
    host = busy()
    with frozen_clock(host.app, NOW), host.app.app_context():
        host.guard.twofactor.forget_user(host.vic)
    host.people.remove(host.vic)
    shown = host.run("audit").stdout
    assert "vic" not in shown
    assert "@Person:2" not in shown
    pseudonym = json.loads(host.run("audit", "--json", "--limit", "1").stdout)["subject"][
        "pseudonym"
    ]
    assert f"forgotten  (forgotten) {pseudonym}" in shown
    assert names(host, pseudonym) == [*EVERYTHING[:4], "forgotten"]


def test_following(monkeypatch: pytest.MonkeyPatch) -> None:
    """With --follow what happens later is shown too, once, until Ctrl-C."""
    host, waits = busy(), iter("abc")

    def wait(seconds: float) -> None:
        assert seconds == 1
        if next(waits) == "c":
            raise KeyboardInterrupt
        host.run("unlock", "2")

    monkeypatch.setattr(time, "sleep", wait)
    done = host.run("audit", "--follow", "--json", "--event", "unlocked")
    shown = [json.loads(line)["number"] for line in done.stdout.splitlines()]
    assert (done.exit_code, shown) == (0, [5, 6, 7])


def tampered(*statements: Any) -> Operated:
    """Give a busy host whose database somebody changed."""
    host = busy()
    store = app_state(host.app).ports.store
    assert isinstance(store, SQLStore)
    with store.opened().engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)
    return host


def at(number: int) -> Any:
    """Select a row by its number."""
    return schema.audit.c.number == number


def test_verify_of_a_sound_audit() -> None:
    """A sound audit ends with 0, tells the last number, and what cannot be seen."""
    host = busy()
    done = host.run("audit", "verify")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("5 rows checked, up to audit#5: all as they were written.\n")
    assert "cannot see" in done.stdout
    assert "old backup" in done.stdout
    found = host.json("audit", "verify")
    assert (found["sound"], found["rows"], found["last_numbers"]) == (True, 5, {"": 5})


def test_verify_of_a_tampered_audit() -> None:
    """Wrong rows are named by their numbers, in words and in JSON, and the exit code is 1."""
    table = schema.audit
    host = tampered(
        update(table).where(at(2)).values(name="verified"),
        delete(table).where(at(3)),
        update(table).where(at(4)).values(body="{}"),
    )
    done = host.run("audit", "verify")
    assert done.exit_code == 1
    assert done.stdout.splitlines()[:4] == [
        "#2 was changed after it was written.",
        "#3 is missing.",
        "#4 was changed after it was written.",
        "4 rows checked, up to audit#5: SOMETHING IS WRONG.",
    ]
    json_done = host.run("audit", "verify", "--json")
    found = json.loads(json_done.stdout)
    assert (json_done.exit_code, found["sound"]) == (1, False)
    assert found["faults"][1] == {"kind": "missing", "tenant": "", "first": 3, "last": 3}


def test_verify_of_rows_cut_off() -> None:
    """Newest rows that are gone are named as a range."""
    host = tampered(delete(schema.audit).where(schema.audit.c.number > 3))
    assert host.run("audit", "verify").stdout.startswith("#4 to #5 is missing at the end")


def test_a_store_that_is_missing(tmp_path: Any) -> None:
    """Without a store the remedy is printed and the exit code is 1, also for JSON."""
    host = Operated(TESTING=False, DEBUG=False, TWOFACTOR_REQUIRED_FOR="none")
    host.app.instance_path = str(tmp_path)
    for words in (["audit"], ["audit", "verify", "--json"], ["prune"], ["rotate-keys"]):
        done = run(host.app, *words)
        assert (done.exit_code, done.stdout) == (1, "")
        assert "Run `flask twofactor init` once" in done.stderr


def test_down_in_between() -> None:
    """A store that goes away ends a command in one line."""
    host = busy()
    break_store(host.app)
    assert host.run("unlock", "2").stderr == "Error: the database went away\n"
