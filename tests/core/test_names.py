"""Names of authenticators: tidied, or numbered where nobody typed one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_twofactor.core import names


@given(st.text())
def test_no_typed_name_is_taken_for_a_number(typed: str) -> None:
    """Whatever is typed, it stands as a name; what is left of nothing is no name."""
    tidy = names.tidy(typed)

    assert names.number_of(tidy) is None
    assert tidy == names.tidy(tidy)
    assert len(tidy) <= names.LONGEST


@given(st.integers(1, 999))
def test_a_number_comes_back(number: int) -> None:
    """What is stored for an unnamed one gives its number."""
    assert names.number_of(names.numbered(number)) == number


@pytest.mark.parametrize(
    ("taken", "number"),
    [
        ([], 1),
        (["Pixel 9"], 2),
        ([names.numbered(1)], 2),
        ([names.numbered(2)], 3),
        ([names.numbered(1), "Pixel 9", names.numbered(2)], 4),
    ],
)
def test_a_number_is_never_given_twice(taken: list[str], number: int) -> None:
    """The next number is above all that are there, also after one was removed."""
    assert names.choose("", taken) == names.numbered(number)


@pytest.mark.parametrize("typed", ["", " \n", "\t7", None, 3])
def test_only_what_can_be_read_is_a_name(typed: object) -> None:
    """Nothing typed leads to a number; a number that is typed is a name."""
    expected = "7" if typed == "\t7" else names.numbered(1)

    assert names.choose(typed, []) == expected
