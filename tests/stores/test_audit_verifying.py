"""The audit's check: rows removed, changed, reordered, forged are found, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import pytest
from sqlalchemy import delete, insert, update

from flask_twofactor.core.records import Event, Surroundings
from flask_twofactor.stores import audit_verifying, schema
from flask_twofactor.stores.keys import new_key
from flask_twofactor.stores.sqlalchemy import SQLStore

from .support.audits import (
    ROWS,
    TAMPERINGS,
    at,
    audit,
    change,
    fill,
    numbers,
    unseen,
    verify,
    write,
)
from .support.places import ANN, NOW, Bystander, Where, dispose


@pytest.fixture
def audited(store: SQLStore) -> Iterator[SQLStore]:
    """A store whose audit has six rows; small batches, so that every batch border is met."""
    change(store, delete(numbers), insert(numbers).values(tenant="", number=0))
    fill(store)
    with patch.object(audit_verifying, "BATCH", 2):
        yield store
    change(store, delete(numbers), insert(numbers).values(tenant="", number=0), delete(audit))


def test_an_untouched_audit_is_sound(audited: SQLStore) -> None:
    """Nothing is found where nothing was done, and the last number is told."""
    report = verify(audited)
    assert (report.is_sound, report.rows, report.numbers) == (True, ROWS, {"": ROWS})


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found(audited: SQLStore, name: str) -> None:
    """Whatever was done to the rows, the report names exactly the rows concerned."""
    tamper, expected = TAMPERINGS[name]
    tamper(audited)
    report = verify(audited)
    assert [(one.kind, one.first, one.last) for one in report.faults] == expected
    assert not report.is_sound


def test_what_it_cannot_see(audited: SQLStore) -> None:
    """The newest rows gone together with the counter: sound, as the command says it will be."""
    change(audited, delete(audit).where(at(5, 6)), update(numbers).values(number=4))
    assert verify(audited).is_sound


def test_a_whole_number_of_seconds_stays_sound(audited: SQLStore) -> None:
    """A time that a clock gives as an int is written as it comes back."""
    write(audited, Event("verified", ANN, 1_800_000_000))
    assert verify(audited).is_sound


def test_hard_letters_stay_sound(audited: SQLStore) -> None:
    """What a browser may send, NUL and half letters among them, is written and verified."""
    seen = Surroundings(agent="a\x00\x1b[31m\ud800\u202e", request_id="é" * 600)
    with patch.object(Bystander, "surroundings", return_value=seen):
        write(audited, Event("verified", ANN, NOW, reason="\x07"))
    assert verify(audited).is_sound


def test_each_tenant_has_numbers_of_its_own(audited: SQLStore) -> None:
    """A gap in one tenant's numbers is named with the tenant."""
    for tenant in ("a", "b"):
        with patch.object(Bystander, "surroundings", return_value=Surroundings(tenants=(tenant,))):
            write(audited, *[Event("verified", ANN, NOW + step) for step in range(3)])
    change(audited, delete(audit).where(at(2), audit.c.tenant == "b"))
    report = verify(audited)
    assert report.numbers == {"": ROWS, "a": 3, "b": 3}
    assert [(one.tenant, one.kind, one.first) for one in report.faults] == [("b", "missing", 2)]


def test_rows_under_a_lost_key_are_named(where: Where) -> None:
    """A row whose key is gone is neither right nor wrong: it is counted under that key."""
    first = where.store()
    first.open()
    fill(first)
    newer = Where(where.uri, (new_key(), *where.keys))
    both = newer.store()
    write(both, Event("verified", ANN, NOW))
    alone = Where(where.uri, newer.keys[:1]).store()
    report = verify(alone)
    old = where.keys[0].partition(":")[0]
    assert (report.faults, dict(report.unknown_keys), report.is_sound) == ([], {old: ROWS}, False)
    assert verify(both).is_sound
    change(both, delete(schema.audit), update(numbers).values(number=0))
    for store in (first, both, alone):
        dispose(store)


def test_rows_written_meanwhile_do_no_harm(audited: SQLStore) -> None:
    """Rows that come while it looks are left for the next time, and are no fault."""
    report = audited.upkeep().verify_audit(
        lambda _rows: write(audited, Event("verified", ANN, NOW))
    )
    assert (report.is_sound, report.rows) == (True, ROWS)
    assert verify(audited).rows > ROWS
    assert audited.upkeep().verify_audit(unseen).is_sound
