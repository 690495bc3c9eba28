"""`rotate-keys`: moving every row to a new key while the app serves."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from flask_twofactor.core.keeping import KeyUse, Rotation

from .common import (
    count,
    honest,
    json_option,
    print_json,
    progress,
    shown,
    upkeep,
)
from .group import commands

KINDS = {
    "authenticators": ("authenticator", "authenticators"),
    "setups": ("begun setup", "begun setups"),
    "holds": ("hold", "holds"),
    "codes": ("unused backup code", "unused backup codes"),
    "setup_codes": ("open setup code", "open setup codes"),
    "sent_codes": ("code in a text", "codes in texts"),
    "audit": ("audit row", "audit rows"),
}
MOVABLE = frozenset(KINDS) - {"codes", "setup_codes", "sent_codes"}


@commands.command("rotate-keys")
@click.option("--new", is_flag=True, help="First add a new key to the default store's key file.")
@json_option
@honest
def rotate_keys(*, new: bool, as_json: bool) -> None:
    """Move every row to the first key, in small batches, while the app serves.

    It may be stopped and run again at any time. Unused backup codes are kept as digests and
    cannot be moved: their owners are listed, told once by mail, and have to make new ones
    before the old key goes. Setup codes and codes in texts cannot be moved either; they end within
    three days and five minutes. At the end it says which keys may be retired.
    Exit code 1 if a row cannot be read or is not as it was written.
    """
    store = upkeep()
    if new:
        made = store.add_key()
        click.echo(f"Added key {made} to the key file: back it up now.", err=True)
    uses = store.key_uses()
    total = sum(use.rows.get(kind, 0) for use in uses if _old(use) for kind in MOVABLE)
    with progress(total, "Moving", quiet=as_json) as seen:
        done = store.rotate(seen)
    if as_json:
        _print_as_json(done)
    else:
        _print(done)
    click.get_current_context().exit(0 if done.is_clean else 1)


def _old(use: KeyUse) -> bool:
    return not use.writing


def _print(done: Rotation) -> None:
    click.echo(f"Moved to key {done.writing}: {_listed(done.moved)}.")
    for use in done.uses:
        click.echo(f"  {_state(use)} key {shown(use.key_id)}: {_listed(use.rows)}")
    for one in done.codes:
        codes = count(one.codes, *KINDS["codes"])
        click.echo(
            f"{_who(one.label, one.user_key)} has {codes} under key {shown(one.key_id)}: they end "
            "when it is retired, so have new ones made first."
        )
    _print_faults(done)
    for use in done.uses:
        if use.may_retire:
            click.echo(f"Key {use.key_id} may be retired: nothing needs it.")


def _print_faults(done: Rotation) -> None:
    for use in done.lost:
        click.echo(
            f"Key {shown(use.key_id)} is lost, and needed for {_listed(use.rows)}. Put it back "
            "from your backup, at the end of the keys."
        )
    if done.locked_out:
        click.echo(
            "If it is gone for good, reset these people, whose authenticators nobody can read "
            "(`flask twofactor reset USER --reason ...`):"
        )
    for party in done.locked_out:
        click.echo(f"  {_who(party.label, party.user_key or party.pseudonym)}")
    for kind, rows in done.altered.items():
        if rows:
            click.echo(
                f"{count(rows, *KINDS[kind])} cannot be read though the key is known: altered, or "
                "copied from elsewhere. They stay as they are."
            )
    for fault in done.wrong_audit:
        last = "" if fault.first == fault.last else f" to #{fault.last}"
        click.echo(
            f"Audit {shown(fault.tenant)}#{fault.first}{last} is not as it was written, and stays under its old "
            "key. See `flask twofactor audit verify`."
        )


def _state(use: KeyUse) -> str:
    if use.writing:
        return "writing"
    return "old" if use.known else "LOST"


def _listed(rows: Any) -> str:
    found = [count(number, *KINDS[kind]) for kind, number in rows.items() if number]
    return ", ".join(found) or "nothing"


def _who(label: str, user_key: str) -> str:
    return shown(f"{label} ({user_key})" if label else user_key)


def _print_as_json(done: Rotation) -> None:
    print_json(
        {
            "clean": done.is_clean,
            "writing": done.writing,
            "moved": {kind: done.moved.get(kind, 0) for kind in KINDS if kind in MOVABLE},
            "keys": [asdict(use) | {"may_retire": use.may_retire} for use in done.uses],
            "codes": [asdict(one) for one in done.codes],
            "lost": [use.key_id for use in done.lost],
            "locked_out": [asdict(one) for one in done.locked_out],
            "altered": dict(done.altered),
            "wrong_audit": [asdict(fault) for fault in done.wrong_audit],
        }
    )
