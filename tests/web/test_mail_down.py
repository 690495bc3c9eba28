"""A mail server in trouble changes no outcome and holds no page up; what is queued is sent later."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from flask_twofactor.core.notices import Message
from flask_twofactor.core.records import Event
from flask_twofactor.flows.notices import Delivered
from flask_twofactor.stores.keys import new_key
from flask_twofactor.web import mailing
from tests.support.smtp import free_port, silent_server, smtp_server

from .support.guard import fail
from .support.mails import (
    be_reset,
    by_smtp,
    deliver_due,
    mailing_portal,
    queued,
    set_up,
    wait_only,
)
from .support.portal import OVERVIEW, Portal, finish_setup, read

LONG = 600
DAY = 86400


def is_on(host: Portal) -> bool:
    """Say whether the setup took place and its session goes on."""
    client = host.plain()
    answer = finish_setup(host, client)
    return answer.status_code == 200 and read(client, OVERVIEW)["protected"] is True


def test_a_notice_goes_by_a_real_server() -> None:
    """From the setup page to an SMTP server: one mail, from the sender that is set."""
    with smtp_server() as inbox, mailing_portal(**by_smtp(inbox.port)) as host:
        set_up(host)
        assert queued(host) == 0

    (mail,) = inbox.mails
    assert mail["To"] == "vic@host.test"
    assert mail["From"] == "Portal <support@host.test>"


def test_a_refused_connection_changes_nothing_and_is_tried_again() -> None:
    """The setup takes place; when the server is back, the notice is sent once."""
    port = free_port()
    with mailing_portal(**by_smtp(port)) as host:
        assert is_on(host)
        assert queued(host) == 1
        assert deliver_due(host) == Delivered()  # not due yet
        host.clock.move(LONG)
        assert deliver_due(host) == Delivered(failed=1)
        with smtp_server(port=port) as inbox:
            assert deliver_due(host) == Delivered()
            host.clock.move(LONG)
            assert deliver_due(host) == Delivered(sent=1)
            host.clock.move(DAY)
            assert deliver_due(host) == Delivered()
        assert queued(host) == 0

    assert len(inbox.mails) == 1


def test_a_server_that_says_later_is_asked_later() -> None:
    """A temporary refusal (451) is a failed try."""
    with smtp_server() as inbox, mailing_portal(**by_smtp(inbox.port)) as host:
        inbox.refuses = True
        assert is_on(host)
        inbox.refuses = False
        host.clock.move(LONG)
        assert deliver_due(host) == Delivered(sent=1)

    assert len(inbox.mails) == 1


@pytest.mark.parametrize("drips", [False, True])
def test_a_server_that_hangs_holds_no_page_up(*, drips: bool) -> None:
    """The page waits for all its mails together as long as it may, then is answered as ever."""
    with silent_server(drips=drips) as port, mailing_portal(**by_smtp(port)) as host:
        wait_only(host, 0.3)
        begun = time.monotonic()
        assert is_on(host)
        assert time.monotonic() - begun < 4
        assert queued(host) == 1


def test_the_wait_is_five_seconds_for_all_together() -> None:
    """Unless a test says less, notices of one request wait for 5 seconds in all."""
    with mailing_portal() as host:
        assert host.app.extensions["twofactor"].ports.limits.mail == 5


def test_a_sender_that_never_returns_holds_no_page_up() -> None:
    """A `mail_sender` without any time limit delays the page by ours only; when late, it counts."""
    with mailing_portal() as host:
        over, done = threading.Event(), threading.Event()

        def slow(_message: Message) -> None:
            over.wait(30)
            done.set()

        host.twofactor.mail_sender(slow)
        wait_only(host, 0.2)
        before = set(threading.enumerate())
        assert is_on(host)
        assert queued(host) == 1
        over.set()
        for thread in set(threading.enumerate()) - before:
            thread.join(30)
        assert done.is_set()
        assert queued(host) == 0


def test_what_there_is_no_time_for_stays_queued() -> None:
    """With no time left, nothing is begun."""
    sent: list[Message] = []
    with mailing_portal() as host:
        host.twofactor.mail_sender(sent.append)
        wait_only(host, -1)
        set_up(host)

        assert (sent, queued(host)) == ([], 1)


@pytest.mark.parametrize("error", [OSError("no route"), ValueError("odd"), KeyError("x")])
def test_a_sender_that_raises_changes_nothing(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a sender raises, the page is answered and the notice waits."""
    with mailing_portal() as host:

        def broken(_message: Message) -> None:
            raise error

        host.twofactor.mail_sender(broken)
        assert is_on(host)
        assert queued(host) == 1
    assert "could not be sent; it is tried again" in caplog.text


