"""What an operator does for tenants, in a shell."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest
from click.testing import Result

from flask_twofactor.core.rules import DAY

from .support.offices import ELM, OAK, Offices, offices
from .support.portal import OVERVIEW, PAGES, read


@pytest.fixture
def host() -> Iterator[Offices]:
    """The offices, whose people were there once."""
    with offices() as made:
        made.meet()
        yield made


def run(host: Offices, *words: str) -> Result:
    """Run a command and expect it to work."""
    done = host.app.test_cli_runner().invoke(args=["twofactor", *words])
    assert done.exit_code == 0, done.output
    return done


def refuse(host: Offices, *words: str) -> str:
    """Run a command, expect it to refuse, and give what it says."""
    done = host.app.test_cli_runner().invoke(args=["twofactor", *words])
    assert done.exit_code in {1, 2}
    assert "Traceback" not in done.output
    return done.output


def test_report_says_how_far_each_tenant_is(host: Offices) -> None:
    """As text, JSON and a table; today's numbers are kept for the chart."""
    host.admin()
    assert (
        f"{OAK}: 1 of 2 ready, 1 not ready (0 admins), rule: optional" in run(host, "report").output
    )
    (found,) = json.loads(run(host, "report", "--tenant", OAK, "--json").output)
    rows = list(csv.reader(io.StringIO(run(host, "report", "--csv").output)))

    assert (found["people"], found["ready"], found["mode"]) == (2, 1, "optional")
    assert [row[0] for row in rows] == ["tenant", ELM, OAK]
    client = host.enter(host.vic)
    assert read(client, f"{PAGES}/tenants/{OAK}")["adoption"] == [
        {"day": "2027-01-15", "people": 2, "ready": 1}
    ]


def test_enforce_saves_a_rule_in_the_operators_name(host: Offices) -> None:
    """It acts at once, says whom it asks, and leaves an event with the operator's name."""
    client = host.plain(host.ann)
    said = run(host, "enforce", OAK, "--mode", "all", "--dry-run").output
    assert "Would save: " in said
    assert host.lets_in(client, host.ann)
    said = run(host, "enforce", OAK, "--mode", "all", "--methods", "totp").output

    assert "2 of 2 people it asks are not ready." in said
    assert not host.lets_in(client, host.ann)
    (event,) = host.named("policy_changed")
    assert (event.actor or "").startswith("operator:")
    assert event.tenant == OAK


@pytest.mark.parametrize(
    "words",
    [
        ("--mode", "roles"),
        ("--mode", "all", "--methods", "pigeon"),
        ("--mode", "all", "--starts-on", "soon"),
        ("--mode", "all", "--backup-codes", "0"),
        ("--mode", "never"),
    ],
)
def test_enforce_refuses_what_makes_no_sense(host: Offices, words: tuple[str, ...]) -> None:
    """Nothing is saved, and one line says what is wrong."""
    refuse(host, "enforce", OAK, *words)

    assert host.named("policy_changed") == []


def test_exempt_excuses_until_a_day(host: Offices) -> None:
    """The named day is the last one; without a day the excuse is taken back."""
    host.rule()
    run(host, "exempt", host.ann.id, "--until", "2027-01-16", "--reason", "on leave")
    client = host.plain(host.ann)
    assert host.lets_in(client, host.ann)
    run(host, "exempt", host.ann.id, "--reason", "is back")

    assert not host.lets_in(client, host.ann)
    assert [one.name for one in host.events if one.reason in {"on leave", "is back"}] == [
        "exempted",
        "exemption_ended",
    ]


def test_exempt_asks_which_tenant(host: Offices) -> None:
    """Who belongs to several needs one named, and it must be theirs."""
    words = ("exempt", host.sue.id, "--until", "2027-02-01", "--reason", "x")

    assert "elm, oak" in refuse(host, *words)
    assert "elm, oak" in refuse(host, *words, "--tenant", "ash")
    assert "excused at elm" in run(host, *words, "--tenant", ELM).output
    assert "there is no user" in refuse(host, "exempt", "99", "--reason", "x")


