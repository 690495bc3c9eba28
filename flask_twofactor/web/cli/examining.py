"""`doctor`: looking the whole app over."""

from __future__ import annotations

from dataclasses import asdict

import click

from flask_twofactor.web import doctor
from flask_twofactor.web.state import this_app

from .common import count, honest, json_option, print_json, shown
from .group import commands

FAULTS, ONLY_WARNINGS = 1, 3


@commands.command("doctor")
@json_option
@honest
def examine(*, as_json: bool) -> None:
    """Look the app over: cookies, keys, proxy, Flask-Login, the store. Changes nothing.

    Run it where the app runs, with the app's settings, after each deployment. Each finding has
    a remedy. Exit code 0 if there is none, 1 if there is a fault, 3 if there are only warnings.
    """
    findings = doctor.examine(this_app())
    faults = sum(one.severity == "fault" for one in findings)
    code = FAULTS if faults else ONLY_WARNINGS if findings else 0
    if as_json:
        print_json({"findings": [asdict(one) for one in findings], "exit_code": code})
    else:
        for one in findings:
            click.echo(shown(f"{one.severity} {one.code}: {one.found}"))
            click.echo(shown(f"  {one.remedy}"))
        warnings = count(len(findings) - faults, "warning", "warnings")
        click.echo(f"{count(faults, 'fault', 'faults')}, {warnings}.")
    click.get_current_context().exit(code)
