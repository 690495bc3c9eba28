"""Reading whom the host lists for a tenant, page by page, into the member table."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from flask_twofactor.core.errors import ConfigurationError
from flask_twofactor.core.members import Seen
from flask_twofactor.flows import members

from . import people, tenancy
from .state import app_state

ROWS = 1000
log = logging.getLogger("flask_twofactor")


def ignore(_number: int) -> None:
    """Hear of progress and do nothing with it."""


def sync_members(tenant: str, actor: str, told: Callable[[int], None] = ignore) -> int:
    """Note everybody whom `members_loader` lists for a tenant; give how many have left it."""
    return members.sync(app_state().ports, tenant, pages(tenant), told, actor=actor)


def pages(tenant: str) -> Iterator[Sequence[Seen]]:
    """Give whom the host lists, page by page; ConfigurationError if it cannot be asked."""
    loader = app_state().callbacks.members_loader
    if loader is None:
        raise ConfigurationError("members_loader is not set; without it nobody can be listed.")
    after: Any = None
    while rows := list(loader(tenant, after, ROWS)):
        yield [seen for row in rows if (seen := _seen(tenant, *row)) is not None]
        if after == rows[-1][0]:
            raise ConfigurationError("members_loader gave the same last key again.")
        after = rows[-1][0]


def _seen(tenant: str, key: object, label: object, roles: Any) -> Seen | None:
    # Rows carry the user's kind as well as their key, and only the user tells both.
    user = people.find_quietly(str(key))
    if user is None:
        log.warning("members_loader names %r, whom find_user does not find; left out", key)
        return None
    named = tuple(sorted({str(role) for role in roles or ()}))
    shown = str(label or "").replace("\x00", "")[: people.LONGEST_KEY]
    return Seen(tenant, people.user_key(user), shown, named, tenancy.runs(user, tenant))
