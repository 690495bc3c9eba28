"""`after-restore`: an old backup was put back, and nothing that was used may come to life."""

from __future__ import annotations

from dataclasses import asdict

import click

from flask_twofactor.core.ports import FollowsClock
from flask_twofactor.web.state import app_state

from .common import count, honest, json_option, operator, print_json, upkeep
from .group import commands

QUESTION = (
    "This ends every session of people with two-factor authentication and every unused backup "
    "code. Their authenticators stay. Go on?"
)
UNKNOWN = (
    "What the backup cannot know: who set up, removed or lost an authenticator since it was taken. "
    "docs/how-to/deploy.md says how to find them."
)


@commands.command("after-restore")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@honest
def after_restore(*, yes: bool, as_json: bool) -> None:
    """End what may have been used or ended since the backup that was put back.

    Run it once the database is back and before any worker serves. All codes of authenticator
    apps up to now count as used, so that people wait for the next but one; unused backup codes
    end, since nobody knows which of them were used, and their owners are told; sessions, held
    logins and begun setups end. It may be stopped and run again.
    """
    store, ports = upkeep(), app_state().ports
    if not yes:
        click.confirm(QUESTION, abort=True, err=True)
    now = ports.clock()
    counters = {one.name: one.reach(now) for one in ports.methods if isinstance(one, FollowsClock)}
    done = store.after_restore(counters, operator(), lambda _rows: None)
    if as_json:
        print_json(asdict(done))
        return
    click.echo(f"Ended: {count(done.sessions, 'session', 'sessions')}.")
    click.echo(
        f"Ended: {count(done.codes, 'backup code', 'backup codes')} of "
        f"{count(done.people, 'person', 'people')}."
    )
    click.echo(
        f"Moved on: {count(done.authenticators, 'authenticator', 'authenticators')} of "
        f"{count(done.accounts, 'account', 'accounts')}."
    )
    click.echo(UNKNOWN)
