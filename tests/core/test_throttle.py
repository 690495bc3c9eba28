"""What a guess costs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_twofactor.core.throttle import Throttle, retry_after, waits


def test_waits_start_at_thirty_seconds_and_double_to_an_hour() -> None:
    """The defaults: five free tries, then 30 s doubling, never more than an hour."""
    assert waits(Throttle()) == [
        (5, 30),
        (6, 60),
        (7, 120),
        (8, 240),
        (9, 480),
        (10, 960),
        (11, 1920),
        (12, 3600),
    ]


@pytest.mark.parametrize(
    ("throttle", "expected"),
    [
        (Throttle(1, 10, 10), [(1, 10)]),
        (Throttle(2, 10, 25), [(2, 10), (3, 20), (4, 25)]),
        (Throttle(3, 100, 50), [(3, 50)]),
    ],
)
def test_waits_follow_the_settings(throttle: Throttle, expected: list[tuple[int, int]]) -> None:
    """Free tries, first wait and cap are the deployment's choice."""
    assert waits(throttle) == expected


@given(st.integers(1, 10), st.integers(1, 3600), st.integers(1, 86400))
def test_waits_only_rise(free: int, wait: int, longest: int) -> None:
    """Each failure costs one more place in the table, and never less than the one before."""
    table = waits(Throttle(free, wait, longest))

    assert [failures for failures, _ in table] == list(range(free, free + len(table)))
    assert [seconds for _, seconds in table] == sorted(seconds for _, seconds in table)
    assert table[-1][1] == longest


@pytest.mark.parametrize(
    ("until", "now", "seconds"),
    [(130.0, 100.0, 30), (130.5, 100.0, 31), (100.001, 100.0, 1), (100.0, 100.0, 1), (0, 9, 1)],
)
def test_retry_after_is_whole_seconds(until: float, now: float, seconds: int) -> None:
    """Who waits as long as told finds the door open; nobody is told to wait zero seconds."""
    assert retry_after(until, now) == seconds


def odds_per_day(throttle: Throttle) -> float:
    """Give the chance that a day of guessing by unknown browsers hits one of 10^6 codes.

    Three are right at one moment: RFC 6238 section 5.2 allows one step of drift either way.
    """
    return float(1 - (1 - 3 / 10**6) ** throttle.per_day)


def test_a_day_of_guessing_at_the_defaults_hits_once_in_sixteen_thousand() -> None:
    """Twenty guesses, three codes right at a time, a million codes: 0.006 percent a day.

    `docs/explanation/limits.md` prints these figures.
    """
    day = odds_per_day(Throttle())

    assert f"{day:.6%}" == "0.006000%"
    assert round(1 / day) == 16667
    assert f"{1 - (1 - day) ** 365:.2%}" == "2.17%"


def test_a_hundred_guesses_in_a_row_hit_once_in_three_thousand() -> None:
    """When the owner never answers, a method is shut after so many: 0.03 percent for good."""
    whole = odds_per_day(Throttle(per_day=Throttle().disable_after))

    assert f"{whole:.4%}" == "0.0300%"
