"""Opaque references."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_twofactor.core import tokens


def test_a_token_has_256_bits_and_is_never_the_same() -> None:
    """Tokens are 43 URL-safe characters and differ."""
    made = {tokens.mint() for _ in range(200)}

    assert len(made) == 200
    assert {len(one) for one in made} == {tokens.TOKEN_LENGTH}
    assert len({tokens.new_id() for _ in range(200)}) == 200


def test_the_store_sees_only_a_digest() -> None:
    """The row id of a token says nothing of the token, and is always the same."""
    token = tokens.mint()
    row = tokens.reference(token)

    assert row is not None
    assert row == tokens.reference(token)
    assert len(row) == 64
    assert token not in row


@pytest.mark.parametrize("token", [None, "", 1, True, b"x" * 43, ["x" * 43], "x" * 42, "x" * 44])
def test_what_cannot_be_a_token_has_no_row(token: object) -> None:
    """Anything but text of the right length refers to nothing."""
    assert tokens.reference(token) is None


@given(st.text(min_size=43, max_size=43) | st.text() | st.integers() | st.none())
def test_looking_up_never_raises(token: object) -> None:
    """Whatever a session holds, it refers to a row or to nothing."""
    row = tokens.reference(token)

    assert row is None or len(row) == 64
