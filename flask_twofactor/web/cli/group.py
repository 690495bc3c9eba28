"""The group `flask twofactor`; its commands are loaded when one is wanted, never by a worker."""

from __future__ import annotations

import click
from flask.cli import AppGroup


class Commands(AppGroup):
    """A group that knows its commands once somebody asks for one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names of the commands, sorted."""
        _load()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Give the command of a name, or None."""
        _load()
        return super().get_command(ctx, cmd_name)


commands = Commands("twofactor", help="Look after two-factor authentication.")


def _load() -> None:
    # Each registers its own commands. Loading them takes about a third of the package's time.
    from . import (  # noqa: PLC0415
        audit,  # noqa: F401
        examining,  # noqa: F401
        keys,  # noqa: F401
        persons,  # noqa: F401
        pruning,  # noqa: F401
        restoring,  # noqa: F401
        store,  # noqa: F401
        tenants,  # noqa: F401
    )
