"""`flask twofactor`: what an operator does."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from flask_twofactor.core.errors import StoreError

from .state import app_state

commands = AppGroup("twofactor", help="Look after two-factor authentication.")
database = AppGroup("db", help="Look after the store's tables.")
commands.add_command(database)


@commands.command("init")
def init() -> None:
    """Make the store, once; on a complete one nothing changes. Prints the store's id.

    Set TWOFACTOR_STORE_ID to that id, and an empty or wrong database will be refused
    instead of opening the door; from then on nothing is made in its place.
    """
    try:
        click.echo(app_state().keeper.make())
    except StoreError as error:
        raise click.ClickException(str(error)) from error


@database.command("upgrade")
def upgrade() -> None:
    """Bring the store's tables to this release's version. Safe to run again."""
    try:
        click.echo(app_state().keeper.upgrade())
    except StoreError as error:
        raise click.ClickException(str(error)) from error
