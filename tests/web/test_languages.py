"""Which language a page, a mail and a text message have."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator

import pytest
from flask import Flask, request
from flask_babel import Babel

from flask_twofactor.core.notices import Notice
from flask_twofactor.methods.sms import SMS
from flask_twofactor.testing import captured_messages
from flask_twofactor.web import i18n, languages
from flask_twofactor.web.banner import banner
from flask_twofactor.web.state import app_state
from tests.support.catalogues import LANGUAGES, extracted, forms
from tests.web.support.guard import fail
from tests.web.support.mails import mailing_portal, set_up

from .support.pages import every_page
from .support.portal import OVERVIEW, PAGES, Portal, portal

FRENCH = {"Accept-Language": "fr-CA,fr;q=0.8,en;q=0.5"}


@pytest.fixture
def host() -> Iterator[Portal]:
    """Give a host whose visitors are not asked anything yet."""
    with portal() as made:
        yield made


def shown_in(host: Portal, **headers: str) -> str:
    """Give the language of a page, for a browser with these headers."""
    page = host.plain().get(OVERVIEW, headers=headers).text
    (tag,) = {part.partition('"')[0] for part in page.split('<html lang="')[1:]}
    assert f'<div class="tf-page" lang="{tag}" dir="' in page
    return tag


def test_the_browser_is_asked_where_the_host_says_nothing(host: Portal) -> None:
    """The best language of ours that the browser wants; English if there is none."""
    assert shown_in(host, **FRENCH) == "fr"
    assert shown_in(host, **{"Accept-Language": "de-AT;q=0.9, pt"}) == "de"
    assert shown_in(host, **{"Accept-Language": "pt, it;q=0.5"}) == "en"
    assert shown_in(host) == "en"


def test_the_selector_decides(host: Portal) -> None:
    """What the host says stands before the browser, with its region; None leaves it to others."""
    said: list[str | None] = ["de_AT", "ur", None, ""]
    host.twofactor.locale_selector(lambda: said[0])

    assert shown_in(host, **FRENCH) == "de-AT"
    del said[0]
    assert shown_in(host, **FRENCH) == "ur"
    del said[0]
    assert shown_in(host, **FRENCH) == "fr"
    del said[0]
    assert shown_in(host, **FRENCH) == "fr"


@pytest.mark.parametrize(
    "tag", ["pt", "pt-BR", "xx", "../de", "de/../fr", 'de" onload="', "d" * 5000, "\u0664", "en\n"]
)
def test_what_we_do_not_speak_is_english(host: Portal, tag: str) -> None:
    """A page never says that it is in a language it is not in; nothing else is read as one."""
    host.twofactor.locale_selector(lambda: tag)

    assert shown_in(host, **FRENCH) == "en"


def test_flask_babel_is_asked_where_it_is_set_up(host: Portal) -> None:
    """The host's Babel decides as its own pages are decided; our selector stands before it."""
    Babel(host.app, locale_selector=lambda: request.args.get("l", "es"))

    assert shown_in(host, **FRENCH) == "es"
    page = host.plain().get(f"{OVERVIEW}?l=zh_Hans_CN").text
    assert '<html lang="en" dir="ltr">' in page
    host.twofactor.locale_selector(lambda: "ur")
    assert shown_in(host, **FRENCH) == "ur"


