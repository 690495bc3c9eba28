"""`prune`: deleting what cannot matter any more, and sending what is due."""

from __future__ import annotations

from dataclasses import asdict

import click

from flask_twofactor.flows import notices
from flask_twofactor.web.state import app_state

from .common import honest, json_option, print_json, upkeep
from .group import commands

KINDS = {
    "holds": "ended holds",
    "setups": "ended setups",
    "step_ups": "ended step-ups",
    "proofs": "ended proofs",
    "trusted_devices": "trusted devices that ended a day ago or more",
    "known_browsers": "browsers not seen for 400 days",
    "sent_codes": "sent codes that ended two days ago or more",
    "send_budgets": "limits on texts that nothing was sent under for two days",
}


@commands.command("prune")
@json_option
@honest
def prune(*, as_json: bool) -> None:
    """Delete rows that cannot matter any more. Run it once a day, as a cron job.

    Holds, setups and step-ups go an hour after their end, proofs a day after theirs, known browsers
    after 400 days without a visit, sent codes and what texts cost after two. Accounts,
    authenticators, codes and the audit stay. It works in small batches and is safe beside
    traffic. Notices that are due are sent.
    """
    found = upkeep().prune(app_state().ports.limits, lambda _rows: None)
    sent = asdict(notices.deliver_due(app_state().ports))
    if as_json:
        print_json({"deleted": found, "notices": sent})
        return
    for kind, rows in found.items():
        click.echo(f"{KINDS[kind]} deleted: {rows}")
    for outcome, number in sent.items():
        click.echo(f"notices {outcome}: {number}")
