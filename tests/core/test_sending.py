"""What a text costs: the budgets of an errand, how a number is shown, when a breaker opens."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flask_twofactor.core import sending
from flask_twofactor.core.sending import Errand, SendLimits, SentCode

NOW, DAY = 1_800_000_000.0, 86400
NUMBER = "+447400123456"
PROVEN = Errand("user:1", "sms", "challenge:1", NUMBER, NOW - DAY, address="192.0.2.1")
FRESH = Errand("user:1", "sms", "setup:1", NUMBER, None, address="192.0.2.1", tenants=("b", "a"))


def scopes(errand: Errand) -> list[str]:
    """Name the budgets of an errand."""
    return [one.scope for one in sending.budgets(SendLimits(), errand, NOW)]


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::7", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix:", "unix:"),
    ],
)
def test_an_address_is_what_one_visitor_has(address: str, counted: str) -> None:
    """Whoever changes addresses within their own IPv6 network stays one visitor."""
    limits, errand = SendLimits(), replace(PROVEN, address=address)
    (paid,) = [one for one in sending.budgets(limits, errand, NOW) if one.scope == "address"]

    assert paid.subject == counted


def test_the_budgets_are_paid_in_one_order() -> None:
    """The cool-down is first and the day last, so that nobody waits in a circle."""
    assert scopes(PROVEN) == ["cooldown", "user", "number", "address", "prefix", "day"]
    assert scopes(FRESH) == [
        "cooldown",
        "user",
        "number",
        "strangers",
        "address",
        "prefix",
        "tenant",
        "tenant",
        "day",
    ]
    assert [one.subject for one in sending.budgets(SendLimits(), FRESH, NOW)][-3:-1] == ["a", "b"]


@pytest.mark.parametrize(
    ("proven_at", "part"), [(None, 950), (NOW - DAY + 1, 950), (NOW - DAY, 1000)]
)
def test_who_may_use_the_last_part_of_a_day(proven_at: float | None, part: int) -> None:
    """A number that was proven a day ago may; the store remembers the whole budget for all."""
    errand = Errand("user:1", "sms", "challenge:1", NUMBER, proven_at)
    day = sending.budgets(SendLimits(), errand, NOW)[-1]

    assert (day.limit, day.kept) == (part, 1000)


def test_small_budgets_are_not_divided() -> None:
    """Below twenty a budget is what it says for everybody."""
    limits = SendLimits(per_day=19, per_prefix_day=1)

    assert [one.limit for one in sending.budgets(limits, FRESH, NOW) if one.scope == "day"] == [19]


def test_what_is_recorded_only() -> None:
    """Record-only leaves the cool-down and the day in force."""
    found = sending.budgets(SendLimits(record_only=True), FRESH, NOW)

    assert {one.scope for one in found if one.enforced} == {"cooldown", "day"}


@pytest.mark.parametrize(
    ("sent", "returned", "low"),
    [(49, 0, False), (50, 9, True), (50, 10, False), (1000, 199, True), (1000, 200, False)],
)
def test_when_few_codes_come_back(sent: int, returned: int, low: bool) -> None:  # noqa: FBT001
    """From fifty codes on, fewer than a fifth are too few."""
    assert sending.is_low(SendLimits(), 50, sent, returned) is low


def test_after_a_pause_a_few_are_enough() -> None:
    """In the day after a pause only what was sent since counts, and a fifth of it suffices."""
    limits = SendLimits()

    assert sending.measured(limits, 0, NOW) == (NOW - 3600, NOW - 120, 50)
    assert sending.measured(limits, NOW - 600, NOW) == (NOW - 600, NOW - 120, 10)
    assert sending.measured(limits, NOW - DAY, NOW)[2] == 50


def test_numbers_and_codes_are_in_no_repr() -> None:
    """What is logged by mistake names neither number nor code."""
    budgets = sending.budgets(SendLimits(), FRESH, NOW)
    shown = repr((PROVEN, FRESH, budgets, SentCode("setup:1", NUMBER, "481516")))

    assert NUMBER[1:] not in shown
    assert "481516" not in shown
    assert sending.mask(NUMBER) == "•••• 56"