def test_words_that_fail_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A template of the host that raises costs the mail, not the page."""
    with mailing_portal() as host:
        host.twofactor.mail_sender(lambda _message: None)
        monkeypatch.setattr(mailing, "_render", fail("a template"))
        assert is_on(host)
        assert queued(host) == 1


def test_a_notice_is_given_up_after_three_days(caplog: pytest.LogCaptureFixture) -> None:
    """Three days after it happened it is no longer sent; the log and an event say so."""
    with mailing_portal() as host:
        host.twofactor.mail_sender(fail("no server"))
        set_up(host)
        for _ in range(71):
            host.clock.move(3600)
            assert deliver_due(host) == Delivered(failed=1)
        host.clock.move(3600)
        assert deliver_due(host) == Delivered(dropped=1)
        assert deliver_due(host) == Delivered()
        (dropped,) = [one for one in host.events if one.name == "notice_dropped"]

    assert (dropped.user_key, dropped.reason) == ("@Person:2", "set_up")
    assert "is given up" in caplog.text


def test_a_process_that_dies_after_the_commit_leaves_the_notice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was committed and not sent comes due by itself, and is sent once."""
    sent: list[Message] = []
    with mailing_portal() as host:
        host.twofactor.mail_sender(sent.append)
        monkeypatch.setattr(mailing, "deliver", lambda _queued: None)  # it died here
        be_reset(host)
        assert (sent, queued(host)) == ([], 1)
        host.clock.move(LONG)
        assert [deliver_due(host), deliver_due(host)] == [Delivered(sent=1), Delivered()]

    assert [one.kind for one in sent] == ["reset"]


DYING = """
import os, sys
from flask import Flask
from flask_login import LoginManager, UserMixin
from flask_twofactor import TwoFactor
from flask_twofactor.core.notices import Message
from flask_twofactor.flows import notices
from flask_twofactor.web import mailing
from flask_twofactor.web.state import app_state

uri, key, dies = sys.argv[1:]
app = Flask("host")
app.config.update(SECRET_KEY="a", TESTING=True, TWOFACTOR_DATABASE_URI=uri, TWOFACTOR_KEYS=[key])

class Person(UserMixin):
    id, email = "2", "vic@host.test"

LoginManager(app).user_loader(lambda _key: Person())
twofactor = TwoFactor(app)
twofactor.mail_sender(lambda message: print(message.kind))
if dies == "yes":
    mailing.deliver = lambda _queued: os._exit(9)
with app.app_context():
    if dies == "yes":
        twofactor.reset(Person(), actor="support", reason="lost")
    app_state().ports.clock.source = lambda: __import__("time").time() + 600
    print(notices.deliver_due(app_state().ports).sent)
"""


def test_a_killed_process_leaves_what_another_sends(tmp_path: Path) -> None:
    """Killed between the commit and the sending: the next `prune` of a new process sends it."""
    key, uri = new_key(), f"sqlite:///{tmp_path / 'store.sqlite'}"
    killed, second, third = (
        subprocess.run(
            [sys.executable, "-c", DYING, uri, key, dies],
            capture_output=True,
            text=True,
            check=False,
        )
        for dies in ("yes", "no", "no")
    )

    assert killed.returncode == 9, killed.stderr
    assert second.stdout.split() == ["reset", "1"], second.stderr
    assert third.stdout.split() == ["0"], third.stderr


def test_what_is_rolled_back_is_not_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    """A notice lives and dies with the transaction of its event."""
    sent: list[Message] = []
    with mailing_portal() as host:
        host.twofactor.mail_sender(sent.append)
        store = host.app.extensions["twofactor"].ports.store

        def undone() -> None:
            with store.transaction() as transaction:
                transaction.record(Event("disabled", "@Person:2", host.clock.now))
                raise RuntimeError

        with host.app.app_context(), pytest.raises(RuntimeError):
            undone()

        assert (sent, queued(host)) == ([], 0)


def test_forgotten_people_hear_nothing_more() -> None:
    """Their queued notices go with their rows."""
    sent: list[Message] = []
    with mailing_portal() as host:
        host.twofactor.mail_sender(fail("no server"))
        set_up(host)
        with host.app.app_context():
            host.twofactor.forget_user(host.vic)
        host.twofactor.mail_sender(sent.append)
        host.clock.move(LONG)

        assert deliver_due(host) == Delivered()
        assert (sent, queued(host)) == ([], 0)


def test_a_batch_has_an_end() -> None:
    """`deliver_due` tries no more than it is told to, the longest waiting first."""
    sent: list[Any] = []
    with mailing_portal() as host:
        host.twofactor.mail_sender(fail("no server"))
        for _ in range(3):
            be_reset(host)
            host.clock.move(1)
        host.twofactor.mail_sender(sent.append)
        host.clock.move(LONG)

        assert deliver_due(host, limit=2) == Delivered(sent=2)
        assert queued(host) == 1


def test_errors_of_the_server_tell_no_password(caplog: pytest.LogCaptureFixture) -> None:
    """The log of a failed try has neither the password nor the link."""
    caplog.set_level(logging.DEBUG)
    login = {"TWOFACTOR_EMAIL_USERNAME": "portal", "TWOFACTOR_EMAIL_PASSWORD": "hush-hush"}
    with smtp_server() as inbox, mailing_portal(**by_smtp(inbox.port), **login) as host:
        set_up(host)
        assert queued(host) == 1
        assert "hush-hush" not in repr(host.app.extensions["twofactor"])

    assert "could not be sent" in caplog.text
    assert "hush-hush" not in caplog.text
    assert "/not-me/" not in caplog.text
