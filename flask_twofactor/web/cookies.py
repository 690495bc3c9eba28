"""Our own cookies: opaque tokens under a signature of their own kind, several per browser.

A cookie says nothing and decides nothing: its tokens name rows of the store. One that cannot
be read is ignored, and left where it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Literal

from flask import Response, current_app, request
from itsdangerous import BadData

from flask_twofactor.core.devices import GivenDevice, Presented
from flask_twofactor.core.tokens import reference, row_named

from .signing import serializer
from .state import app_state

Kind = Literal["known", "trusted"]

MOST_TOKENS = 5
LONGEST_COOKIE = 4096
DAY = 86400
KNOWN_SECONDS = 400 * DAY
"""As long as browsers keep any cookie."""


def tokens(kind: Kind) -> list[str]:
    """Give the tokens that this browser sent, the newest last; none if anything is wrong."""
    value = request.cookies.get(name(kind))
    if value is None or len(value) > LONGEST_COOKIE:
        return []
    try:
        found = serializer(kind).loads(value)
    except BadData:
        return []
    own, *rest = found.split(".") if isinstance(found, str) else [""]
    return rest if own == kind else []


def references(kind: Kind) -> tuple[str, ...]:
    """Give the row ids that this browser's tokens name."""
    return tuple(row for token in tokens(kind) if (row := reference(token)) is not None)


def presented() -> tuple[Presented, ...]:
    """Give the trusted devices that this browser names; none where no device is trusted."""
    if not app_state().settings.trusted_device_days:
        return ()
    found = ((row_named(token), reference(token)) for token in tokens("trusted"))
    return tuple(Presented(row, value) for row, value in found if row and value)


def add(
    response: Response, kind: Kind, token: str, replaces: Collection[str | None], seconds: int
) -> None:
    """Give this browser one more token, in the place of those whose rows it replaces."""
    row_of = row_named if kind == "trusted" else reference
    kept = [one for one in tokens(kind) if row_of(one) not in replaces]
    write(response, kind, [*kept, token][-MOST_TOKENS:], seconds)


def trust(response: Response, given: GivenDevice) -> None:
    """Give this browser a trusted device's new value; the server counts its age, not this."""
    seconds = app_state().settings.trusted_device_days * DAY
    add(response, "trusted", given.token, given.replaces, seconds)


def write(response: Response, kind: Kind, kept: Sequence[str], seconds: int) -> None:
    """Set the cookie: HttpOnly, Lax, and Secure with `__Host-` over HTTPS (ASVS 3.3)."""
    value = serializer(kind).dumps(".".join([kind, *kept]))
    response.set_cookie(
        name(kind),
        str(value),
        max_age=seconds,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )


def name(kind: Kind) -> str:
    """Give the cookie's name: apps on one host must not clobber each other's."""
    chosen = app_state().settings.cookie_name or _default_name(current_app.import_name)
    plain = chosen if kind == "trusted" else f"{chosen}_{kind}"
    return f"__Host-{plain}" if request.is_secure else plain


@lru_cache(maxsize=16)
def _default_name(app_name: str) -> str:
    return f"twofactor_{hashlib.sha256(app_name.encode()).hexdigest()[:8]}"
