"""Secrets at rest: sealed to their row and user, digests by key, and nothing shown."""

from __future__ import annotations

import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_twofactor.core.errors import SealError
from flask_twofactor.stores.sealing import KeyRing

OLD, NEW = os.urandom(32), os.urandom(32)
RING = KeyRing({"new": NEW, "old": OLD})
ROW = ("authenticator", "row-1", "user:ann")
VALUE = {"secret": "JBSWY3DPEHPK3PXP"}
SEALED = RING.seal(VALUE, *ROW)


def raw(sealed: str) -> bytes:
    """Give nonce, ciphertext and tag."""
    return base64.urlsafe_b64decode(sealed.rpartition(".")[2])


def written(body: bytes, key_id: str = "new") -> str:
    """Write bytes as a sealed text."""
    return f"{key_id}.{base64.urlsafe_b64encode(body).decode()}"


def test_a_value_comes_back() -> None:
    """What was sealed is read again under the same row and user."""
    assert RING.unseal(SEALED, *ROW) == VALUE


def test_the_same_value_is_never_sealed_the_same_way() -> None:
    """Each sealing has a nonce of its own, and shows nothing of the value."""
    again = RING.seal(VALUE, *ROW)
    assert raw(again)[:12] != raw(SEALED)[:12]
    assert raw(again)[12:] != raw(SEALED)[12:]
    assert b"JBSWY3DP" not in raw(SEALED)


@pytest.mark.parametrize(
    "elsewhere",
    [
        ("authenticator", "row-2", "user:ann"),
        ("authenticator", "row-1", "user:bob"),
        ("pending_setup", "row-1", "user:ann"),
        ("authenticator", "row-1"),
        ("authenticator", "row-1user:ann"),
        ("authenticatorrow-1", "", "user:ann"),
        (),
    ],
)
def test_a_copied_ciphertext_cannot_be_read(elsewhere: tuple[str, ...]) -> None:
    """A value copied to another row, user or table, however they join, is refused."""
    with pytest.raises(SealError):
        RING.unseal(SEALED, *elsewhere)


@pytest.mark.parametrize("at", range(len(raw(SEALED))))
def test_a_flipped_byte_is_seen(at: int) -> None:
    """One changed bit anywhere, in nonce, text or tag, is refused."""
    changed = bytearray(raw(SEALED))
    changed[at] ^= 1
    with pytest.raises(SealError):
        RING.unseal(written(bytes(changed)), *ROW)


@pytest.mark.parametrize("size", range(len(raw(SEALED))))
def test_a_truncated_value_is_seen(size: int) -> None:
    """A value cut short anywhere, down to nothing, is refused."""
    with pytest.raises(SealError):
        RING.unseal(written(raw(SEALED)[:size]), *ROW)


@pytest.mark.parametrize("key_id", ["old", "gone", "", "NEW"])
def test_another_key_id_is_refused(key_id: str) -> None:
    """A value named after another key, known or unknown, is refused."""
    with pytest.raises(SealError):
        RING.unseal(written(raw(SEALED), key_id), *ROW)


@given(st.text() | st.text().map("new.".__add__) | st.binary().map(written))
def test_any_text_is_a_seal_error(text: str) -> None:
    """Whatever stands in the column, reading it fails in the one expected way."""
    with pytest.raises(SealError):
        RING.unseal(text, *ROW)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_any_json_value_comes_back(value: object) -> None:
    """Any JSON value survives sealing."""
    assert RING.unseal(RING.seal(value, *ROW), *ROW) == value


def test_the_first_key_writes_and_all_read() -> None:
    """New values are written under the first key; older ones are still read."""
    before = KeyRing({"old": OLD})
    assert SEALED.startswith("new.")
    assert RING.unseal(before.seal(VALUE, *ROW), *ROW) == VALUE
    with pytest.raises(SealError):
        before.unseal(SEALED, *ROW)


def test_nothing_secret_is_shown() -> None:
    """Neither `repr` nor an error shows a key or the value."""
    assert repr(RING) == "KeyRing(ids=['new', 'old'])"
    with pytest.raises(SealError) as caught:
        RING.unseal(SEALED, "elsewhere")
    for shown in (str(caught.value), repr(RING), str(RING)):
        assert "JBSWY3DP" not in shown
        assert NEW.hex() not in shown
        assert base64.urlsafe_b64encode(NEW).decode()[:20] not in shown


def test_a_digest_is_looked_up_under_every_key() -> None:
    """A digest names its key, depends on user and kind, and is found after a new key came."""
    before = KeyRing({"old": OLD})
    written_then = before.digest("C0DE", "single_use_code", "user:ann")
    assert written_then.startswith("old.")
    assert "C0DE" not in written_then
    found = RING.digests("C0DE", "single_use_code", "user:ann")
    assert [one.partition(".")[0] for one in found] == ["new", "old"]
    assert written_then == found[1]
    assert found[0] == RING.digest("C0DE", "single_use_code", "user:ann")
    others = {
        *RING.digests("C0DE", "single_use_code", "user:bob"),
        *RING.digests("C0DE", "other", "user:ann"),
        *RING.digests("C0DF", "single_use_code", "user:ann"),
        *RING.digests("user:ann", "single_use_code", "C0DE"),
    }
    assert len(others) == 8
    assert others.isdisjoint(found)


def test_no_key_serves_two_purposes() -> None:
    """Sealing, digests and the key itself are three different keys."""
    digest_key = RING._digests["new"]
    as_seal, as_key = KeyRing({"new": digest_key}), KeyRing({"new": NEW})
    assert digest_key != NEW
    with pytest.raises(SealError):
        as_seal.unseal(SEALED, *ROW)
    assert as_seal.digest("text") != as_key.digest("text")
    assert as_key.unseal(SEALED, *ROW) == VALUE


def test_a_check_tells_keys_of_one_id_apart() -> None:
    """Two keys under one id give different checks, and so do two stores."""
    assert RING.check("new", "store") == KeyRing({"new": NEW}).check("new", "store")
    assert RING.check("new", "store") != KeyRing({"new": OLD}).check("new", "store")
    assert RING.check("new", "store") != RING.check("new", "other")
