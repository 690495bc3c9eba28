"""The one signature of ours: each kind of value has a salt of its own and fits nowhere else."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from flask import current_app
from itsdangerous import URLSafeTimedSerializer


def serializer(kind: str) -> URLSafeTimedSerializer:
    """Give the signer of a kind; `SECRET_KEY_FALLBACKS` are still read."""
    fallbacks = current_app.config.get("SECRET_KEY_FALLBACKS") or ()
    return _built(kind, (*fallbacks, current_app.config["SECRET_KEY"]))


@lru_cache(maxsize=16)
def _built(kind: str, keys: tuple[str, ...]) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        list(keys),
        salt=f"flask_twofactor.{kind}",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )
