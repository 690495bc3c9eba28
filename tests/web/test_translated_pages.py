"""Every word on every page comes from the catalogue, in the language the host chose."""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from markupsafe import Markup

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.web import i18n
from flask_twofactor.web.answers import page as answer_page
from flask_twofactor.web.messages import TEXTS

from .support.guard import break_store, fail
from .support.pages import every_page
from .support.portal import (
    A_MORNING,
    CHALLENGE,
    OVERVIEW,
    SETUP,
    authenticators,
    finish_setup,
    portal,
    read,
)

# What is not ours to translate: the app, the person, their phone, and what is secret.
DATA = (
    r"tests\.web\.support\.host|vic@host\.test|Pixel 9"
    r"|(?:[A-Z2-7]{4} )+[A-Z2-7]{4}|(?:[0-9A-Z]{5}-){4}[0-9A-Z]{5}"
)
SPOKEN = {"aria-label", "title", "alt", "placeholder", "data-done"}


class Marked(gettext.NullTranslations):
    """A language in which every text stands in brackets."""

    def gettext(self, message: str) -> str:
        """Put a text in brackets."""
        return f"\u27e6{message}\u27e7"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Put a text that counts in brackets."""
        return f"\u27e6{msgid1 if n == 1 else msgid2}\u27e7"


class Words(HTMLParser):
    """Collects the words of a page that stand outside the brackets."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        """Look at a text."""
        bare, inner = data, 1
        while inner:  # a date stands inside a text
            bare, inner = re.subn("\u27e6[^\u27e6\u27e7]*\u27e7", "", bare)
        bare = re.sub(DATA, "", bare)
        if re.search(r"[^\W\d_]", bare):
            self.found.append(bare.strip())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at what is read aloud or shown of an element."""
        for name, value in attrs if tag != "meta" else []:
            if name in SPOKEN:
                self.handle_data(value or "")


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read every page in the language of brackets."""
    monkeypatch.setattr(i18n, "_catalogue", Marked)


def words_of(html: str) -> list[str]:
    """Give the words that nobody could translate; there must be some that one can."""
    assert "\u27e6" in html
    words = Words()
    words.feed(re.sub("</?time[^>]*>", "", html))  # a date stands inside a text
    return words.found


def pages() -> Iterator[str]:
    """Give every page of ours, also that of a store that is down."""
    with portal(TWOFACTOR_SUPPORT_URL="/help") as host:
        yield from every_page(host)
        client = host.plain()
        break_store(host.app)
        yield client.get(OVERVIEW).text


def test_every_page_is_translated(marked: None) -> None:
    """Outside the catalogue there are only names, codes and keys."""
    seen = list(pages())

    assert len(seen) > 15
    assert [words for page in seen if (words := words_of(page))] == []


def test_nothing_of_ours_is_stored_in_one_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who set up in one language, without typing a name, reads it in another later."""
    with portal() as host:
        host.vic.email = host.vic.name = ""
        host.people = [host.vic]
        client = host.plain()
        for _ in range(2):
            finish_setup(host, client)
        held = host.held()
        monkeypatch.setattr(i18n, "_catalogue", Marked)

        names = [*authenticators(client)]
        assert names == [
            "\u27e6Authenticator app\u27e7",
            "\u27e6\u27e6Authenticator app\u27e7 2\u27e7",
        ]
        assert words_of(client.get(OVERVIEW).text) == []
        assert words_of(held.get(CHALLENGE).text) == []
        assert read(client, SETUP)["uri"].find("%E2%9F%A6account%E2%9F%A7") > 0


def test_every_error_is_translated(marked: None) -> None:
    """Each error, on a page, is from the catalogue."""
    with portal() as host, host.app.test_request_context("/"):
        for code in TEXTS:
            refused = RefusedError(code)
            answer = answer_page("lost_device", {"held": False}, refused=refused, ways=[])
            shown = answer.get_data(as_text=True)
            assert words_of(shown) == []
            assert TEXTS[code].replace("'", "&#39;") in shown


def test_the_host_is_asked_once_per_request() -> None:
    """The language is the host's choice, and asking for it may be costly."""
    asked: list[int] = []
    with portal() as host:
        host.twofactor.locale_selector(lambda: asked.append(1) or "fr")  # type: ignore[func-returns-value]
        client = host.plain()
        asked.clear()

        assert '<html lang="fr" dir="ltr">' in client.get(OVERVIEW).text
        assert asked == [1]
        client.get(OVERVIEW)
        assert asked == [1, 1]


@pytest.mark.parametrize(
    ("language", "shown"),
    [("en", "15 Jan 2027"), ("en-GB", "15 Jan 2027"), ("fr", "15 janv. 2027")],
)
def test_dates_are_for_people_and_machines(language: str, shown: str) -> None:
    """A date is in the language of its page, and beside it stands what machines read."""
    with portal() as host:
        host.clock.now = A_MORNING
        host.twofactor.locale_selector(lambda: language)
        page = host.protected().get(OVERVIEW).text

        assert page.count(f'<time datetime="2027-01-15T08:00Z">{shown}</time>') >= 2


def test_markup_in_a_text_stays_and_words_do_not_become_it() -> None:
    """Only what was made as markup is; a name with brackets is text beside it."""
    with portal() as host, host.app.test_request_context():
        found = i18n.gettext("%(one)s <%(two)s", one=Markup("<i>1</i>"), two="<b>")

        assert found == "<i>1</i> &lt;&lt;b&gt;"
        assert i18n.gettext("%(two)s", two="<b>") == "<b>"


def test_a_selector_that_raises_costs_no_page() -> None:
    """The page comes in the browser's language."""
    with portal() as host:
        host.twofactor.locale_selector(fail("no profile"))

        assert '<html lang="en" dir="ltr">' in host.plain().get(OVERVIEW).text
