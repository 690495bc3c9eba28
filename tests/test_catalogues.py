"""The catalogues are complete, say the same as the English, and use one word per thing."""

from __future__ import annotations

import gettext
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.dates import format_skeleton
from babel.messages.mofile import write_mo
from babel.numbers import format_decimal
from flask import Flask

from flask_twofactor.methods.sms import SMS
from flask_twofactor.senders.vonage import GSM
from flask_twofactor.web import i18n, languages
from tests.support.catalogues import (
    FOLDER,
    LANGUAGES,
    PLACE,
    ROOT,
    Text,
    catalogue,
    extracted,
    forms,
    messages,
    pairs,
    place,
)

GUIDE = ROOT / "docs/how-to/languages.md"
FAMILIAR = {
    "de": r"\b(du|dein\w*|dir|dich|euch|euer)\b",
    "es": r"\b(tú|tu|tus|te|ti|contigo|vuestr\w+)\b",
    "fr": r"\b(tu|ton|ta|tes|toi)\b",
    "ur": r"\b(تم|تو نے|تیرا|تمہار\w+)\b",
}
FULL_STOP = "\u06d4"  # of Urdu
ENDS = {".": f".{FULL_STOP}", "?": "?؟", ":": ":"}
NAMES = re.compile("(Google|Microsoft) Authenticator")
ISOLATED = re.compile("\u2066[^\u2066\u2069]*\u2069")


def words_of_the_guide(language: str) -> dict[str, list[str]]:
    """Give the table of words: what is English, and the forms it has in a language."""
    lines = GUIDE.read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    heads = next(row for row in rows if row[0] == "English")
    column = heads.index(language)
    return {
        row[0]: row[column].split(", ")
        for row in rows
        if len(row) == len(heads) and row is not heads and not row[0].startswith("-")
    }


