"""What every store promises of the audit's rows, as they are written."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from flask_twofactor.core.records import Event, Surroundings
from flask_twofactor.stores import auditing, schema
from flask_twofactor.stores.sqlalchemy import SQLStore

from .support.places import ANN, BOB, NOW, Bystander

STAFF = "user:staff"


def rows(store: SQLStore, *names: str) -> list[dict[str, Any]]:
    """Read the rows of some events, in order; the store may hold those of other tests."""
    table = schema.audit
    wanted = select(table).order_by(table.c.tenant, table.c.number)
    with store.opened().engine.connect() as connection:
        found = [dict(row) for row in connection.execute(wanted).mappings()]
    return [row for row in found if not names or row["name"] in names]


def record(store: SQLStore, *events: Event) -> None:
    """Record events in one transaction."""
    with store.transaction() as transaction:
        for event in events:
            transaction.record(event)


def witness(store: SQLStore) -> Bystander:
    """Give the store's witness."""
    found = store._witness
    assert isinstance(found, Bystander)
    return found


def test_a_row_says_what_happened(store: SQLStore) -> None:
    """Time, name, pseudonyms and circumstances are kept; the person's key is not."""
    event = Event("said", ANN, NOW, method="totp", actor=STAFF, reason="lost phone", remaining=3)
    record(store, event)

    (row,) = rows(store, "said")
    assert (row["at"], row["name"], row["tenant"]) == (NOW, "said", "")
    assert json.loads(row["body"]) == {
        "method": "totp",
        "reason": "lost phone",
        "remaining": 3,
        "address": "192.0.2.7",
        "agent": "Browser/1.0",
    }
    assert ANN not in str(row)
    assert row["subject"] != row["actor"]
    assert witness(store).told == [event]


def test_a_person_has_one_pseudonym(store: SQLStore) -> None:
    """Every row of a person carries the same pseudonym, and nobody else's."""
    record(store, Event("one", ANN, NOW), Event("one", BOB, NOW), Event("one", ANN, NOW))

    subjects = [row["subject"] for row in rows(store, "one")]
    assert subjects[0] == subjects[2] != subjects[1]


def test_a_forgotten_person_leaves_a_pseudonym(store: SQLStore) -> None:
    """Forgetting takes the key and label away; a new person of that key has a new pseudonym."""
    with store.transaction() as transaction:
        transaction.record(Event("before", ANN, NOW))
        transaction.forget(ANN)
    record(store, Event("after", ANN, NOW))

    (before,), (after,) = rows(store, "before"), rows(store, "after")
    assert before["subject"] != after["subject"]
    with store.opened().engine.connect() as connection:
        people = connection.execute(select(schema.person.c.pseudonym)).scalars().all()
    assert before["subject"] not in people


def test_what_is_undone_leaves_no_row(store: SQLStore) -> None:
    """A transaction that fails records nothing, tells nobody, and uses no number."""
    record(store, Event("first", ANN, NOW))
    with pytest.raises(ZeroDivisionError):
        _record_and_fail(store)
    record(store, Event("second", ANN, NOW))

    (first,), (second,) = rows(store, "first"), rows(store, "second")
    assert rows(store, "undone") == []
    assert second["number"] == first["number"] + 1
    assert [event.name for event in witness(store).told] == ["first", "second"]


def _record_and_fail(store: SQLStore) -> None:
    with store.transaction() as transaction:
        transaction.record(Event("undone", ANN, NOW))
        raise ZeroDivisionError


def test_numbers_have_no_gap_however_many_write(store: SQLStore) -> None:
    """Sixteen threads, whose people were never seen before, leave every number once."""
    start = len(rows(store))

    def write(number: int) -> None:
        record(store, Event("raced", f"user:racer{number % 4}", NOW))

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(write, range(48)))
    numbers = [row["number"] for row in rows(store)]
    assert numbers == list(range(1, start + 49))
    assert len({row["subject"] for row in rows(store, "raced")}) == 4


def test_a_tenant_has_numbers_of_its_own(store: SQLStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of an event's tenants numbers its row; the row lists all."""
    around = Surroundings(tenants=("maple", "orchid"))
    monkeypatch.setattr(Bystander, "surroundings", lambda *_: around)
    before = len([row for row in rows(store) if row["tenant"] == "maple"])
    record(store, Event("theirs", ANN, NOW), Event("theirs", ANN, NOW))

    found = rows(store, "theirs")
    assert [row["number"] for row in found] == [before + 1, before + 2]
    assert json.loads(found[0]["body"])["tenants"] == ["maple", "orchid"]


def test_control_characters_are_escaped(store: SQLStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that names itself with an escape sequence leaves plain ASCII, cut to size."""
    around = Surroundings(agent="\x1b[2J\u202e" + "x" * 9000, request_id="a\nb")
    monkeypatch.setattr(Bystander, "surroundings", lambda *_: around)
    record(store, Event("odd", ANN, NOW))

    (row,) = rows(store, "odd")
    assert row["body"].isascii()
    assert row["body"].isprintable()
    assert len(row["body"]) < 1000


def test_the_digest_covers_every_column(store: SQLStore) -> None:
    """A change of any column gives another digest; no key gives none."""
    record(store, Event("covered", ANN, NOW, actor=STAFF))
    (row,) = rows(store, "covered")
    ring = store.opened().ring

    assert row["digest"] == ring.digest(auditing.canonical(row), auditing.AUDIT)
    for name in row.keys() - {"digest"}:
        changed = row | {name: "another" if isinstance(row[name], str) else row[name] + 1}
        assert row["digest"] != ring.digest(auditing.canonical(changed), auditing.AUDIT)