def test_flask_babel_that_fails_costs_no_page(
    host: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    """The browser is asked instead, and the log says why."""
    Babel(host.app, locale_selector=fail("no profile"))

    with caplog.at_level(logging.ERROR):
        assert shown_in(host, **FRENCH) == "fr"
    assert "Flask-Babel failed" in caplog.text


def test_flask_babel_is_not_asked_where_it_is_only_installed(
    host: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host without it never loads it, nor Babel: pages need nothing but Python."""
    for name in ("babel", "flask_babel"):
        monkeypatch.setitem(sys.modules, name, None)

    assert shown_in(host, **FRENCH) == "fr"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_a_page_is_known_to_the_catalogues(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No page asks for a text that was not marked, and none comes back in English."""
    known = {form for text in extracted() for form in forms(text)}
    asked: set[str] = set()
    translate = languages_catalogue(language)
    monkeypatch.setattr(i18n, "_catalogue", lambda: Noting(translate, asked))
    with portal(TWOFACTOR_SUPPORT_URL="/help") as host:
        host.twofactor.locale_selector(lambda: language)
        assert len([*every_page(host)]) > 15

    assert len(asked) > 100
    assert asked <= known


class Noting:
    """A catalogue that notes what it is asked for."""

    def __init__(self, real: i18n.catalogues.NullTranslations, asked: set[str]) -> None:
        self.real, self.asked = real, asked

    def gettext(self, text: str) -> str:
        """Translate a text."""
        self.asked.add(text)
        return self.real.gettext(text)

    def ngettext(self, one: str, many: str, number: int) -> str:
        """Translate a text that counts."""
        self.asked |= {one, many}
        return self.real.ngettext(one, many, number)


def languages_catalogue(language: str) -> i18n.catalogues.NullTranslations:
    """Give the catalogue that is read for a language; it must be there."""
    found = i18n._read(language)
    assert found.gettext("Backup code") != "Backup code"
    return found


def test_a_page_from_right_to_left(host: Portal) -> None:
    """Urdu runs to the left, our part of a host's page too; nothing else does."""
    host.twofactor.locale_selector(lambda: "ur-PK")
    page = host.plain().get(f"{PAGES}/setup").text

    assert '<html lang="ur-PK" dir="rtl">' in page
    assert '<div class="tf-page" lang="ur-PK" dir="rtl">' in page
    assert "دو مرحلہ توثیق" in page


def test_names_in_urdu_turn_nothing_round() -> None:
    """A name that is filled in is isolated; a number, markup and other languages are left alone."""
    with Flask(__name__).app_context(), i18n.in_language("ur"):
        assert "\u2068vic@host.test\u2069" in i18n.gettext(
            "Signing in as %(name)s.", name="vic@host.test"
        )
        assert "123456 " in i18n.gettext(SMS.text, code="123456", name="Meridian", minutes=10)
        assert "\u2068" not in i18n.gettext("Made on %(date)s", date=i18n.date(0))
    with i18n.in_language("de"):
        assert "\u2068" not in i18n.gettext("Signing in as %(name)s.", name="vic")


# -- mails and texts -------------------------------------------------------------------------


def test_a_mail_is_in_the_language_of_its_reader() -> None:
    """What the host knows of a person stands before the visit in which it happened."""
    with mailing_portal() as host, captured_messages(host.app) as sent:
        host.twofactor.locale_selector(lambda: "ur")
        host.twofactor.language_loader(lambda user: "de" if user is host.vic else "fr")
        set_up(host)

    assert sent[0].language == "de"
    assert "Die Zwei-Faktor-Authentifizierung ist eingeschaltet" in sent[0].subject
    assert '<html lang="de" dir="ltr">' in sent[0].html
    assert "Waren Sie das?" in sent[0].text


@pytest.mark.parametrize("loader", [lambda _user: None, fail("no profile")])
def test_a_mail_whose_reader_is_not_known(loader: object) -> None:
    """It comes in the language of the visit, and is not lost."""
    with mailing_portal() as host, captured_messages(host.app) as sent:
        host.twofactor.locale_selector(lambda: "ur")
        host.twofactor.language_loader(loader)
        set_up(host)

    assert sent[0].language == "ur"
    assert '<html lang="ur" dir="rtl">' in sent[0].html


def test_a_mail_that_was_queued_in_a_language_we_lost() -> None:
    """It is written in English, and says so."""
    with mailing_portal() as host, host.app.app_context():
        notice = Notice("a", "@Person:2", "set_up", host.clock.now, "xx", 1, 0)
        mail = app_state().ports.mail
        assert mail is not None
        message = mail.write(notice)

    assert message is not None
    assert message.language == "en"
    assert '<html lang="en" dir="ltr">' in message.html


def test_the_banner_names_its_language(host: Portal) -> None:
    """The line in the host's own page says in which language it is, and which way it runs."""
    with host.app.test_request_context():
        assert banner() == ""
    made = host.app.jinja_env.get_template("twofactor/_banner.html")
    facts = {"asks": "", "by": None, "reset": True, "language": "ur", "direction": "rtl"}
    with host.app.test_request_context():
        shown = made.render(tf=facts, tf_=i18n.gettext)

    assert 'lang="ur" dir="rtl"' in shown


def test_the_folder_of_a_language_is_found_by_its_tag() -> None:
    """A tag with a script and a region leads to the nearest catalogue."""
    assert languages.catalogues_of("zh-Hant-TW") == ("zh_Hant_TW", "zh_Hant", "zh")
