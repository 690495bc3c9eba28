"""How the words of a command are read: times, and a group whose first word may be a user."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
from flask.cli import AppGroup

UNITS = {"m": 60, "h": 3600, "d": 86400}

if TYPE_CHECKING:
    Times = click.ParamType[float]
else:
    # Only newer versions of click let the type be named at run time.
    Times = click.ParamType


class Moment(Times):
    """A time in UTC as people type it: epoch seconds, or negative for so long ago."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read `2026-11-25`, `2026-11-25T10:00` or `7d`, `12h`, `30m`."""
        if found := re.fullmatch(r"(\d{1,6})([mhd])", str(value)):
            return -float(int(found[1]) * UNITS[found[2]])
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no time: write 2026-11-25, 2026-11-25T10:00 or 7d", param, ctx)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def absolute(moment: float | None, now: float) -> float | None:
    """Give epoch seconds of a time that may be so long ago."""
    return now + moment if moment is not None and moment < 0 else moment


class ReadingContext(click.Context):
    """The context of a command that has no name of its own."""

    @property
    def command_path(self) -> str:
        """Give the name as it is typed."""
        return super().command_path.rstrip()


class Reading(click.Command):
    """What `audit` does when no other command follows."""

    context_class = ReadingContext


class AuditGroup(AppGroup):
    """`audit verify`, and else `audit` itself, whose first word is a user."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read for everything that is no command."""
        if not args or args[0] not in set(self.commands) - {""}:
            args = ["", *args]
        return super().parse_args(ctx, args)