def test_the_folder_has_the_languages() -> None:
    """What is tested here is what the package speaks."""
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(LANGUAGES)
    assert languages.speaks() == ("en", *LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_is_complete(language: str) -> None:
    """It has each text of the package and no other, translated by somebody: no guess of a tool."""
    known = {one.id for one in messages(language)}

    assert known == extracted(), "run `make messages`, then translate what is new"
    assert [one.id for one in messages(language) if one.fuzzy] == []
    assert [one.id for one in messages(language) if not all(forms(one.string))] == []
    assert not catalogue(language).obsolete


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_plural_form_is_there(language: str) -> None:
    """A text that counts has as many forms as its language."""
    plural = [one for one in messages(language) if one.pluralizable]

    assert len(plural) > 15
    assert {len(forms(one.string)) for one in plural} == {catalogue(language).num_plurals}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_places_are_filled_in(language: str) -> None:
    """What is filled in is what the English has, once each; nothing else has a percent sign."""

    def places(text: str) -> list[str]:
        assert "%" not in PLACE.sub("", text)
        return sorted(PLACE.findall(text))

    for one in messages(language):
        allowed = [places(text) for text in forms(one.id)]
        told = [places(text) for text in forms(one.string)]
        assert all(found in allowed for found in told), one.id
        assert told[-1] == allowed[-1], one.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_is_written(language: str) -> None:
    """The file that is read at run time comes from the one that translators edit."""
    made = io.BytesIO()
    write_mo(made, catalogue(language))

    assert place(language, "mo").read_bytes() == made.getvalue(), "run `make messages`"
    with place(language, "mo").open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Backup code") != "Backup code"


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_word_per_thing(language: str) -> None:
    """Where the English has a word of the guide's table, the translation has the table's."""
    table = words_of_the_guide(language)
    assert len(table) > 15
    missing = []
    for english, translated in pairs(language):
        if english == SMS.text:  # this one has to be short before all
            continue
        missing += [
            (word, translated)
            for word in words_in(english, table)
            if not any(form.lower() in translated.lower() for form in table[word])
        ]

    assert missing == []


def words_in(text: str, table: Iterable[str]) -> Iterator[str]:
    """Give the words of a table that a text has; of "backup code", not also "code"."""
    left = NAMES.sub("", PLACE.sub("", text))
    for word in sorted(table, key=len, reverse=True):
        left, found = re.subn(rf"\b{word}s?\b", "", left, flags=re.IGNORECASE)
        if found:
            yield word


@pytest.mark.parametrize("language", LANGUAGES)
def test_people_are_spoken_to_politely(language: str) -> None:
    """Like a bank: nobody is addressed as a friend, and no text shouts."""
    for _, translated in pairs(language):
        assert re.search(FAMILIAR[language], translated, re.IGNORECASE) is None, translated
        assert "!" not in translated


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_end_as_the_english_does(language: str) -> None:
    """A sentence ends as one, a label does not; no space is lost or doubled."""
    for english, translated in pairs(language):
        assert translated == translated.strip()
        assert "  " not in translated
        ends = ENDS.get(english[-1])
        if ends is None:
            assert translated[-1] not in "".join(ENDS.values()) or english in i18n.MONTHS, (
                translated
            )
        else:
            assert translated[-1] in ends, translated


def test_french_punctuation_is_not_torn_off() -> None:
    """What French sets off by a space stays on the line of its word."""
    assert [text for _, text in pairs("fr") if re.search(r" [:;?!»]|« ", text)] == []


def test_numbers_in_urdu_keep_their_order() -> None:
    """Groups of digits are isolated: else they are shown from the last to the first."""
    for english, translated in pairs("ur"):
        if re.search(r"\d[ -]\d", english):
            assert ISOLATED.search(translated), translated
            assert not re.search(r"\d[ -]\d", ISOLATED.sub("", translated))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("month", range(1, 13))
def test_dates_are_as_in_the_language(language: str, month: int) -> None:
    """Without Babel a date is what Babel, by the Unicode tables, would have written."""
    with Flask(__name__).app_context(), i18n.in_language(language):
        shown = i18n.date(datetime(2027, month, 5, tzinfo=UTC).timestamp()).striptags()

    assert shown == format_skeleton("yMMMd", date(2027, month, 5), locale=language)


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
@pytest.mark.parametrize("number", [0, 7, 1234, 9999, 12345, 1234567])
def test_numbers_are_as_in_the_language(language: str, number: int) -> None:
    """From five digits on they are grouped as Babel would; shorter ones are never."""
    with i18n.in_language(language):
        shown = i18n.number(number)
        told = i18n.gettext("Enter a whole number from %(low)s to %(high)s.", low=number, high=1)

    grouped = number >= i18n.UNGROUPED
    assert shown == (format_decimal(number, locale=language) if grouped else str(number))
    assert shown in told


@pytest.mark.parametrize("language", ["en", "de", "es", "fr"])
def test_a_text_message_fits_the_cheap_alphabet(language: str) -> None:
    """The message with the code has no letter that would make it two (GSM 03.38)."""
    with i18n.in_language(language):
        written = i18n.gettext(SMS.text, code="123456", name="Meridian", minutes=10)

    assert [unicodedata.name(letter) for letter in written if letter not in GSM] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", [0, 1, 2, 5])
def test_counting(language: str, number: int) -> None:
    """Each language picks its form by its own rule."""
    text: Text = ("%(number)s code left.", "%(number)s codes left.")
    one, many = catalogue(language)[text].string
    single = number < 2 if language == "fr" else number == 1
    with i18n.in_language(language):
        shown = i18n.ngettext(*text, number)

    assert shown == (one if single else many) % {"number": number}


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.po")), ids=lambda path: path.parts[-3])
def test_no_line_numbers(path: Path) -> None:
    """A catalogue names files without lines, so that it changes only with the texts."""
    assert re.search(r"^#: .*:\d", path.read_text(encoding="utf-8"), re.MULTILINE) is None
