"""Reading the audit: filters, pages, following, and what is left of a forgotten person."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import pytest

from flask_twofactor.core.keeping import AuditFilter
from flask_twofactor.core.records import Event, Surroundings
from flask_twofactor.stores import audit_reading
from flask_twofactor.stores.sqlalchemy import SQLStore

from .support.audits import ROWS, changed, fill, write
from .support.places import ANN, BOB, NOW, Bystander

EVERYTHING = AuditFilter()


@pytest.fixture
def audited(store: SQLStore) -> Iterator[SQLStore]:
    """A store whose audit has six rows, Ann's odd and Bob's even, read in small pages."""
    fill(store)
    with patch.object(audit_reading, "PAGE", 2):
        yield store


def found(store: SQLStore, wanted: AuditFilter, limit: int = 100) -> list[int]:
    """Give the numbers of the rows, read in one go; page by page it must be the same."""
    numbers = [entry.number for entry in store.upkeep().audit(wanted, limit)]
    whole = [entry.number for entry in store.upkeep().whole_audit(wanted)]
    assert whole[-limit:] == numbers
    return numbers


def test_the_newest_come_last(audited: SQLStore) -> None:
    """A limit takes the newest rows, and shows the oldest of them first."""
    assert found(audited, EVERYTHING) == [1, 2, 3, 4, 5, 6]
    assert found(audited, EVERYTHING, 2) == [5, 6]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (AuditFilter(person=ANN), [1, 3, 5]),
        (AuditFilter(person="user:nobody"), []),
        (AuditFilter(names=("failed",)), [1, 2, 3, 4, 5, 6]),
        (AuditFilter(names=("verified", "throttled")), []),
        (AuditFilter(since=NOW + 2), [3, 4, 5, 6]),
        (AuditFilter(until=NOW + 2), [1, 2]),
        (AuditFilter(since=NOW + 2, until=NOW + 4, person=BOB), [4]),
        (AuditFilter(tenant=""), [1, 2, 3, 4, 5, 6]),
        (AuditFilter(tenant="another"), []),
    ],
)
def test_filters(audited: SQLStore, wanted: AuditFilter, numbers: list[int]) -> None:
    """Each filter narrows, several narrow together."""
    assert found(audited, wanted) == numbers


def test_an_entry_has_everything(audited: SQLStore) -> None:
    """An entry names the person by key and label, and carries the facts of the event."""
    entry = audited.upkeep().audit(EVERYTHING, 1)[0]
    assert (entry.tenant, entry.at, entry.name) == ("", NOW + 5, "failed")
    assert (entry.subject.user_key, entry.subject.label, entry.actor) == (BOB, "bob", None)
    assert entry.facts == {
        "method": "totp",
        "failures": 5,
        "address": "192.0.2.7",
        "agent": "Browser/1.0",
    }


def test_who_acted_is_found_too(audited: SQLStore) -> None:
    """A person's rows are those about them and those of what they did to others."""
    write(audited, Event("unlocked", ANN, NOW + 9, actor="operator:root"))
    assert found(audited, AuditFilter(person="operator:root")) == [7]
    entry = audited.upkeep().audit(EVERYTHING, 1)[0]
    assert entry.actor is not None
    assert entry.actor.user_key == "operator:root"


def test_a_forgotten_person_is_a_pseudonym(audited: SQLStore) -> None:
    """After forget_user the rows stay, under a pseudonym that still finds them and names nobody."""
    with audited.transaction() as transaction:
        transaction.record(Event("forgotten", ANN, NOW + 9))
        transaction.forget(ANN)
    entries = [one for one in audited.upkeep().audit(EVERYTHING, 100) if not one.subject.user_key]
    pseudonyms = {one.subject.pseudonym for one in entries}
    assert [one.number for one in entries] == [1, 3, 5, 7]
    assert len(pseudonyms) == 1
    assert found(audited, AuditFilter(person=ANN)) == []
    assert found(audited, AuditFilter(person=pseudonyms.pop())) == [1, 3, 5, 7]
    assert ANN not in repr(entries)


def test_a_changed_body_is_shown_as_it_is(audited: SQLStore) -> None:
    """A row that somebody broke does not keep the others from being read."""
    changed("body", "no json")(audited)
    assert audited.upkeep().audit(EVERYTHING, 3)[0].facts == {"unreadable": "no json"}
    changed("body", "[1]")(audited)
    assert audited.upkeep().audit(EVERYTHING, 3)[0].facts == {"unreadable": "[1]"}


def test_following_misses_nothing(audited: SQLStore) -> None:
    """From a number on, each row is given once, whatever its time, in each tenant."""
    upkeep = audited.upkeep()
    numbers = upkeep.audit_numbers()
    assert numbers[""] == ROWS
    assert upkeep.audit_after(EVERYTHING, numbers) == ([], numbers)
    write(audited, Event("verified", ANN, NOW - 100), Event("verified", BOB, NOW + 100))
    with patch.object(Bystander, "surroundings", return_value=Surroundings(tenants=("t",))):
        write(audited, Event("verified", ANN, NOW))
    entries, numbers = upkeep.audit_after(EVERYTHING, numbers)
    assert [(one.tenant, one.at - NOW) for one in entries] == [("", -100), ("t", 0), ("", 100)]
    assert upkeep.audit_after(EVERYTHING, numbers)[0] == []
    audited.upkeep()
    write(audited, Event("verified", ANN, NOW))
    assert len(upkeep.audit_after(AuditFilter(person=BOB), numbers)[0]) == 0
