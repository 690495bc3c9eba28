"""Budgets for texts at their edges, on each kind of database, with a given clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from flask_twofactor.core.sending import Delivery, Errand, SentCode
from flask_twofactor.stores import schema
from flask_twofactor.stores.sqlalchemy import SQLStore

from .support.places import ANN, BOB, NOW, Bystander
from .support.sending import NUMBER, Office, errand, people, setup

DAY = 86400


@pytest.fixture(autouse=True)
def _without_old_sends(store: SQLStore) -> None:
    with store.opened().engine.begin() as connection:
        connection.execute(schema.send_budget.delete())


EDGES: dict[str, tuple[dict[str, int], Callable[[], list[Errand]], int]] = {
    "user": ({"per_user_day": 3}, lambda: [errand(number=NUMBER)] * 5, 3),
    "number": ({"per_number_day": 3}, lambda: [errand()] * 5, 3),
    "strangers": (
        {"per_number_day": 3},
        lambda: [setup(f"user:{at}") for at in range(5)],
        3,
    ),
    "new_numbers": (
        {"new_numbers_day": 2},
        lambda: [setup(number=f"+44740012340{at}") for at in (1, 2, 2, 1, 3)],
        4,
    ),
    "address": ({"per_address_day": 3}, lambda: people(5, address="192.0.2.1"), 3),
    "prefix": (
        {"per_prefix_day": 3},
        lambda: [errand(f"user:{at}", f"+4474001{at:05}") for at in range(5)],
        3,
    ),
    "tenant": ({"per_tenant_day": 3}, lambda: people(5, tenants=("acme", "globex")), 3),
    "day": ({"per_day": 3}, lambda: people(5), 3),
}


@pytest.mark.parametrize("scope", EDGES)
def test_a_budget_at_its_edge(store: SQLStore, scope: str) -> None:
    """Exactly so many texts go out; after any 24 hours the first one is free again."""
    limits, errands, expected = EDGES[scope]
    office = Office.with_limits(store, **limits)
    assert office.count(*errands()) == expected
    refused = office.send(errands()[-1])
    assert refused is not None
    assert (refused.code, refused.evidence) == ("throttled", {"sends": scope})
    assert refused.retry_after is not None
    assert DAY - 60 < refused.retry_after <= DAY

    office.now = NOW + 5 + DAY - 1
    assert office.send(errands()[-1]) is not None
    office.now += 1
    assert office.send(errands()[-1]) is None
    assert office.send(errands()[-1]) is not None


def test_what_does_not_share_a_budget(store: SQLStore) -> None:
    """Other people, numbers, addresses, ranges and tenants go on."""
    narrow = dict.fromkeys(("per_user_day", "per_number_day", "per_address_day"), 1)
    office = Office.with_limits(store, **narrow, per_prefix_day=1, per_tenant_day=1)
    errands = [
        errand(one.user_key, one.number, address=f"192.0.2.{at}", tenants=(f"tenant {at}",))
        for at, one in enumerate(people(5))
    ]

    assert office.count(*errands) == 5


def test_strangers_do_not_pay_from_the_owner_s(store: SQLStore) -> None:
    """Who names somebody's number all day long does not keep its owner from getting codes."""
    office = Office.with_limits(store, per_number_day=3)
    assert office.count(*(setup(f"user:{at}") for at in range(9))) == 3

    assert office.count(errand(), errand(), errand(), errand()) == 3


def test_newcomers_leave_a_part_to_the_others(store: SQLStore) -> None:
    """Of twenty texts a day, one is kept for numbers that were proven a day ago."""
    office = Office.with_limits(store, per_day=20)
    fresh = [setup(one.user_key, one.number) for one in people(30)]
    just_proven = errand("user:new", "+447500999999", proven_at=NOW - DAY + 600)
    assert office.count(*fresh) == 19
    assert office.send(just_proven) is not None

    assert office.send(errand()) is None
    assert office.send(errand(BOB, "+447500123456")) is not None


def test_a_refused_send_pays_nothing(store: SQLStore) -> None:
    """All budgets are paid or none: what a later one refuses, an earlier one gets back."""
    office = Office.with_limits(store, per_user_day=2, per_day=1)
    assert office.count(errand(BOB, "+447500123456"), errand(), errand(), errand()) == 1
    office.now += DAY + 30
    office.limits = Office.with_limits(store, per_user_day=2).limits

    assert office.count(errand(), errand(), errand()) == 2


@pytest.mark.parametrize("outcome", ["later", "operator"])
def test_a_failure_gives_back(store: SQLStore, outcome: Any) -> None:
    """What was surely not sent is not counted, by anybody."""
    office = Office.with_limits(store, per_user_day=1, per_number_day=1, per_day=1)
    office.counter.answer = Delivery(outcome)
    assert office.send(errand()) is not None
    office.counter.answer = None

    assert office.send(errand()) is None
    office.now += 5
    assert office.send(errand(BOB, "+447500123456")) is not None


def test_what_may_have_been_sent_is_counted_by_the_site(store: SQLStore) -> None:
    """After a hang-up the person has their budget back, and the day keeps what it may cost."""
    office = Office.with_limits(store, per_user_day=1, per_number_day=1, per_day=2)
    office.counter.answer = Delivery("unknown")
    office.send(errand())
    office.now += 5
    office.counter.answer = None

    assert office.send(errand()) is None
    assert office.send(errand(BOB, "+447500123456")) is not None


def test_a_number_that_is_out_of_reach_costs(store: SQLStore) -> None:
    """Numbers cannot be tried out for nothing."""
    office = Office.with_limits(store, per_user_day=2)
    office.counter.answer = Delivery("number")

    assert office.count(errand(), errand(), errand()) == 2


