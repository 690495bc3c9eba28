"""People hear of what happens to their second factor: whom, when, in which words."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jinja2 import DictLoader

from flask_twofactor.core.notices import RULES, Message, Notice
from flask_twofactor.testing import captured_messages
from flask_twofactor.web import i18n
from flask_twofactor.web.notice_words import WORDS
from flask_twofactor.web.state import app_state

from .support.guard import fail
from .support.mails import (
    BASE,
    CAUSES,
    be_reset,
    be_wrong,
    mailing_portal,
    queued,
    set_up,
    turn_off,
    use_backup_code,
)
from .support.portal import CHALLENGE, SETUP, finish_setup, form, portal
from .test_translated_pages import Marked, words_of

PATIENT = {"TWOFACTOR_THROTTLE_PER_DAY": 5, "TWOFACTOR_THROTTLE_MAX_WAIT_SECONDS": 30}
NAMES = r"Pixel 10|Test phone|Old phone"
SECRET_LIKE = re.compile(r"\b\d{6}\b|\b\d{3} \d{3}\b|(?:[0-9A-Z]{5}-){4}|[A-Z2-7]{32}")


def messages_of(kind: str, **config: Any) -> list[Message]:
    """Do what gives a notice of this kind and give all mails."""
    cause, needed = CAUSES[kind]
    with mailing_portal(**needed, **config) as host, captured_messages(host.app) as sent:
        cause(host)
        assert queued(host) == 0
    return sent


@pytest.mark.parametrize("kind", [kind for kind in CAUSES if kind != "reminder"])
def test_each_kind_is_sent_once_and_says_what_it_should(kind: str) -> None:
    """One mail of the kind to the person, as text and HTML, with what, when, and what to do."""
    (sent,) = [one for one in messages_of(kind) if one.kind == kind]
    title = WORDS[kind].subject

    assert (sent.to, sent.subject) == ("vic@host.test", f"tests.web.support.host: {title}")
    for body in (sent.text, sent.html):
        assert title in body
        assert "vic@host.test" in body
        assert re.search(r"\d+ [A-Z][a-z]+ \d{4} at \d\d:\d\d UTC", body)
        doubts = kind not in {
            "codes_retiring",
            "codes_ended",
        }  # nobody but an operator can have caused that
        assert ("Was it not you? Change your password now." in body) is doubts
        assert (f"{BASE}/two-factor/not-me/" in body) is doubts
        assert SECRET_LIKE.search(re.sub(r"https?://\S+", "", body)) is None
        assert "81723" not in body  # what support noted is not for the person
    assert "<form" not in sent.html


def test_a_reminder_says_who_asks_and_when_and_where_to_set_up() -> None:
    """It comes before anything has happened, so it asks nobody whether it was them."""
    (sent,) = messages_of("reminder")

    for body in (sent.text, sent.html):
        assert "days oak will require two-factor authentication for your account." in body
        assert f"{BASE}/two-factor/setup" in body
        assert "not-me" not in body


def test_every_kind_has_words_and_is_caused_here() -> None:
    """Rules, words and these tests name the same kinds."""
    assert {rule.kind for rule in RULES} == set(WORDS) == set(CAUSES)


def test_what_is_told_of_a_request() -> None:
    """The mail names browser, address and authenticator as people know them."""
    with mailing_portal() as host, captured_messages(host.app) as sent:
        client = host.plain()
        agent = "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/130.0"
        client.environ_base |= {"REMOTE_ADDR": "192.0.2.7", "HTTP_USER_AGENT": agent}
        finish_setup(host, client, name="Pixel 9")

    for line in ("Authenticator: Pixel 9", "Browser: Firefox on Windows", "address: 192.0.2.7"):
        assert line in sent[0].text
    assert "codes left" not in sent[0].text


def test_the_number_of_codes_left_is_told() -> None:
    """A used backup code is told with how many are left."""
    (sent,) = [one for one in messages_of("backup_code_used") if one.kind == "backup_code_used"]

    assert "One of your backup codes was used, 9 are left." in sent.text


def test_what_others_typed_cannot_speak_to_the_reader() -> None:
    """A browser's own text and a name like a link are left out; any other name is escaped."""
    with mailing_portal() as host, captured_messages(host.app) as sent:
        client = host.plain()
        client.environ_base["HTTP_USER_AGENT"] = "Call +1 555 0100"
        finish_setup(host, client, name="<i>Pixel<i> 9")
        host.guard.protect(host.vic)
        finish_setup(host, host.enter(), name="Confirm at evil.test")
    first, second = sent

    assert "Authenticator: <i>Pixel<i> 9\n" in first.text
    assert "&lt;i&gt;Pixel&lt;i&gt; 9" in first.html
    assert "555" not in first.text + first.html
    assert "evil" not in second.text + second.html


