"""Phone numbers as people type them, and the names of countries; by phonenumbers and Babel.

Both libraries are slow to load, so this module is loaded with the first number.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import phonenumbers
from babel import Locale, UnknownLocaleError
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

from flask_twofactor.core.records import Refusal

LONGEST = 40
TAKES_TEXTS = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
REGIONS = frozenset(phonenumbers.SUPPORTED_REGIONS)


@dataclass(frozen=True, slots=True)
class Country:
    """A choice of the drop-down: ISO code, name in the reader's language, calling code."""

    code: str
    name: str
    calling_code: str


def read(country: str, typed: str, allowed: Sequence[str]) -> str | Refusal:
    """Give a typed number in E.164, or say why no text is sent to it.

    A number that starts with a plus may be of another country than the chosen one, but only of
    an allowed one. Premium numbers, extensions and landlines are refused.
    """
    if not typed:
        return Refusal("phone_missing")
    if country not in allowed:
        return Refusal("country_refused")
    try:
        number = phonenumbers.parse(typed, country) if len(typed) <= LONGEST else None
    except NumberParseException:
        number = None
    if number is None:
        return Refusal("phone_invalid")
    refused = _refused(number, allowed)
    return refused or phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _refused(number: PhoneNumber, allowed: Sequence[str]) -> Refusal | None:
    if number.extension:
        return Refusal("phone_extension")
    if not phonenumbers.is_valid_number(number):
        return Refusal("phone_invalid")
    if phonenumbers.region_code_for_number(number) not in allowed:
        return Refusal("country_refused")
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.FIXED_LINE:
        return Refusal("phone_landline")
    return None if kind in TAKES_TEXTS else Refusal("phone_not_mobile")


def choices(allowed: Sequence[str], language: str) -> list[Country]:
    """Give the allowed countries, by name, in a language; English where it is unknown."""
    names = _locale(language).territories
    found = [
        Country(code, names.get(code, code), f"+{phonenumbers.country_code_for_region(code)}")
        for code in allowed
    ]
    return sorted(found, key=lambda country: _plain(country.name))


def split(proposed: str, allowed: Sequence[str]) -> tuple[str, str]:
    """Give country and national number of a proposed number, for the fields of the form."""
    try:
        number = phonenumbers.parse(proposed, allowed[0])
    except NumberParseException:
        return "", ""
    country = phonenumbers.region_code_for_number(number)
    if country is None or country not in allowed:
        return "", ""
    return country, phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)


def _locale(language: str) -> Locale:
    for tag in (language.replace("-", "_"), language.replace("-", "_").partition("_")[0]):
        try:
            return Locale.parse(tag)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold() or name