def test_limits_that_are_only_recorded(store: SQLStore) -> None:
    """All but the cool-down and the day go on, and each is told of once."""
    told = _bystander(store).told
    told.clear()
    office = Office.with_limits(
        store, per_user_day=2, per_number_day=2, per_day=5, record_only=True
    )
    assert office.count(*[errand()] * 8) == 5

    over = [one.reason for one in told if one.name == "send_over_limit"]
    assert sorted(over) == ["number", "user"]
    assert [one.reason for one in told if one.name == "send_refused"] == ["day"]


def test_a_refusal_is_told_once(store: SQLStore) -> None:
    """Who presses on does not fill the audit."""
    told = _bystander(store).told
    told.clear()
    office = Office.with_limits(store, per_user_day=1)
    office.count(*[errand()] * 6)

    assert [one.name for one in told] == ["code_sent", "send_refused"]


def test_a_denied_prefix(store: SQLStore) -> None:
    """A prefix that the operator shut gets nothing, proven or not."""
    office = Office.with_limits(store, deny_prefixes=("+44740",))

    assert office.count(errand(), setup(), errand(BOB, "+447500123456")) == 1


def test_the_breaker(store: SQLStore) -> None:
    """Where few codes to new numbers come back, new ones wait, once with an alarm."""
    told = _bystander(store).told
    told.clear()
    office = Office.with_limits(store, breaker_sends=10, breaker_percent=20, breaker_minutes=60)
    fresh = [setup(one.user_key, one.number) for one in people(80)]
    assert office.count(*fresh[:10]) == 10
    office.now += 120
    assert office.count(*fresh[10:20]) == 0
    refused = office.send(fresh[20])
    assert refused is not None
    assert refused.code == "send_paused"
    assert refused.retry_after is not None
    assert [one.name for one in told].count("sends_paused") == 1

    assert office.send(errand()) is None
    office.now += 3600
    assert office.send(fresh[21]) is None


def test_the_breaker_leaves_honest_people_alone(store: SQLStore) -> None:
    """As long as a fifth of the codes come back, nothing is paused."""
    office = Office.with_limits(store, breaker_sends=10, breaker_percent=20)
    fresh = [setup(one.user_key, one.number) for one in people(40)]
    for at, one in enumerate(fresh):
        assert office.count(one) == 1
        if at % 5 == 0:
            _come_back(office, one)
        office.now += 60


def _come_back(office: Office, one: Errand) -> None:
    row = schema.sent_code
    with office.store.opened().engine.begin() as connection:
        mine = row.update().where(row.c.binding == one.binding)
        connection.execute(mine.values(spent_at=office.now))


def test_the_breaker_waits_for_people_to_type(store: SQLStore) -> None:
    """A morning on which all set up at once is no attack: two minutes are given to type."""
    office = Office.with_limits(store, breaker_sends=10, breaker_percent=20)
    office.now = NOW
    fresh = [setup(one.user_key, one.number) for one in people(20)]

    assert [office.send(one) for one in fresh] == [None] * 20


def test_who_only_knows_the_password_leaves_the_owner_some(store: SQLStore) -> None:
    """Of ten texts a day three are kept for browsers that their owner signed in with before."""
    for scope in ("per_user_day", "per_number_day"):
        office = Office.with_limits(store, **{scope: 10})
        user = f"user:{scope}"
        assert office.count(*[errand(user, known=False)] * 12) == 7
        assert office.count(*[errand(user)] * 12) == 3


def test_no_number_and_no_address_is_kept(store: SQLStore) -> None:
    """The tables of limits and codes hold no number, address, tenant or code."""
    office = Office.with_limits(store)
    codes: list[str] = []
    office.counter.send = lambda _number, text: codes.append(text)  # type: ignore[method-assign]
    office.send(setup(address="192.0.2.55", tenants=("acme",)))
    with store.opened().engine.connect() as connection:
        rows = repr(connection.execute(select(schema.send_budget)).all())
        rows += repr(connection.execute(select(schema.sent_code)).all())

    assert codes
    assert not [one for one in (NUMBER, "447400", "192.0.2.55", "acme", codes[0]) if one in rows]


def test_a_sent_code_is_spent_once(store: SQLStore) -> None:
    """Right person, binding, number and code, in time: once; anything else never."""
    right = SentCode("challenge:1", NUMBER, "123456")
    wrong = [
        SentCode("challenge:1", NUMBER, "123457"),
        SentCode("challenge:1", "+447400123457", "123456"),
        SentCode("challenge:2", NUMBER, "123456"),
        SentCode("setup:1", NUMBER, "123456"),
    ]
    with store.transaction() as transaction:
        sends = transaction.sends
        sends.keep(ANN, right, NOW)
        assert not any(sends.use_up(ANN, one, NOW) for one in wrong)
        assert not sends.use_up(BOB, right, NOW)
        assert not sends.use_up(ANN, right, NOW + 300)
        assert sends.use_up(ANN, right, NOW + 299)
        assert not sends.use_up(ANN, right, NOW + 299)


def test_five_tries(store: SQLStore) -> None:
    """The sixth answer is not looked at, also after a new code."""
    code = SentCode("challenge:1", NUMBER, "123456")
    with store.transaction() as transaction:
        sends = transaction.sends
        assert not sends.count_try(ANN, code.binding, NOW)
        sends.keep(ANN, code, NOW)
        assert [sends.count_try(ANN, code.binding, NOW) for _ in range(3)] == [True] * 3
        sends.keep(ANN, SentCode(code.binding, NUMBER, "654321"), NOW + 60)
        assert [sends.count_try(ANN, code.binding, NOW + 60) for _ in range(3)] == [
            True,
            True,
            False,
        ]


def _bystander(store: SQLStore) -> Bystander:
    found = store._witness
    assert isinstance(found, Bystander)
    return found
