"""The texts of the package as Babel extracts them, and the catalogues that translate them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "flask_twofactor"
FOLDER = PACKAGE / "translations"
LANGUAGES = ("de", "es", "fr", "ur")
OURS = {"mark": None, "tf_": None, "tf_n": (1, 2)}
PLACE = re.compile(r"%\(\w+\)s")
Text = str | tuple[str, ...]


@lru_cache(maxsize=1)
def extracted() -> frozenset[Text]:
    """Give every text that `make messages` finds."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rules = [(one["pattern"], one["method"]) for one in project["tool"]["babel"]["mappings"]]
    found = extract_from_dir(str(PACKAGE), rules, keywords={**DEFAULT_KEYWORDS, **OURS})
    return frozenset(text for _, _, text, _, _ in found)


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str) -> Catalog:
    """Read the catalogue of a language as translators write it."""
    with place(language, "po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def place(language: str, ending: str) -> Path:
    """Say where a catalogue is, as text ("po") or compiled ("mo")."""
    return FOLDER / language / "LC_MESSAGES" / f"flask_twofactor.{ending}"


def messages(language: str) -> Iterator[Message]:
    """Give every text of a language with its translation."""
    return (one for one in catalogue(language) if one.id)


def forms(text: Text) -> tuple[str, ...]:
    """Give the forms of a text: one, or one for each plural."""
    return (text,) if isinstance(text, str) else tuple(text)


def pairs(language: str) -> Iterator[tuple[str, str]]:
    """Give what is English and what it became, the last plural form with the last."""
    for one in messages(language):
        yield forms(one.id)[-1], forms(one.string)[-1]
