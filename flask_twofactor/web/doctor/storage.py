"""The store: that it is there, is the right one, is in use, and has its keys."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

from flask_twofactor.core.errors import StoreError
from flask_twofactor.core.keeping import Upkeep
from flask_twofactor.web.findings import Check, Finding, fault, warning
from flask_twofactor.web.state import AppState


def store(app: Flask, state: AppState) -> Iterator[Finding]:
    """Open the store and look into it; what it says of itself is the finding."""
    try:
        upkeep = state.keeper.upkeep()
        yield from _contents(app, upkeep)
        yield from _keys(upkeep)
    except StoreError as error:
        found, _, remedy = str(error).partition(". ")
        yield fault("store", f"{found[:1].upper()}{found[1:].rstrip('.')}.", remedy or LOOK)


def store_id(app: Flask, state: AppState) -> Iterator[Finding]:
    """See whether an empty database would be told from the right one."""
    if state.settings.store_id is None and not app.debug and not app.testing:
        yield warning(
            "store_id",
            "TWOFACTOR_STORE_ID is not set: another store would be taken for this one.",
            "Set it to what `flask twofactor init` prints.",
        )


def files(app: Flask, _state: AppState) -> Iterator[Finding]:
    """See who may read the default store's files."""
    for name in ("twofactor.key", "twofactor.sqlite"):
        path = Path(app.instance_path) / name
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield fault(
                "file_mode",
                f"{path} can be read by other accounts of this machine.",
                f"chmod 600 {path}",
            )


def _contents(app: Flask, upkeep: Upkeep) -> Iterator[Finding]:
    facts = upkeep.facts(app.instance_path)
    if facts.people:
        return
    if facts.default_people:
        yield fault(
            "other_store",
            f"Nobody is set up in {facts.where}, but {facts.default_people} people are in the "
            f"default store in {app.instance_path}.",
            "Point the app at the right one, or move the other away.",
        )
    elif facts.events and not facts.accounts:
        yield warning(
            "emptied_store",
            f"There is nobody in {facts.where}, though its audit has counted {facts.events} "
            "events: it may have been emptied.",
            "See `flask twofactor audit`; if rows were lost, restore a backup.",
        )


def _keys(upkeep: Upkeep) -> Iterator[Finding]:
    for use in upkeep.key_uses():
        rows = sum(use.rows.values())
        if not use.known:
            yield fault(
                "lost_key",
                f"Key {use.key_id} is lost, and {rows} rows need it.",
                "Put it back from a backup, at the end of the keys; "
                "docs/how-to/keys.md says what if it is gone for good.",
            )
        elif not use.writing and rows:
            yield warning(
                "old_key",
                f"{rows} rows are under the old key {use.key_id}.",
                "Run `flask twofactor rotate-keys`.",
            )


LOOK = "Look at the app's log."
CHECKS: tuple[Check, ...] = (store, store_id, files)
