"""The identity of a user that SQLAlchemy maps: its table and primary key."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import inspect


def mapped_identity(user: Any) -> tuple[str, str | None] | None:
    """Give (table, primary key as text) of a mapped user, or None for any other object.

    A key of several columns is a JSON list. The key is None while the user was never saved. No statement is sent for a user that a
    session has loaded, also when its attributes have expired.
    """
    state = inspect(user, raiseerr=False)
    mapper = getattr(state, "mapper", None)
    if state is None or mapper is None:
        return None
    parts = state.identity or mapper.primary_key_from_instance(user)
    return str(mapper.local_table), None if None in parts else _text([str(part) for part in parts])


def _text(parts: list[str]) -> str:
    # A separator alone could stand in a part, and make one text of two keys.
    return parts[0] if len(parts) == 1 else json.dumps(parts, separators=(",", ":"))
