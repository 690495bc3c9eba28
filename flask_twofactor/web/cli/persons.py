"""`status`, `reset`, `unlock`: looking at one person, and helping somebody who is locked out."""

from __future__ import annotations

from typing import Any

import click

from flask_twofactor.core.records import Authenticator, Status
from flask_twofactor.flows import changing
from flask_twofactor.web import people, tenancy
from flask_twofactor.web.state import app_state

from .common import (
    count,
    find,
    honest,
    json_option,
    operator,
    print_json,
    shown,
    upkeep,
    when,
)
from .group import commands


@commands.command("status")
@click.argument("user")
@json_option
@honest
def status(user: str, *, as_json: bool) -> None:
    """Show what USER has set up, and whether they must wait.

    USER is what the app's user loader takes, or what @twofactor.find_user finds. Times are UTC.
    """
    found = _facts(user)
    if as_json:
        print_json(found)
        return
    click.echo(f"{shown(found['label'] or found['user_key'])} ({shown(found['user_key'])})")
    click.echo(f"  two-factor authentication: {'on' if found['protected'] else 'off'}")
    click.echo(f"  required by a rule: {'yes' if found['required'] else 'no'}")
    for one in found["authenticators"]:
        used = "unreadable: its key is lost" if one["unreadable"] else f"used {one['last_used']}"
        named = f"{one['method']} {one['name']!r}"
        click.echo(f"  {shown(named)}: added {one['created']}, {used}")
    click.echo(f"  backup codes left: {found['backup_codes_left']}")
    click.echo(f"  sessions: {found['sessions']}, known browsers: {found['known_browsers']}")
    if found["waits_until"]:
        click.echo(f"  must wait until {found['waits_until']}, except in a known browser")
    for method in found["shut_methods"]:
        click.echo(f"  {shown(method)} is shut to unknown browsers after too many wrong codes")


@commands.command("reset")
@click.argument("user")
@click.option("--reason", required=True, help="Why; kept in the audit.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@honest
def reset(user: str, reason: str, *, yes: bool, as_json: bool) -> None:
    """Remove all that USER has set up, and end their sessions.

    For somebody who lost their phone and their backup codes, also for the last admin: nothing
    but this shell is needed. See first that it is them: from now on their password alone signs
    in, or, where a rule requires a second factor, leads to setting one up. The password itself
    stays. The audit keeps your login name and the reason, and the person is told.
    """
    if not reason.strip():
        raise click.BadParameter("say why, for the audit", param_hint="--reason")
    someone, key = find(user)
    before = _status(someone)
    removed = sum(one.protects for one in before.authenticators)
    named = shown(people.label(someone) or key)
    if not yes:
        had = count(removed, "authenticator", "authenticators")
        click.confirm(f"Remove {had} of {named} ({shown(key)})?", abort=True, err=True)
    changing.reset(app_state().ports, key, actor=operator(), reason=reason.strip())
    if as_json:
        print_json({"user_key": key, "removed": removed, "backup_codes": before.codes_left})
        return
    click.echo(
        f"Removed {count(removed, 'authenticator', 'authenticators')} of {named} and ended all "
        "sessions. The password is unchanged."
    )


@commands.command("unlock")
@click.argument("user")
@json_option
@honest
def unlock(user: str, *, as_json: bool) -> None:
    """Give USER all their tries back.

    For somebody who waits because of wrong codes, their own or a stranger's. Nothing that they
    set up changes. If codes keep being wrong, somebody may know the password: see
    `flask twofactor audit USER`, and have it changed.
    """
    someone, key = find(user)
    changing.unlock(app_state().ports, key, actor=operator())
    if as_json:
        print_json({"user_key": key, "unlocked": True})
        return
    click.echo(f"{shown(people.label(someone) or key)} may try again now.")


def _status(someone: Any) -> Status:
    state = app_state()
    return changing.status(state.ports, people.user_key(someone), tenancy.belongs(someone))


def _facts(typed: str) -> dict[str, Any]:
    someone, key = find(typed)
    ports, found = app_state().ports, _status(someone)
    account = upkeep().account_state(key, ports.limits)
    unreadable = {one.id for one in ports.store.authenticators(key) if one.data is None}
    shut = [name for name, bad in account.failures.items() if bad >= ports.throttle.disable_after]
    until = account.blocked_until
    return {
        "user_key": key,
        "label": people.label(someone),
        "protected": found.protected,
        "required": found.required,
        "authenticators": [
            _authenticator(one, unreadable=one.id in unreadable)
            for one in found.authenticators
            if one.protects
        ],
        "backup_codes_left": found.codes_left,
        "sessions": account.sessions,
        "known_browsers": account.known_browsers,
        "waits_until": None if until is None else when(until),
        "shut_methods": shut,
    }


def _authenticator(one: Authenticator, *, unreadable: bool) -> dict[str, Any]:
    return {
        "id": one.id,
        "method": one.method,
        "name": one.name,
        "created": when(one.created_at),
        "last_used": when(one.last_used_at),
        "unreadable": unreadable,
    }
