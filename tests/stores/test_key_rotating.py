"""Moving rows to a new key: all of them, beside traffic, killed and resumed, and never by force."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from flask_twofactor.core.keeping import AuditFilter
from flask_twofactor.core.records import Claim
from flask_twofactor.core.sending import LIFETIME, SendLimits, SentCode
from flask_twofactor.stores import key_rotating, schema
from flask_twofactor.stores.key_counting import key_uses
from flask_twofactor.stores.sqlalchemy import SQLStore

from .conftest import POSTGRESQL
from .support.audits import at, audit, change, row, verify
from .support.places import ANN, NOW, Where, authenticator, dispose, hold, pending_setup
from .support.rotations import CODES, PEOPLE, counted, fill, newer, rotate, without_old
from .support.sending import WIDE, Office, people

OLD_ROWS = {"authenticators": PEOPLE + 2, "setups": 1, "holds": 1, "codes": 3, "audit": PEOPLE}


@pytest.fixture
def old(where: Where) -> Where:
    """A database whose rows are under one key."""
    store = where.store()
    store.open()
    fill(store)
    dispose(store)
    return where


@pytest.fixture
def store(old: Where) -> Iterator[SQLStore]:
    """The same with a new key in front."""
    opened = newer(old).store()
    opened.open()
    yield opened
    dispose(opened)


def key(store: SQLStore, place: int) -> str:
    """Give the id of a key of the ring."""
    return store.opened().ring.ids[place]


def told(store: SQLStore) -> list[tuple[str | None, Any, Any]]:
    """Give whom `codes_retiring` told: who, how many codes, under which key."""
    entries = store.upkeep().audit(AuditFilter(names=("codes_retiring",)), 100)
    facts = [(one.subject.user_key, one.facts) for one in entries]
    return [(who, fact["remaining"], fact["reason"]) for who, fact in facts]


def test_every_row_moves(old: Where) -> None:
    """After a rotation the new key alone opens everything but unused backup codes."""
    where = newer(old)
    both = where.store()
    before = {use.key_id: dict(use.rows) for use in both.upkeep().key_uses()}
    assert before == {key(both, 0): {}, key(both, 1): OLD_ROWS}
    done = rotate(both)
    assert done.is_clean
    assert dict(done.moved) == {
        "authenticators": PEOPLE + 2,
        "setups": 1,
        "holds": 1,
        "audit": PEOPLE,
    }
    # The event that tells Ann is the row that was added.
    moved = OLD_ROWS | {"audit": PEOPLE + 1}
    del moved["codes"]
    assert counted(done) == {key(both, 0): moved, key(both, 1): {"codes": 3}}

    alone = without_old(where).store()
    assert alone.hold(hold().id) is not None
    assert alone.pending_setup(pending_setup().id) == pending_setup()
    assert [one.data for one in alone.authenticators("user:7")] == [{"secret": "S7"}]
    assert verify(alone).is_sound
    for store in (both, alone):
        dispose(store)


def test_a_second_run_has_nothing_to_do(store: SQLStore) -> None:
    """Moved rows are not moved again, and nobody is told twice."""
    rotate(store)
    before = row(store, 1)
    assert not any(rotate(store).moved.values())
    assert row(store, 1) == before
    assert len(told(store)) == 1


def test_owners_of_old_codes_are_listed_and_told_once(store: SQLStore) -> None:
    """Unused codes cannot be moved: whose they are is listed until they are gone."""
    done = rotate(store)
    assert [(one.user_key, one.key_id, one.codes) for one in done.codes] == [
        (ANN, key(store, 1), 3)
    ]
    assert told(store) == [(ANN, 3, key(store, 1))]
    assert [use.key_id for use in done.uses if use.may_retire] == []

    for code in CODES[:2]:
        with store.transaction() as transaction:
            assert transaction.claim(ANN, Claim("b" * 32, spent=code), NOW)
    assert [one.codes for one in rotate(store).codes] == [1]
    with store.transaction() as transaction:
        transaction.replace_codes(ANN, "b" * 32, CODES, NOW)
    done = rotate(store)
    assert done.codes == []
    assert [use.key_id for use in done.uses if use.may_retire] == [key(store, 1)]
    assert len(told(store)) == 1


def test_two_rotations_at_once(store: SQLStore) -> None:
    """Two operators at one moment move each row once and tell each owner once."""
    with ThreadPoolExecutor(2) as pool:
        runs = [run.result(60) for run in [pool.submit(rotate, store) for _ in "12"]]
    assert all(run.is_clean for run in runs)
    for kind in ("authenticators", "holds", "setups", "audit"):
        assert sum(run.moved.get(kind, 0) for run in runs) == OLD_ROWS[kind], kind
    assert len(told(store)) == 1
    assert verify(store).is_sound


def test_a_change_in_between_wins(store: SQLStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that was removed or written after it was read is left as the app made it."""
    real = key_rotating.Rotating._resealed

    def slow(rotating: Any, sealed: Any, rows: Any) -> Any:
        anew = real(rotating, sealed, rows)
        if any(found["id"] == f"{0:032d}" for found in rows):
            with store.transaction() as transaction:
                assert transaction.remove_authenticator("user:0", f"{0:032d}")
                assert transaction.remove_authenticator("user:1", f"{1:032d}")
                fresh = authenticator(f"{1:032d}", data={"secret": "NEWER"})
                transaction.add_authenticator("user:1", fresh)
        return anew

    monkeypatch.setattr(key_rotating.Rotating, "_resealed", slow)
    assert rotate(store).is_clean
    assert store.authenticators("user:0") == ()
    assert [one.data for one in store.authenticators("user:1")] == [{"secret": "NEWER"}]