def test_people_are_reminded_once_each_step(host: Offices) -> None:
    """14, 7 and 1 days before their own date; a missed day sends one; who is ready none."""
    host.admin()
    host.rule(grace_days=20, starts_on="2027-01-15")
    told = []
    for _ in range(22):
        told.append(run(host, "remind", "--tenant", OAK).output.split()[1])
        host.clock.move(DAY)

    assert [day for day, number in enumerate(told) if number != "0"] == [6, 13, 19]
    assert [one.reason for one in host.named("reminder_due")] == ["14", "7", "1"]
    assert {one.user_key for one in host.named("reminder_due")} == {host.key(host.ann)}


def test_who_is_excused_is_reminded_before_that_ends(host: Offices) -> None:
    """An excuse that ends without a word would stop the person at the door that day."""
    host.rule()
    run(host, "exempt", host.ann.id, "--until", "2027-02-10", "--reason", "on leave")
    told = []
    for day in range(30):
        run(host, "remind", "--tenant", OAK)
        told += [(day, one.reason) for one in host.named("reminder_due")[len(told) :]]
        host.clock.move(DAY)

    assert told == [(13, "14"), (20, "7"), (26, "1")]


def test_every_command_leaves_who_ran_it(host: Offices) -> None:
    """`report`, `remind` and `sync-members` are in the audit under the operator's name."""
    host.twofactor.members_loader(lambda _tenant, after, _most: [] if after else [("1", "Ann", ())])
    host.rule(grace_days=7)
    host.clock.move(10)
    for words in (("report",), ("remind", "--tenant", OAK), ("sync-members", OAK)):
        run(host, *words)

    done = {one.name: one for one in host.events}
    for name in ("reported", "reminder_due", "members_synced"):
        assert (done[name].actor or "").startswith("operator:"), name
        assert done[name].tenant == OAK
    assert done["members_synced"].reason == "1 listed, 1 left"
    assert done["reported"].reason == "0 of 2 ready"
    assert OAK in run(host, "audit", "--json").output


def test_a_missed_day_sends_one_reminder(host: Offices) -> None:
    """Who was not reminded at 14 and 7 days hears once, at 1."""
    host.rule(grace_days=20, starts_on="2027-01-15")
    host.clock.move(19.5 * DAY)
    run(host, "remind")
    run(host, "remind")

    reminded = [one for one in host.named("reminder_due") if one.user_key == host.key(host.ann)]
    assert [one.reason for one in reminded] == ["1"]


def test_sync_members_notes_whom_the_host_lists(host: Offices) -> None:
    """Page by page; who is listed no more has left; who is unknown to the app is left out."""
    people = [("1", "Ann", {"clerk"}), ("2", "Vic", {"admin"}), ("99", "Nobody", set())]
    asked = []

    def members(tenant: str, after: object, limit: int) -> list[tuple[str, str, set[str]]]:
        asked.append((tenant, after, limit))
        return [row for row in people if after is None or row[0] > str(after)][:2]

    host.twofactor.members_loader(members)
    assert "oak: 2 people, 0 left" in run(host, "sync-members", OAK).output
    assert [after for _, after, _ in asked] == [None, "2", "99"]
    host.clock.move(10)
    del people[0]
    said = run(host, "sync-members", OAK).output
    found = read(host.admin(), f"{PAGES}/tenants/{OAK}")["members"]

    assert "1 left" in said
    assert [(one["name"], one["roles"], one["admin"]) for one in found] == [
        ("vic@host.test", ["admin"], True)
    ]


def test_sync_members_needs_a_loader(host: Offices) -> None:
    """It says what to set, and a loader that never ends is stopped."""
    assert "members_loader" in refuse(host, "sync-members", OAK)
    host.twofactor.members_loader(lambda *_: [("1", "Ann", ())])
    assert "same last key" in refuse(host, "sync-members", OAK)
    assert read(host.plain(host.ann), OVERVIEW)["required"] is False
