"""Sealing (AES-256-GCM) and keyed digests (HMAC-SHA-256) under a ring of keys.

Each key of the ring yields two sub-keys by HKDF (RFC 5869), so that no key serves two
purposes. The first key writes, all of them read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from flask_twofactor.core.errors import SealError

NONCE_BYTES = 12


class KeyRing:
    """The keys of one app, newest first: `{id: 32 bytes}`. Its `repr` names only the ids."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._seals = {key_id: AESGCM(_derive(key, "seal")) for key_id, key in keys.items()}
        self._digests = {key_id: _derive(key, "digest") for key_id, key in keys.items()}
        self.writing = next(iter(keys))

    def __repr__(self) -> str:
        return f"KeyRing(ids={sorted(self._seals)!r})"

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the keys, the writing one first."""
        return tuple(self._seals)

    def seal(self, value: Any, *bound: str) -> str:
        """Seal a JSON value, bound to the row and user it belongs to."""
        nonce = os.urandom(NONCE_BYTES)
        plain = json.dumps(value, separators=(",", ":")).encode()
        sealed = self._seals[self.writing].encrypt(nonce, plain, _bind(bound))
        return f"{self.writing}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def unseal(self, sealed: str, *bound: str) -> Any:
        """Give the value back; SealError if its key is missing or anything was altered."""
        key_id, body = key_of(sealed), sealed.rpartition(".")[2]
        try:
            raw = base64.urlsafe_b64decode(body)
            plain = self._seals[key_id].decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bind(bound))
        except (KeyError, ValueError, InvalidTag) as error:
            message = f"a sealed value under key {key_id!r} cannot be read"
            raise SealError(message) from error
        return json.loads(plain)

    def digest(self, text: str, *bound: str) -> str:
        """Give the digest under the writing key; it carries that key's id."""
        return self._digest(self.writing, text, bound)

    def digests(self, text: str, *bound: str) -> list[str]:
        """Give the digests under all keys, for one look-up by IN."""
        return [self._digest(key_id, text, bound) for key_id in self._digests]

    def matches(self, digest: str, text: str, *bound: str) -> bool:
        """Say whether a digest under one of the keys is of this text."""
        key_id = key_of(digest)
        known = key_id in self._digests
        return known and hmac.compare_digest(
            digest.encode(), self._digest(key_id, text, bound).encode()
        )

    def check(self, key_id: str, text: str) -> str:
        """Give a value that tells whether two keys of one id are the same key."""
        return self._digest(key_id, text, ("check",))

    def _digest(self, key_id: str, text: str, bound: tuple[str, ...]) -> str:
        mac = hmac.new(self._digests[key_id], _bind((*bound, text)), hashlib.sha256)
        return f"{key_id}.{mac.hexdigest()}"


def key_of(value: str) -> str:
    """Give the id of the key that a sealed value or a digest is under."""
    return value.rpartition(".")[0]


def _derive(key: bytes, purpose: str) -> bytes:
    info = f"flask_twofactor {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key)


def _bind(parts: tuple[str, ...]) -> bytes:
    return json.dumps(parts, separators=(",", ":")).encode()