@pytest.mark.parametrize("where", [POSTGRESQL], indirect=True)
def test_a_row_in_use_is_not_waited_for(store: SQLStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that a login holds is met again later: waiting for it could end that login.

    SQLite has one lock for all rows.
    """
    opened = store.opened()
    table = schema.authenticator
    connection = opened.engine.connect()
    connection.execute(update(table).where(table.c.user_key == "user:3").values(failures=1))
    passes = []

    def release(rotating: Any, sealed: Any) -> int:
        missed: int = real(rotating, sealed)
        passes.append(missed)
        if not connection.closed:
            connection.commit()
            connection.close()
        return missed

    real = key_rotating.Rotating._reseal_all
    monkeypatch.setattr(key_rotating.Rotating, "_reseal_all", release)
    done = rotate(store)
    assert passes[:2] == [1, 0]
    assert counted(done)[key(store, 1)] == {"codes": 3}


def test_an_altered_row_is_reported_and_left(store: SQLStore) -> None:
    """What cannot be read under its own key stays as it is, and is counted."""
    table = schema.authenticator
    copied = select(table.c.data).where(table.c.user_key == "user:4").scalar_subquery()
    change(store, update(table).where(table.c.user_key == "user:5").values(data=copied))
    done = rotate(store)
    assert (done.is_clean, done.altered["authenticators"]) == (False, 1)
    assert counted(done)[key(store, 1)]["authenticators"] == 1
    assert [one.data for one in store.authenticators("user:5")] == [None]
    assert store.standing("user:5", None).protected


def test_a_wrong_audit_row_is_never_made_right(store: SQLStore) -> None:
    """A row whose old digest is wrong is reported and keeps it; the others move."""
    change(store, update(audit).where(at(3)).values(name="verified"))
    before = row(store, 3)
    done = rotate(store)
    assert [(one.first, one.last) for one in done.wrong_audit] == [(3, 3)]
    assert not done.is_clean
    assert row(store, 3) == before
    assert [one.first for one in verify(store).faults] == [3]


def test_a_lost_key_is_named_with_its_rows(old: Where) -> None:
    """Without the old key the report says which id, how many rows of what, and whose."""
    where = newer(old)
    both = where.store()
    both.open()
    alone = without_old(where).store()
    done = rotate(alone)
    lost = old.keys[0].partition(":")[0]
    assert [(use.key_id, dict(use.rows)) for use in done.lost] == [(lost, OLD_ROWS)]
    owners = sorted({ANN, *(f"user:{number}" for number in range(PEOPLE))})
    assert [party.user_key for party in done.locked_out] == owners
    assert not done.is_clean
    assert not any(use.may_retire for use in done.lost)
    assert not any(done.moved.values())

    assert rotate(both).is_clean
    for store in (both, alone):
        dispose(store)


def test_killed_anywhere_and_resumed(old: Where) -> None:
    """Killed after each batch in turn, every row can be read all the time, and the end is the same."""
    where = newer(old)
    both, killed = where.store(), 0
    both.open()
    for last in range(1, 20):
        command = [sys.executable, "-m", "tests.stores.support.rotations", where.uri, "1", "5"]
        ended = subprocess.run(
            [*command, *where.keys], env=os.environ | {"PYTHONPATH": str(Path.cwd())}, check=False
        )
        assert verify(both).is_sound
        assert None not in [one.data for one in both.authenticators(f"user:{last % PEOPLE}")]
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL
        killed += 1
    assert killed >= 4
    done = rotate(both)
    assert done.is_clean
    assert counted(done)[key(both, 1)] == {"codes": 3}
    assert len(told(both)) == 1
    dispose(both)


def test_keys_with_like_names_are_told_apart(store: SQLStore) -> None:
    """An id that is the start of another, or the same in other letters, is another key."""
    table = schema.authenticator
    made = {"user_key": "user:x", "method": "totp", "name": "", "created_at": NOW, "protects": True}
    for number, name in enumerate(("abc", "ab", "ABC", "a_c", "abc")):
        values = made | {"id": f"x{number}", "data": f"{name}.body"}
        change(store, insert(table).values(values))
    uses = {use.key_id: use.rows.get("authenticators") for use in store.upkeep().key_uses()}
    assert [uses[name] for name in ("abc", "ab", "ABC", "a_c")] == [2, 1, 1, 1]


def test_a_new_key_gives_no_budget_anew(where: Where) -> None:
    """What was sent and paused under the older key counts under the newer one, and back."""
    both = newer(where)
    stores = [one.store() for one in (where, both, Where(where.uri, both.keys[::-1]))]
    with stores[0].opened().engine.begin() as connection:
        connection.execute(schema.send_budget.delete())
    offices = [
        Office(one, SendLimits(**{**WIDE, "per_day": 3}), now=NOW + at * 60)
        for at, one in enumerate(stores)
    ]
    sent = [one.count(*people(2)) for one in offices]
    with stores[0].transaction() as transaction:
        assert transaction.sends.pause("setup", NOW + 60, NOW)
    with stores[1].transaction() as transaction:
        assert transaction.sends.paused_until("setup") == NOW + 60
        assert not transaction.sends.pause("setup", NOW + 90, NOW)
    for one in stores:
        dispose(one)

    assert sent == [2, 1, 0]


def test_a_code_in_a_text_needs_its_key_until_it_ends(old: Where) -> None:
    """The key of a sent code is kept for five minutes, or until the code is used."""
    first = old.store()
    code = SentCode("challenge:1", "+447400123456", "123456")
    with first.transaction() as transaction:
        transaction.sends.keep(ANN, code, NOW)
    name = first.opened().ring.writing

    def needed(now: float) -> int | None:
        uses = key_uses(first.opened().reader, first.opened().ring, now)
        return next(use.rows.get("sent_codes") for use in uses if use.key_id == name)

    assert (needed(NOW + LIFETIME - 1), needed(NOW + LIFETIME)) == (1, None)
    with first.transaction() as transaction:
        assert transaction.sends.use_up(ANN, code, NOW)
    assert needed(NOW) is None
    dispose(first)


def test_an_open_setup_code_needs_its_key_until_it_ends(old: Where) -> None:
    """The key of a setup code is kept for it as long as it is good, and not a second longer."""
    first = old.store()
    first.ensure_account(ANN)
    with first.transaction() as transaction:
        transaction.note_reset(ANN, NOW, "a setup code", NOW + 1)
    name = first.opened().ring.writing
    for now, needed in ((NOW, 1), (NOW + 1, None)):
        uses = key_uses(first.opened().reader, first.opened().ring, now)
        assert [use.rows.get("setup_codes") for use in uses if use.key_id == name] == [needed]
    dispose(first)