def test_names_do_not_leave_their_line() -> None:
    """A label or issuer with line breaks adds no line and no header."""
    with mailing_portal(TWOFACTOR_ISSUER="Portal\r\nBcc: all@host.test") as host:
        host.twofactor.account_name(lambda _user: "vic\nBrowser: none")
        with captured_messages(host.app) as sent:
            be_reset(host)

    assert sent[0].subject.startswith("Portal Bcc: all@host.test:")
    assert "Account: vic Browser: none\n" in sent[0].text


def test_import_and_forgetting_send_nothing() -> None:
    """Moving people over writes to nobody, and who is forgotten hears nothing more."""
    with mailing_portal() as host, captured_messages(host.app) as sent:
        host.guard.protect(host.vic)
        with host.app.app_context():
            host.twofactor.forget_user(host.vic)

    assert sent == []


def test_the_daily_limit_is_told_of_once_a_day() -> None:
    """An attacker who paces guesses at the cap for three days gets the owner a mail a day."""
    with (
        mailing_portal(**PATIENT) as host,
        captured_messages(host.app) as sent,
    ):
        host.guard.protect(host.vic)
        for wait in [7200] * 5 + [1800] * 2 * 58:
            host.clock.move(wait)
            form(host.held(), CHALLENGE, method="totp", code="000000")
        told = [one for one in sent if one.kind == "locked"]
        reached = [one for one in host.events if one.reason == "per_day"]

    assert len(reached) > 5
    assert len(told) == 3


def test_wrong_codes_at_setup_are_not_told_of() -> None:
    """Somebody who mistypes at setup is not warned of a thief."""
    with mailing_portal() as host, captured_messages(host.app) as sent:
        client = host.plain()
        for _ in range(5):
            form(client, SETUP, code="000000")

    assert sent == []


# -- whom ------------------------------------------------------------------------------------


def test_email_loader_says_where_to() -> None:
    """The host names the address; None means no mail and nothing left behind."""
    with mailing_portal() as host, captured_messages(host.app) as sent:
        host.twofactor.email_loader(lambda user: f"mail-of-{user.id}@host.test")
        be_reset(host)
        host.twofactor.email_loader(lambda _user: None)
        be_reset(host)
        assert queued(host) == 0

    assert [one.to for one in sent] == ["mail-of-2@host.test"]


@pytest.mark.parametrize("address", ["nobody", "a@b, c@d", "a@b\nBcc: c@d", "", 7])
def test_what_is_no_address_gets_no_mail(address: object) -> None:
    """An address that is none, or two, is not written to."""
    with mailing_portal() as host, captured_messages(host.app) as sent:
        host.vic.email = address  # type: ignore[assignment]
        be_reset(host)

    assert sent == []


def test_nobody_gets_the_mail_of_another() -> None:
    """A finder that gives somebody else for a key is not believed."""
    with mailing_portal() as host, captured_messages(host.app) as sent:
        host.twofactor.find_user(lambda _key: host.ann)
        be_reset(host)

    assert sent == []


def test_a_finder_that_fails_leaves_the_notice_for_later() -> None:
    """The notice waits, and the reset is done."""
    with mailing_portal() as host, captured_messages(host.app) as sent:
        host.twofactor.find_user(fail("the users' database went away"))
        be_reset(host)

        assert (sent, queued(host)) == ([], 1)
        assert [one.name for one in host.events][-1] == "admin_reset"


def test_an_email_that_changes_with_the_login_is_found() -> None:
    """Who is in the request is written to without a finder that knows the key."""
    with mailing_portal() as host, captured_messages(host.app) as sent:
        host.twofactor.user_key(lambda user: f"key-{user.id}")
        set_up(host)

    assert [one.to for one in sent] == ["vic@host.test"]


