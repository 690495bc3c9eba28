"""`status`, `reset`, `unlock`: what an operator sees of a person and does for them."""

from __future__ import annotations

import getpass

import pytest

from flask_twofactor.core.records import Event
from flask_twofactor.testing import frozen_clock
from flask_twofactor.web.signals import two_factor_event
from flask_twofactor.web.state import app_state

from .support.guard import CHALLENGE, break_store, post
from .support.operating import Operated
from .support.troubled import give_codes

NOW = 1_800_000_000.0


def test_status_tells_what_is_set_up() -> None:
    """`status` names the authenticators, the codes left, the sessions, and no secret."""
    host = Operated()
    with frozen_clock(host.app, NOW):
        give_codes(host, host.vic)
        host.signed_in(host.vic)
        shown = host.run("status", "vic@host.test")
        assert (shown.exit_code, shown.stderr) == (0, "")
        assert shown.stdout.startswith("vic@host.test (@Person:2)\n")
        for part in ("authentication: on", "'Test phone'", "codes left: 10", "sessions: 1"):
            assert part in shown.stdout
        for secret in host.guard.secrets(host.vic):
            assert secret not in shown.stdout
        found = host.json("status", "2")
    assert found["authenticators"][0]["unreadable"] is False
    assert (found["user_key"], found["protected"], found["waits_until"]) == (
        "@Person:2",
        True,
        None,
    )


def test_status_of_somebody_without_anything() -> None:
    """A person who has nothing set up is no error."""
    found = Operated().json("status", "1")
    assert (found["protected"], found["authenticators"], found["sessions"]) == (False, [], 0)


def test_unlock_lets_somebody_try_again() -> None:
    """Who used all tries sees when the wait ends; after `unlock` the next code is looked at."""
    host = Operated()
    with frozen_clock(host.app, NOW):
        client = host.held()
        for _ in range(5):
            post(client, CHALLENGE, method="totp", code="000000")
        assert post(client, CHALLENGE, method="totp", code="000000").status_code == 429
        assert host.json("status", "2")["waits_until"] == "2027-01-15 08:00:30Z"
        assert "must wait until" in host.run("status", "2").stdout

        done = host.run("unlock", "vic@host.test")
        assert (done.exit_code, done.stdout) == (0, "vic@host.test may try again now.\n")
        assert host.json("status", "2")["waits_until"] is None
        host.guard.pass_second_factor(client, host.vic)
        assert host.lets_in(client, host.vic)


def test_reset_takes_everything_away() -> None:
    """After `reset` nothing is set up, the sessions are over, and the password alone signs in."""
    host = Operated()
    give_codes(host, host.vic)
    client = host.signed_in(host.vic)
    done = host.run("reset", "2", "--reason", "lost phone", "--yes")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("Removed 1 authenticator of vic@host.test")
    assert not host.lets_in(client, host.vic)
    host.log_in(client, host.vic)
    assert host.lets_in(client, host.vic)
    assert host.json("status", "2")["backup_codes_left"] == 0


def test_reset_names_who_did_it_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """The event and the audit have the operator's login name, sudo's if there is one."""
    host, heard = Operated(), list[Event]()

    def hear(_app: object, event: Event) -> None:
        heard.append(event)

    with two_factor_event.connected_to(hear, sender=host.app):
        host.run("reset", "2", "--reason", " lost phone ", "--yes")
        monkeypatch.setenv("SUDO_USER", "olga")
        found = host.json("reset", "2", "--reason", "again", "--yes")
    me = f"operator:{getpass.getuser()}"
    assert found == {"user_key": "@Person:2", "removed": 0, "backup_codes": 0}
    assert [(one.name, one.actor, one.reason) for one in heard] == [
        ("admin_reset", me, "lost phone"),
        ("admin_reset", "operator:olga", "again"),
    ]
    assert "by  operator:olga  reason='again'" in host.run("audit", "2").stdout


def test_reset_asks_first() -> None:
    """Without --yes it asks and names the person; anything but yes changes nothing, exit code 1."""
    host = Operated()
    refused = host.run("reset", "2", "--reason", "lost", input="n\n")
    assert refused.exit_code == 1
    assert "Remove 1 authenticator of vic@host.test (@Person:2)?" in refused.stderr
    assert host.run("reset", "2", "--reason", "lost").exit_code == 1
    assert host.json("status", "2")["protected"]
    assert host.run("reset", "2", "--reason", "lost", input="y\n").exit_code == 0
    assert not host.json("status", "2")["protected"]


@pytest.mark.parametrize("words", [[], ["--reason", ""], ["--reason", "  "]])
def test_reset_wants_a_reason(words: list[str]) -> None:
    """Without a reason the command was not understood: exit code 2, and nothing changes."""
    host = Operated()
    done = host.run("reset", "2", "--yes", *words)
    assert done.exit_code == 2
    assert "--reason" in done.stderr
    assert host.json("status", "2")["protected"]


COMMANDS = (["status"], ["unlock"], ["reset", "--reason", "x", "--yes"], ["audit"])


@pytest.mark.parametrize("words", COMMANDS)
def test_an_unknown_person(words: list[str]) -> None:
    """Somebody nobody knows is named in one line that says how people are found; exit code 1."""
    done = Operated().run(*words, "no\x1bbody")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == (
        r"Error: there is no user 'no\x1bbody'. Type what twofactor.find_user takes: "
        "a user's key or name.\n"
    )


def numbers_only(typed: str) -> None:
    """Load users by number, as many apps do."""
    int(typed)


def fails(_typed: str) -> None:
    """Fail as a database does."""
    raise RuntimeError("s3cret")


def test_a_loader_that_takes_only_numbers() -> None:
    """A name that the user loader cannot read is an unknown person, and the way out is named."""
    host = Operated()
    app_state(host.app).callbacks.find_user = None
    host.manager.user_loader(numbers_only)
    done = host.run("status", "vic@host.test")
    assert done.exit_code == 1
    assert "@twofactor.find_user" in done.stderr


def test_a_look_up_that_fails() -> None:
    """An app that cannot look people up is told apart from an unknown person."""
    host = Operated()
    app_state(host.app).callbacks.find_user = fails
    done = host.run("status", "2")
    assert done.exit_code == 1
    assert done.stderr == "Error: the app could not look up '2' (RuntimeError).\n"


@pytest.mark.parametrize("words", COMMANDS[:3])
def test_a_store_that_is_down(words: list[str]) -> None:
    """A store that does not answer is one line and exit code 1, no traceback."""
    host = Operated()
    break_store(host.app)
    done = host.run(*words, "2")
    assert (done.exit_code, done.stderr) == (1, "Error: the database went away\n")


def test_labels_cannot_move_the_terminal() -> None:
    """A name with control characters is shown with them escaped."""
    host = Operated()
    host.vic.email = "vic\x1b[2J\u202e@host.test"
    for words in (["status", "2"], ["unlock", "2"], ["reset", "2", "--reason", "x", "--yes"]):
        done = host.run(*words)
        assert r"vic\x1b[2J\u202e@host.test" in done.stdout
        assert "\x1b" not in done.stdout
