"""What an operator does for tenants: report, enforce, exempt, remind, sync-members."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Sequence
from typing import Any

import click

from flask_twofactor.core.members import Seen
from flask_twofactor.core.repeating import repeated
from flask_twofactor.flows import members, reminding
from flask_twofactor.flows import tenants as flow
from flask_twofactor.web import admins, people, rule_form, syncing, tenancy
from flask_twofactor.web.state import app_state
from flask_twofactor.web.views.helping import end_of_day
from flask_twofactor.web.views.roster import safe_cell
from flask_twofactor.web.views.tenants import rule_facts

from .common import find, honest, json_option, operator, print_json, shown
from .group import commands


@commands.command("report")
@click.option("--tenant", help="One tenant only.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a table for a spreadsheet.")
@json_option
@honest
def report(tenant: str | None, *, as_csv: bool, as_json: bool) -> None:
    """Say how far each tenant has come, and keep today's numbers for its chart."""
    rows = [_row(one) for one in _tenants(tenant)]
    if as_json:
        print_json(rows)
    elif as_csv:
        click.echo(_csv(rows), nl=False)
    else:
        for row in rows:
            click.echo(
                f"{shown(row['tenant'])}: {row['ready']} of {row['people']} ready, "
                f"{row['not_ready']} not ready ({row['admins_not_ready']} admins), "
                f"rule: {row['mode']}"
            )


@commands.command("enforce")
@click.argument("tenant")
@click.option("--mode", type=click.Choice(["optional", "roles", "all"]), required=True)
@click.option("--roles", default="", help="With --mode roles: their names, with commas.")
@click.option("--starts-on", help="The first day, like 2027-01-31. Default: as it was, or today.")
@click.option("--grace-days", default=0, show_default=True, help="Days to set it up.")
@click.option("--methods", help="Allowed methods, with commas. Default: all.")
@click.option("--trusted-device-days", type=int, help="0 turns it off. Default: the site's.")
@click.option("--backup-codes", type=int, help="How many a set has. Default: the site's.")
@click.option("--dry-run", is_flag=True, help="Say who would be asked, and save nothing.")
@json_option
@honest
def enforce(tenant: str, *, dry_run: bool, as_json: bool, **given: Any) -> None:
    """Save TENANT's whole rule. It acts at once, also on people who are signed in."""
    given["roles"] = _split(given["roles"])
    given["methods"] = _split(given["methods"]) if given["methods"] else None
    rule, ports = rule_form.make_rule(tenant, **given), app_state().ports
    flow.check(ports, rule)
    if not dry_run:
        rule = flow.set_rule(ports, admins.operator(operator()), rule)
    asked = flow.affected(ports.store.groups(tenant), rule)
    if as_json:
        found = {"tenant": tenant, "rule": rule_facts(rule), "saved": not dry_run}
        print_json(found | {"people": asked.people, "not_ready": asked.not_ready})
        return
    click.echo(("Would save: " if dry_run else "Saved: ") + shown(repr(rule)))
    click.echo(f"{asked.not_ready} of {asked.people} people it asks are not ready.")


@commands.command("exempt")
@click.argument("user")
@click.option("--until", help="The last day, like 2027-01-31; left out, the excuse is taken back.")
@click.option("--reason", required=True, help="Why; kept in the audit.")
@click.option("--tenant", help="Whose rule; needed if USER belongs to several.")
@honest
def exempt(user: str, until: str | None, reason: str, tenant: str | None) -> None:
    """Excuse USER from a tenant's rule until a day, that day included."""
    someone, key = find(user)
    where = tenancy.tenants(someone)
    if where is None:
        raise click.ClickException("the app could not say which tenants this user belongs to.")
    chosen = tenant or (where[0] if len(where) == 1 else None)
    if chosen not in where:
        raise click.BadParameter(f"one of: {', '.join(where) or 'none'}", param_hint="--tenant")
    ends = None if until is None else end_of_day(until)
    ports = app_state().ports
    if ports.store.member(chosen, key) is None:
        _meet(chosen, tenancy.listed(someone))
    admin = admins.operator(operator())
    flow.exempt(ports, admin, chosen, key, until=ends, reason=reason)
    told = f"is excused at {chosen} until {until}" if until else f"is no longer excused at {chosen}"
    click.echo(f"{shown(people.label(someone) or key)} {shown(told)}.")


@commands.command("remind")
@click.option("--tenant", help="One tenant only.")
@honest
def remind(tenant: str | None) -> None:
    """Write to whoever is not ready 14, 7 and 1 days before their date, once each. Run it daily."""
    for one in _tenants(tenant):
        number = reminding.remind(app_state().ports, one, actor=operator())
        click.echo(f"{shown(one)}: {number} reminded")


@commands.command("sync-members")
@click.argument("tenants", nargs=-1)
@honest
def sync_members(tenants: Sequence[str]) -> None:
    """Note everybody whom `members_loader` lists for TENANTS, or for every tenant known so far."""
    if app_state().callbacks.members_loader is None:
        raise click.ClickException("set @twofactor.members_loader first; it lists the people.")
    for tenant in tenants or app_state().ports.store.tenants():
        noted: list[int] = []
        made: Any = click.progressbar(syncing.pages(tenant), label=shown(tenant), file=sys.stderr)
        with made as pages:
            left = members.sync(app_state().ports, tenant, pages, noted.append, actor=operator())
        click.echo(f"{shown(tenant)}: {sum(noted)} people, {left} left")


@repeated
def _meet(tenant: str, shown: Sequence[Seen]) -> None:
    with app_state().ports.store.transaction() as transaction:
        for seen in shown:
            if seen.tenant == tenant:
                transaction.see(seen, app_state().ports.clock())


def _tenants(tenant: str | None) -> Sequence[str]:
    return app_state().ports.store.tenants() if tenant is None else [tenant]


def _row(tenant: str) -> dict[str, Any]:
    ports = app_state().ports
    counted = flow.report(ports, admins.operator(operator()), tenant)
    rule = ports.store.rule(tenant)
    return {
        "tenant": tenant,
        "people": counted.people,
        "ready": counted.ready,
        "not_ready": counted.not_ready,
        "admins_not_ready": counted.admins,
        **rule_facts(rule),
    }


def _csv(rows: Sequence[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    names = ["tenant", "people", "ready", "not_ready", "admins_not_ready", "mode", "starts_on"]
    writer.writerow(names)
    for row in rows:
        cells = ("" if row[name] is None else row[name] for name in names)
        writer.writerow(map(safe_cell, cells))
    return text.getvalue()


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
