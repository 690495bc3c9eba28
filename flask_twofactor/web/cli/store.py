"""`init` and `db upgrade`: making the store, and bringing its tables along."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from flask_twofactor.web.state import app_state

from .common import honest, json_option, print_json, shown
from .group import commands

database = AppGroup("db", help="Look after the store's tables.")
commands.add_command(database)


@commands.command("init")
@json_option
@honest
def init(*, as_json: bool) -> None:
    """Make the store, once; on a complete one nothing changes. Prints the store's id.

    Set TWOFACTOR_STORE_ID to that id, and an empty or wrong database will be refused
    instead of opening the door; from then on nothing is made in its place.
    """
    made = app_state().keeper.make_and_tell()
    if as_json:
        print_json({"store_id": made.store_id, "made": list(made.places)})
        return
    if made.places:
        places = shown(" and ".join(made.places))
        together = "back them up together" if len(made.places) > 1 else "back it up with the keys"
        click.echo(f"Made {places}: {together}. Now set TWOFACTOR_STORE_ID to:", err=True)
    click.echo(made.store_id)


@database.command("upgrade")
@honest
def upgrade() -> None:
    """Bring the store's tables to this release's version. Safe to run again."""
    click.echo(app_state().keeper.upgrade())
