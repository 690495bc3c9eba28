"""No sentence for people stands in the code without being marked for the catalogues."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "flask_twofactor"
MARKS = {"mark", "gettext", "ngettext"}
LOGS = {"debug", "info", "warning", "error", "exception", "critical"}
# Rooms and modules that speak to people; settings, stores, senders and commands speak to operators.
ROOMS = ("web", "methods")
FOR_OPERATORS = {"web/cli", "web/doctor", "web/login_hook"}
SENTENCE = re.compile(r"[^\W\d_]{2,} [a-z]{2,}")
# What an app's log, or the developer who called, is told.
TOLD_TO_DEVELOPERS = (
    "Name TwoFactorLoginMixin before",
    " is wrong (",
    "This secret is not base32",
    "a tenant or role must be",
    "a user key and its kind",
    "no such user",
    "password_fingerprint_loader must give",
    "remote_user must give",
    "this user has no identity yet",
    "two-factor notices are not mailed",
)
MARKUP = ("<svg ", "<time ")


def modules() -> list[Path]:
    """Give the modules that may hold words for people."""
    found = [path for room in ROOMS for path in sorted((PACKAGE / room).rglob("*.py"))]
    return [
        path
        for path in found
        if not path.relative_to(PACKAGE).as_posix().startswith(tuple(FOR_OPERATORS))
    ]


def unmarked(source: str) -> Iterator[str]:
    """Give the sentences of a module that nobody can translate."""
    tree = ast.parse(source)
    quiet = {id(part) for node in ast.walk(tree) if is_quiet(node) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in quiet and is_sentence(node.value):
            yield str(node.value)


def is_quiet(node: ast.AST) -> bool:
    """Say whether the texts in a node are marked, or for the log, a developer or a reader."""
    if isinstance(node, ast.Call):
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        return name in MARKS | LOGS
    return isinstance(node, ast.Raise) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )


def is_sentence(value: object) -> bool:
    """Say whether a constant reads like words for people."""
    return (
        isinstance(value, str)
        and SENTENCE.search(value) is not None
        and not value.startswith((*TOLD_TO_DEVELOPERS, *MARKUP))
    )


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_sentence_is_unmarked(path: Path) -> None:
    """What a page, mail or text message says can be translated."""
    assert [*unmarked(path.read_text(encoding="utf-8"))] == []


def test_an_unmarked_sentence_is_seen() -> None:
    """The scan finds a sentence that is only returned, flashed or put in a table."""
    source = '"""Doc string here."""\nA = {"x": "That did not work."}\nflash("Not now please")\n'
    source += 'log.info("a visit was refused")\nraise TypeError("must be text")\nmark("Good one")'

    assert [*unmarked(source)] == ["That did not work.", "Not now please"]
