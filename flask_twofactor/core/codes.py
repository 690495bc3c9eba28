"""How a typed code is read, and how single-use codes are made."""

from __future__ import annotations

import re
import secrets

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LONGEST_ANSWER = 128
GROUP = 5
GROUPS = 5

_SPACING = re.compile("[\\s\\-\u2010-\u2015\u2212]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SIX_DIGITS = re.compile(r"[0-9]{6}")
_LOOK_ALIKES = str.maketrans("OIL", "011")


def squeeze(answer: object) -> str:
    """Give the typed text without blanks and dashes, or nothing if it is no sane text."""
    if not isinstance(answer, str) or len(answer) > LONGEST_ANSWER or _CONTROL.search(answer):
        return ""
    text = _SPACING.sub("", answer)
    # Upper case turns some foreign letters into ours, so they are refused before.
    return text.upper() if text.isascii() else ""


def read_digits(answer: object) -> str | None:
    """Give the six ASCII digits of a code, blanks and dashes left out, or None."""
    text = squeeze(answer)
    return text if _SIX_DIGITS.fullmatch(text) else None


def read_backup_code(answer: object) -> str | None:
    """Give the 25 Crockford base32 characters of a backup code, or None.

    Case, blanks and dashes are ignored; O, I and L are read as 0 and 1.
    """
    text = squeeze(answer).translate(_LOOK_ALIKES)
    sound = len(text) == GROUP * GROUPS and all(character in CROCKFORD for character in text)
    return text if sound else None


def make_backup_code() -> str:
    """Make one code of 125 random bits (NIST SP 800-63B-4 3.1.2.2 asks for 112 or a slow hash)."""
    return "".join(secrets.choice(CROCKFORD) for _ in range(GROUP * GROUPS))


def group(code: str, size: int = GROUP, between: str = "-") -> str:
    """Set a code in groups for reading aloud and copying."""
    return between.join(code[at : at + size] for at in range(0, len(code), size))
