"""How an admin helps somebody: reset, setup code, unlock, excuse."""

from __future__ import annotations

import re

import pytest

from flask_twofactor.core.rules import DAY

from .support.offices import offices, page
from .support.portal import CHALLENGE, PAGES, SETUP, form, read, scanned_code, send

SETUP_INDEX = f"{PAGES}/setup"


def test_a_reset_removes_everything_and_says_so() -> None:
    """Sessions end, the password logs in, the person is asked to set up again."""
    with offices() as host:
        host.guard.protect(host.ann)
        theirs = host.enter(host.ann)
        admin = host.admin()
        answer = host.help(admin, host.ann, "reset", reason="lost phone")

        assert "Everything was reset" in admin.get(answer.location).text
        assert not host.lets_in(theirs, host.ann)
        assert host.log_in(host.client(), host.ann).location == "/account"
        done = host.named("admin_reset")
        assert [(one.user_key, one.actor, one.reason) for one in done] == [
            (host.key(host.ann), host.key(host.vic), "lost phone")
        ]


def test_after_a_reset_where_it_is_required_setup_follows() -> None:
    """The password alone gets nobody in where a rule requires more."""
    with offices() as host:
        host.guard.protect(host.ann)
        host.meet(host.ann)
        host.rule()
        host.help(host.admin(), host.ann, "reset", reason="lost phone")

        assert host.log_in(host.client(), host.ann).location == SETUP_INDEX


def test_a_setup_code_keeps_a_thief_of_the_password_out() -> None:
    """Without the code that was given by another way nothing is set up; with it all is well."""
    with offices() as host:
        host.meet(host.ann)
        shown = host.help(host.admin(), host.ann, "reset", reason="lost", setup_code="1")
        code = re.search(r'<code id="tf-key">([^<]+)<', shown.text)
        assert code
        assert shown.headers["Cache-Control"] == "no-store"
        client = host.plain(host.ann)
        assert 'name="setup_code"' in client.get(SETUP).text
        for wrong in ("", "0" * 25):
            answer = send(client, SETUP, code=scanned_code(host, client), setup_code=wrong)
            assert answer.get_json()["error"] == "wrong_setup_code"
        done = send(client, SETUP, code=scanned_code(host, client), setup_code=code[1].lower())

        assert done.get_json()["ok"]
        assert 'name="setup_code"' not in client.get(SETUP).text


def test_a_setup_code_is_one_persons_and_good_once() -> None:
    """Not another's, and of two browsers that have it one sets up; a later reset makes a new one."""
    with offices() as host:
        host.meet(host.ann, host.vic)
        admin = host.admin(host.sue)
        codes = {}
        for one in (host.ann, host.vic):
            shown = host.help(admin, one, "reset", reason="lost", setup_code="1").text
            codes[one.id] = re.search(r'<code id="tf-key">([^<]+)<', shown)[1]  # type: ignore[index]
        first, second = host.plain(host.ann), host.plain(host.ann)
        answer = send(first, SETUP, code=scanned_code(host, first), setup_code=codes["2"])
        assert answer.get_json()["error"] == "wrong_setup_code"
        one, two = scanned_code(host, first), scanned_code(host, second)
        assert send(first, SETUP, code=one, setup_code=codes["1"]).get_json()["ok"]

        assert not send(second, SETUP, code=two, setup_code=codes["1"]).get_json().get("ok")
        assert not host.lets_in(second, host.ann)
        host.help(admin, host.ann, "reset", reason="again", setup_code="1")
        third = host.plain(host.ann)
        answer = send(third, SETUP, code=scanned_code(host, third), setup_code=codes["1"])
        assert answer.get_json()["error"] == "wrong_setup_code"


def test_a_setup_code_ends_after_three_days() -> None:
    """A code found later opens nothing."""
    with offices() as host:
        host.meet(host.ann)
        shown = host.help(host.admin(), host.ann, "reset", reason="lost", setup_code="1")
        code = re.search(r'<code id="tf-key">([^<]+)<', shown.text)
        assert code
        host.clock.move(3 * DAY)
        client = host.plain(host.ann)
        answer = send(client, SETUP, code=scanned_code(host, client), setup_code=code[1])

        assert answer.get_json()["error"] == "wrong_setup_code"


def test_an_unlock_gives_the_tries_back() -> None:
    """Who was shut out can try again at once."""
    with offices() as host:
        host.guard.protect(host.ann)
        host.meet(host.ann)
        admin, locked = host.admin(), host.held(host.ann)
        for _ in range(6):
            form(locked, CHALLENGE, method="totp", code="000000")
        assert form(locked, CHALLENGE, method="totp", code="000000").status_code == 429
        assert read(admin, page())["members"][0]["locked_until"]
        assert host.help(admin, host.ann, "unlock").status_code == 303

        assert form(locked, CHALLENGE, method="totp", code="000000").status_code == 400
        assert host.named("unlocked")[0].actor == host.key(host.vic)


@pytest.mark.parametrize(
    ("what", "fields", "words"),
    [
        ("reset", {}, "Say why"),
        ("reset", {"reason": " \x00 "}, "Say why"),
        ("exempt", {"until": "2027-02-01"}, "Say why"),
        ("exempt", {"until": "2026-01-01", "reason": "x"}, "within the next year"),
        ("exempt", {"until": "2029-01-01", "reason": "x"}, "within the next year"),
        ("exempt", {"until": "9999-12-31", "reason": "x"}, "within the next year"),
        ("exempt", {"until": "soon", "reason": "x"}, "within the next year"),
    ],
)
def test_help_says_what_is_missing(what: str, fields: dict[str, str], words: str) -> None:
    """A missing reason or a wrong date is said in the row, nothing is done, what was typed stays."""
    with offices() as host:
        host.meet(host.ann)
        answer = host.help(host.admin(), host.ann, what, **fields)

        assert answer.status_code == 400
        assert words in answer.text
        if kept := fields.get("reason", "").strip(" \0"):
            assert answer.text.count(f'autocomplete="off" value="{kept}"') == 1
        assert host.named("admin_reset") == host.named("exempted") == []


def test_an_excuse_can_be_taken_back() -> None:
    """An empty date ends it, with a reason in the record."""
    with offices() as host:
        host.rule()
        host.meet(host.ann)
        admin = host.admin()
        host.help(admin, host.ann, "exempt", until="2027-02-01", reason="leave")
        host.help(admin, host.ann, "exempt", until="", reason="back early")

        assert host.log_in(host.client(), host.ann).location == SETUP_INDEX
        assert host.named("exemption_ended")[0].reason == "back early"
