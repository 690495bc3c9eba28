"""`python -m flask_twofactor new-key`: make a key, without any app."""

from __future__ import annotations

import click

from .stores.keys import new_key


@click.group()
def main() -> None:
    """Tools of flask_twofactor that need no app; the others are under `flask twofactor`."""


@main.command("new-key")
def print_new_key() -> None:
    """Print exactly one line: a new key for the setting TWOFACTOR_KEYS."""
    click.echo(new_key())


if __name__ == "__main__":
    main(prog_name="python -m flask_twofactor")
