"""How opaque references are minted and how they are looked up."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets

TOKEN_LENGTH = 43
HALF = 16


def mint() -> str:
    """Give 256 random bits as 43 URL-safe characters (ASVS 7.2.3 asks for 128 bits)."""
    return secrets.token_urlsafe(32)


def reference(token: object) -> str | None:
    """Give the row id of a token, or None for what cannot be one; the store never sees tokens."""
    if not isinstance(token, str) or len(token) != TOKEN_LENGTH:
        return None
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def new_id() -> str:
    """Give a random row id of 128 bits that says nothing."""
    return secrets.token_hex(16)


def mint_for(row: str) -> str:
    """Give a token of the same length that names a row of `new_id`, with 128 fresh random bits."""
    both = bytes.fromhex(row) + secrets.token_bytes(HALF)
    return base64.urlsafe_b64encode(both).rstrip(b"=").decode()


def row_named(token: object) -> str | None:
    """Give the row that a token of `mint_for` names, or None for what cannot be one."""
    if not isinstance(token, str) or len(token) != TOKEN_LENGTH or not token.isascii():
        return None
    try:
        both = base64.b64decode(f"{token}=", altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    return both[:HALF].hex()
