"""`audit` and `audit verify`: reading what happened, and seeing that nobody changed it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import click

from flask_twofactor.core.errors import UnknownPersonError
from flask_twofactor.core.keeping import (
    AuditEntry,
    AuditFault,
    AuditFilter,
    AuditReport,
    Party,
    Upkeep,
)
from flask_twofactor.web.state import app_state

from .common import (
    count,
    find,
    honest,
    json_option,
    print_json,
    progress,
    shown,
    upkeep,
    when,
)
from .group import commands
from .typed import AuditGroup, Moment, Reading, absolute

FOLLOW_SECONDS = 1.0
NEWEST = 50
LIMIT = "The newest so many; 0 shows all, the oldest first."
PSEUDONYM = re.compile(r"[0-9a-f]{32}")
BLIND = (
    "It cannot see: newest rows deleted together with a counter that was put back, the whole "
    "database put back from an old backup, or rows written by somebody who has the key."
)
FAULTS = {
    "changed": "was changed after it was written",
    "missing": "is missing",
    "unexpected": "has a number that was never given",
    "counter_ahead": "is missing at the end: the counter says it was written",
    "counter_behind": "lies beyond the counter, which was put back",
}


audit: AuditGroup = AuditGroup(
    "audit", help="Show what happened, or verify that nobody changed it."
)
commands.add_command(audit)


@audit.command("", cls=Reading)
@click.argument("user", required=False)
@click.option("--event", "names", multiple=True, help="Only this event; may be given again.")
@click.option("--since", type=Moment(), help="From this time on: 2026-11-25, or 7d, 12h, 30m ago.")
@click.option("--until", type=Moment(), help="Up to this time.")
@click.option("--tenant", help="Only the rows numbered for this tenant.")
@click.option("--limit", type=click.IntRange(0), default=NEWEST, show_default=True, help=LIMIT)
@click.option("--follow", is_flag=True, help="Go on and show what happens, until Ctrl-C.")
@json_option
@honest
def read(
    user: str | None,
    names: tuple[str, ...],
    since: float | None,
    until: float | None,
    tenant: str | None,
    limit: int,
    *,
    follow: bool,
    as_json: bool,
) -> None:
    """Show what happened, the newest last; with USER, only what happened to or by them.

    USER is what @twofactor.find_user or the user loader takes, or, for somebody who was
    forgotten, the pseudonym that their rows show. Times are UTC. With --json each line is one
    row. `flask twofactor audit verify` checks that no row was changed or removed.
    """
    now = app_state().ports.clock()
    wanted = AuditFilter(
        person=None if user is None else _person(user),
        names=names,
        since=absolute(since, now),
        until=absolute(until, now),
        tenant=tenant,
    )
    store = upkeep()
    numbers = store.audit_numbers()
    _print(store.audit(wanted, limit) if limit else store.whole_audit(wanted), as_json=as_json)
    if follow:
        _follow(store, wanted, numbers, as_json=as_json)


@audit.command("verify")
@json_option
@honest
def verify(*, as_json: bool) -> None:
    """Check each row's keyed digest and each tenant's numbers; exit code 1 if one is wrong.

    Finds rows that were changed, removed, added, exchanged or moved. It cannot see newest rows
    deleted together with a counter that was put back, a whole database put back from an old
    backup, or rows written by somebody who has the key: keep a copy of the audit elsewhere
    (`flask twofactor audit --json --limit 0`), and note the last number that this prints.
    """
    store = upkeep()
    total = sum(store.audit_numbers().values())
    with progress(total, "Checking", quiet=as_json) as seen:
        report = store.verify_audit(seen)
    if as_json:
        _print_report_as_json(report)
    else:
        _print_report(report)
    click.get_current_context().exit(0 if report.is_sound else 1)


def _person(typed: str) -> str:
    try:
        return find(typed)[1]
    except UnknownPersonError:
        # The host deleted them; what they did is still here, under a pseudonym or a key.
        if PSEUDONYM.fullmatch(typed) or ":" in typed:
            return typed
        raise


def _follow(
    store: Upkeep, wanted: AuditFilter, numbers: Mapping[str, int], *, as_json: bool
) -> None:
    try:
        while True:
            time.sleep(FOLLOW_SECONDS)
            found, numbers = store.audit_after(wanted, numbers)
            _print(found, as_json=as_json)
    except KeyboardInterrupt:
        return


def _print(entries: Iterable[AuditEntry], *, as_json: bool) -> None:
    for entry in entries:
        if as_json:
            print_json(asdict(entry))
        else:
            click.echo(_line(entry))


def _line(entry: AuditEntry) -> str:
    facts = [f"{name}={_value(value)}" for name, value in entry.facts.items()]
    by = ["by", _named(entry.actor)] if entry.actor is not None else []
    place = f"{entry.tenant}#{entry.number}"
    line = [when(entry.at), place, entry.name, _named(entry.subject), *by, *facts]
    return shown("  ".join(line))


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else repr(value)


def _named(party: Party) -> str:
    if party.user_key is None:
        return f"(forgotten) {party.pseudonym}"
    return f"{party.label} ({party.user_key})" if party.label else party.user_key


def _print_report(report: AuditReport) -> None:
    for fault in report.faults:
        click.echo(shown(_fault(fault)))
    for key_id, rows in report.unknown_keys.items():
        click.echo(
            f"{count(rows, 'row', 'rows')} cannot be checked: key {key_id} is not known. Put it "
            "back into the keys, at the end."
        )
    last = ", ".join(f"{name or 'audit'}#{number}" for name, number in report.numbers.items())
    found = "all as they were written" if report.is_sound else "SOMETHING IS WRONG"
    click.echo(f"{count(report.rows, 'row', 'rows')} checked, up to {shown(last)}: {found}.")
    click.echo(BLIND)


def _fault(fault: AuditFault) -> str:
    one = fault.first == fault.last
    rows = f"#{fault.first}" if one else f"#{fault.first} to #{fault.last}"
    return f"{fault.tenant}{rows} {FAULTS[fault.kind]}."


def _print_report_as_json(report: AuditReport) -> None:
    print_json(
        {
            "sound": report.is_sound,
            "rows": report.rows,
            "last_numbers": dict(report.numbers),
            "faults": [asdict(fault) for fault in report.faults],
            "unknown_keys": dict(report.unknown_keys),
            "cannot_see": BLIND,
        }
    )
