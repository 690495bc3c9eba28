"""What an authenticator is called: as its owner typed it, or by a number if nothing was typed.

A number is stored in a form that no typed name can have, and each reader sees it in their own
language. It is kept, not counted anew: when the first of two goes, the second keeps its name.
"""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 80
_NUMBERED = "\t"


def tidy(name: object) -> str:
    """Give a name as it is kept: printable, one line, at most 80 characters."""
    text = name if isinstance(name, str) else ""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(shown.split())[:LONGEST].strip()


def numbered(number: int) -> str:
    """Give what is stored for an authenticator that nobody named."""
    return f"{_NUMBERED}{number}"


def number_of(name: str) -> int | None:
    """Give the number of an authenticator that nobody named; None if somebody did."""
    return int(name.removeprefix(_NUMBERED)) if name.startswith(_NUMBERED) else None


def typed(name: str) -> str | None:
    """Give a stored name if its owner typed it, else None."""
    return name if number_of(name) is None else None


def choose(given: object, taken: Sequence[str]) -> str:
    """Give the name to store: what was given, else a number that no name of `taken` has."""
    used = [number_of(name) or 0 for name in taken]
    return tidy(given) or numbered(max([len(taken), *used]) + 1)
