"""When a trusted device is believed, and what a value of its cookie is worth."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_twofactor.core.devices import TrustedDevice, belief, is_alive
from flask_twofactor.core.tokens import mint, mint_for, new_id, reference, row_named

NOW, DAYS = 1_800_000_000.0, 30 * 86400.0
VALUES = [f"{number:064x}" for number in range(8)]
DEVICE = TrustedDevice("d" * 32, "user:1", 3, "Firefox", NOW, NOW, "192.0.2.1", VALUES[0])


@pytest.mark.parametrize(
    ("device", "epoch", "longest", "now", "alive"),
    [
        (DEVICE, 3, DAYS, NOW, True),
        (DEVICE, 3, DAYS, NOW + DAYS - 1, True),
        (DEVICE, 3, DAYS, NOW + DAYS, False),
        (DEVICE, 3, DAYS, NOW + DAYS + 1, False),
        (DEVICE, 3, 0, NOW, False),
        (DEVICE, 4, DAYS, NOW, False),
        (DEVICE, 2, DAYS, NOW, False),
        (replace(DEVICE, ended_at=NOW), 3, DAYS, NOW, False),
        (replace(DEVICE, last_used_at=NOW + DAYS), 3, DAYS, NOW + DAYS, False),
    ],
)
def test_a_device_lives_until_it_ends(
    device: TrustedDevice, epoch: int, longest: float, now: float, *, alive: bool
) -> None:
    """Not ended, of this epoch, and younger than the days in force; its use adds nothing."""
    assert is_alive(device, epoch, longest, now) is alive


@pytest.mark.parametrize(
    ("successors", "value", "worth"),
    [
        ([], 0, "good"),
        ([1], 0, "good"),
        ([1], 1, "good"),
        ([1, 2, 3], 0, "good"),
        ([1, 2, 3, 4], 0, "worn"),
        ([1, 2, 3, 4], 4, "good"),
        ([1], 2, "stale"),
        ([], 7, "stale"),
    ],
)
def test_what_a_value_is_worth(successors: list[int], value: int, worth: str) -> None:
    """The current value four times, its successors, and everything else is a copy."""
    device = replace(DEVICE, successors="".join(VALUES[one] for one in successors))
    assert belief(device, VALUES[value]) == worth


def test_a_value_across_two_successors_is_a_copy() -> None:
    """Successors stand side by side; a text that spans two of them is neither."""
    device = replace(DEVICE, successors="a" * 64 + "b" * 64)
    assert belief(device, "a" * 32 + "b" * 32) == "stale"


def test_a_token_names_its_row_and_hides_the_rest() -> None:
    """The row comes back, tokens of one row differ, and each is as long as any other."""
    row = new_id()
    one, other = mint_for(row), mint_for(row)

    assert row_named(one) == row_named(other) == row
    assert one != other
    assert len(one) == len(mint())
    assert reference(one) != reference(other)


@given(
    st.one_of(st.text(), st.none(), st.integers(), st.binary(), st.text(min_size=43, max_size=43))
)
def test_anything_else_names_nothing_or_some_row(typed: object) -> None:
    """What cannot be a token names no row; what looks like one names 32 hex digits, no error."""
    found = row_named(typed)
    assert found is None or len(found) == 32
