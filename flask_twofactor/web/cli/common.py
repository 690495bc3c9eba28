"""What the commands share: the group, errors as exit codes, people, times, and safe output.

Exit codes: 0 done, 1 refused or failed or something was found, 2 the command was not understood.
"""

from __future__ import annotations

import functools
import getpass
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

import click
from flask import current_app

from flask_twofactor.core.errors import RefusedError, TwoFactorError, UnknownPersonError
from flask_twofactor.core.keeping import Seen, Upkeep
from flask_twofactor.web import messages, people, tenancy
from flask_twofactor.web.state import User, app_state

P = ParamSpec("P")
R = TypeVar("R")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def honest(command: Callable[P, R]) -> Callable[P, R]:
    """Turn what can go wrong into one line on standard error and exit code 1."""

    @functools.wraps(command)
    def run(*values: P.args, **named: P.kwargs) -> R:
        try:
            return command(*values, **named)
        except RefusedError as error:
            field = error.evidence.get("field")
            where = f"{field}: " if field else ""
            raise click.ClickException(where + messages.message(error)) from error
        except TwoFactorError as error:
            raise click.ClickException(shown(str(error))) from error

    return run


def upkeep() -> Upkeep:
    """Give the operator's side of the app's store; StoreError if it is not the right one."""
    return app_state().keeper.upkeep()


def find(typed: str) -> tuple[User, str]:
    """Give the user of a key or typed name, and the key of their rows."""
    try:
        user = people.find(typed)
    except (UnknownPersonError, LookupError, TypeError, ValueError) as error:
        message = f"there is no user {typed!r}. {_how_to_find()}"
        raise UnknownPersonError(message) from error
    except Exception as error:
        message = f"the app could not look up {typed!r} ({type(error).__name__})."
        raise UnknownPersonError(message) from error
    key = people.user_key(user)
    tenancy.tenants(user)  # for the audit, which asks nothing of the app inside a transaction
    people.introduce(key, people.label(user))
    return user, key


def operator() -> str:
    """Give who runs this command, as the audit names them: `operator:<login name>`."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        # In a container the account may have no name.
        name = str(os.getuid())
    # Behind sudo, the person counts and not the account they became.
    return f"operator:{os.environ.get('SUDO_USER') or name}"[: people.LONGEST_KEY]


def shown(text: str) -> str:
    """Give a text without anything that a terminal would obey instead of showing."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


def when(at: float | None) -> str:
    """Give a time as people read it, in UTC."""
    if at is None:
        return "never"
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def count(number: int, one: str, many: str) -> str:
    """Give a number with its word."""
    return f"{number} {one if number == 1 else many}"


def print_json(value: Any) -> None:
    """Print one line of JSON; everything beyond ASCII is escaped."""
    click.echo(json.dumps(value))


@contextmanager
def progress(total: int, label: str, *, quiet: bool) -> Iterator[Seen]:
    """Give what moves a progress bar on standard error; nothing is shown where nobody looks."""
    if quiet or not sys.stderr.isatty():
        yield lambda _rows: None
        return
    made: Any = click.progressbar(length=total, label=label, file=sys.stderr)
    with made as bar:
        yield bar.update


def _how_to_find() -> str:
    if app_state().callbacks.find_user is not None:
        return "Type what twofactor.find_user takes: a user's key or name."
    name = current_app.name
    return (
        f"Type the id that the user loader of {name} takes; with @twofactor.find_user people "
        "can be found by name."
    )
