"""How the settings of texts are read; ValueError says what a value must be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

SENDER = re.compile(r"\+?[0-9]{3,15}|[A-Za-z0-9 ]{1,11}")
HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?")


def matching(pattern: re.Pattern[str], form: str) -> Callable[[object], str]:
    """Read a text of this form."""

    def read(value: object) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(f"must be {form}")
        return value

    return read


def countries(value: object) -> tuple[str, ...]:
    """Read ISO codes of countries, as a list or as one text."""
    codes = [code.upper() for code in _list(value)]
    if wrong := [code for code in codes if not re.fullmatch(r"[A-Z]{2}", code)]:
        raise ValueError(f'must be ISO codes of two letters, like ["GB", "FR"], not {wrong[0]!r}')
    return tuple(dict.fromkeys(codes))


def prefixes(value: object) -> tuple[str, ...]:
    """Read the starts of numbers."""
    found = _list(value)
    if not all(re.fullmatch(r"\+[0-9]{1,14}", prefix) for prefix in found):
        raise ValueError('must be starts of numbers with their plus, like ["+4470"]')
    return tuple(found)


def sms_faults(values: Mapping[str, Any], known: Sequence[str]) -> list[str]:
    """Name what does not go together among the settings that were read right."""
    key, secret = "vonage_api_key" in values, "vonage_api_secret" in values
    faults = []
    if key != secret:
        faults.append(
            "TWOFACTOR_VONAGE_API_KEY and TWOFACTOR_VONAGE_API_SECRET go together. "
            "Set both, from the Vonage dashboard, or neither."
        )
    if key and secret and "sms_from" not in values:
        faults.append(
            "TWOFACTOR_SMS_FROM is required with Vonage: the number you rent there, "
            "or a name of at most 11 letters and digits."
        )
    if not key and ("vonage_host" in values or "vonage_ca" in values):
        faults.append("TWOFACTOR_VONAGE_API_KEY is missing: the other VONAGE settings need it.")
    return [fault for fault in faults if not any(fault.split()[0] in one for one in known)]


def _list(value: object) -> list[str]:
    items = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(items, Sequence) or not items:
        raise ValueError("must be a list that is not empty")
    return [str(item) for item in items]