# -- in which words --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CAUSES)
def test_every_word_is_translated(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside the catalogue there are only names, addresses, times and links."""
    monkeypatch.setattr(i18n, "_catalogue", Marked)
    (sent,) = [one for one in messages_of(kind) if one.kind == kind]

    assert words_of(re.sub(NAMES, "", sent.html)) == []
    assert words_of(re.sub(rf"https?://\S+|{NAMES}", "", sent.text)) == []
    assert "⟦" in sent.subject


def test_the_language_is_that_of_the_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `locale_selector` said when it happened is kept, and used whenever it is sent."""
    asked: list[str] = []
    monkeypatch.setattr(i18n, "_read", lambda wanted: asked.append(wanted) or Marked())  # type: ignore[func-returns-value]
    with mailing_portal() as host, captured_messages(host.app) as sent:
        host.twofactor.locale_selector(lambda: "ur")
        set_up(host)
        assert sent[0].language == "ur"
        assert '<html lang="ur"' in sent[0].html
        asked.clear()
        with host.app.app_context():
            notice = Notice("a", "@Person:2", "set_up", host.clock.now, "fr-CA", 1, 0)
            mail = app_state().ports.mail
            assert mail is not None
            assert mail.write(notice) is not None

    assert set(asked) == {"fr-CA"}


def test_a_host_overrides_one_kind() -> None:
    """`twofactor/mail/<kind>.txt` of the host stands in for that kind; the HTML stays ours."""
    with mailing_portal() as host, captured_messages(host.app) as sent:
        host.app.jinja_loader = DictLoader(
            {"twofactor/mail/reset.txt": "{{ tf.label }}: {{ tf.what }}"}
        )
        be_reset(host)
        set_up(host)

    assert sent[0].text.startswith("vic@host.test: Support removed")
    assert "<h1>" in sent[0].html
    assert "Was it not you?" in sent[1].text


def test_context_processors_of_the_host_are_not_asked() -> None:
    """Mails are written outside requests too, where a context processor may fail."""
    with mailing_portal() as host, captured_messages(host.app) as sent:
        host.app.context_processor(fail("no request"))
        be_reset(host)

    assert len(sent) == 1


def test_without_base_url_there_is_no_link() -> None:
    """A link never comes from what a request says its host is."""
    with portal() as host, captured_messages(host.app) as sent:
        client = host.plain()
        client.environ_base["HTTP_HOST"] = "evil.test"
        turn_off(host)
        set_up(host)

    assert len(sent) == 2
    assert not any("://" in one.text + one.html or "not-me" in one.text for one in sent)


@pytest.mark.parametrize(
    ("support", "told"),
    [
        ("/help", "https://portal.test/help"),
        ("mailto:support@host.test", "mailto:support@host.test"),
        ("https://help.test/", "https://help.test/"),
    ],
)
def test_support_is_named_in_full(support: str, told: str) -> None:
    """A path in SUPPORT_URL becomes a whole address."""
    (sent,) = messages_of("reset", TWOFACTOR_SUPPORT_URL=support)

    assert f"Contact support: {told}" in sent.text


# -- no mail ---------------------------------------------------------------------------------


def test_without_a_way_for_mails_nothing_is_queued(caplog: pytest.LogCaptureFixture) -> None:
    """Events are recorded, no row is left, and the log says so once."""
    with portal() as host:
        set_up(host)
        be_wrong(host)

        assert queued(host) == 0
        assert "enrolled" in [one.name for one in host.events]
    assert caplog.text.count("notices are not mailed") == 1


def test_a_login_sends_nothing() -> None:
    """Signing in as usual is nothing to write of."""
    with mailing_portal() as host, captured_messages(host.app) as sent:
        host.protected()
        host.enter()

    assert sent == []


def test_captured_messages_ends() -> None:
    """After the block the host's own sender is asked again."""
    with mailing_portal() as host:
        mine: list[Message] = []
        host.twofactor.mail_sender(mine.append)
        with captured_messages(host.app) as sent:
            be_reset(host)
        be_reset(host)

    assert (len(sent), len(mine)) == (1, 1)


def test_more_than_one_notice_of_a_request_is_sent() -> None:
    """With a single backup code, its use and the fresh one of the same answer are both told of."""
    with mailing_portal(TWOFACTOR_BACKUP_CODES=1) as host, captured_messages(host.app) as sent:
        use_backup_code(host)

    assert [one.kind for one in sent] == ["codes_renewed", "backup_code_used", "codes_renewed"]
