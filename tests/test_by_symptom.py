"""The page by symptom quotes the product: each of its texts is real, and none is left out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_login import LoginManager

from flask_twofactor import TwoFactor
from flask_twofactor.core.errors import RefusedError
from flask_twofactor.web.doctor import examine
from flask_twofactor.web.messages import TEXTS, message

from .support.pages_of_docs import ROOT, rows, text_of

PAGE = "how-to/by-symptom.md"
PACKAGE = ROOT / "flask_twofactor"
COMPOSED = {
    "throttled": RefusedError("throttled", retry_after=120),
    "clock_off": RefusedError("clock_off", minutes=4, ahead=True),
    "number_wrong": RefusedError("number_wrong", low=0, high=365),
}
ERRORS = {"StoreError", "ConfigurationError", "UnknownPersonError", "SealError"}
LOGGED = {"exception", "warning", "error"}
ENDS = ": …"
GIVEN = "…"


def quoted(heading: str, column: int = 0) -> set[str]:
    """Give what stands between backticks in one column of a section's tables."""
    cells = [row[column] for row in rows(PAGE, heading) if len(row) > column]
    return {text for cell in cells for text in re.findall(r"`([^`]+)`", cell)}


def shaped(node: ast.AST) -> str:
    """Give a text as it is written in the code, with a gap for what differs each time."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.sub("%[srd]", GIVEN, node.value)
    if isinstance(node, ast.JoinedStr):
        parts = (one.value if isinstance(one, ast.Constant) else GIVEN for one in node.values)
        return "".join(str(part) for part in parts)
    return ""


def said(path: Path) -> Iterator[str]:
    """Give the texts that a module raises as errors or writes to the log."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            named.setdefault(node.targets[0].id, []).append(shaped(node.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and _speaks(node.func):
            first = node.args[0]
            by_name = named.get(first.id, []) if isinstance(first, ast.Name) else []
            yield from (text for text in [shaped(first), *by_name] if text)


def _speaks(called: ast.expr) -> bool:
    if isinstance(called, ast.Attribute):
        return called.attr in LOGGED and getattr(called.value, "id", "") == "log"
    return getattr(called, "id", "") in ERRORS


def all_texts() -> str:
    """Give every text of the package, for looking a quotation up in."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py"))
    return "\n".join(shaped(node) for tree in trees for node in ast.walk(tree))


def spoken() -> list[str]:
    """Give every text that an operator or developer can meet."""
    return sorted({text for path in PACKAGE.rglob("*.py") for text in said(path)})


def test_each_message_is_quoted_as_it_is_shown() -> None:
    """Every error that people read stands on the page with its code, word for word."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a", TESTING=True)
    LoginManager(app)
    TwoFactor(app)
    with app.test_request_context():
        real = dict(TEXTS) | {code: message(error) for code, error in COMPOSED.items()}
    shown = {row[1].strip("`"): row[0] for row in rows(PAGE, "What a person reads") if len(row) > 3}
    title = shown.pop("login_refused")
    shown.pop("code")

    assert shown == real
    refused = PACKAGE / "templates/twofactor/pages/refused.html"
    assert f'tf_("{title}")' in refused.read_text(encoding="utf-8")


def test_every_error_code_has_a_remedy() -> None:
    """Each code of the reference is on the page, for people or for scripts."""
    listed = set(re.findall(r"^\| `(\w+)`", text_of("reference/errors.md"), flags=re.MULTILINE))
    people = {row[1].strip("`") for row in rows(PAGE, "What a person reads") if len(row) > 3}
    here = people - {"code"} | quoted("What a script gets")

    assert here == listed


def test_every_finding_of_the_doctor_has_a_remedy() -> None:
    """Each finding that the code can give, and that an app without any care does give, is there."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    codes = set(re.findall(r'yield (?:fault|warning)\(\s*"(\w+)"', source))
    app = Flask(__name__)
    app.config.update(SESSION_COOKIE_HTTPONLY=False, REMEMBER_COOKIE_HTTPONLY=False, TESTING=True)
    LoginManager(app)
    TwoFactor(app)
    with app.app_context():
        found = {finding.code for finding in examine(app)}

    assert len(codes) > 10
    assert len(found) > 8
    assert quoted("What the doctor finds") == codes | found


@pytest.mark.parametrize("quotation", sorted(quoted("What the log or a command says")))
def test_each_quotation_is_real(quotation: str) -> None:
    """What the page prints as a text of the log or of an error is in the code."""
    assert quotation.removesuffix(ENDS) in all_texts()


@pytest.mark.parametrize("text", spoken(), ids=lambda text: text[:50])
def test_no_text_is_left_out(text: str) -> None:
    """Whoever meets an error or a line of the log finds it on the page."""
    assert any(one in text for one in quoted("What the log or a command says"))


def test_a_text_that_is_not_there_is_seen() -> None:
    """The two comparisons can fail: an invented text is in neither place."""
    made_up = "the moon is full"

    assert made_up not in all_texts()
    assert not any(one in made_up for one in quoted("What the log or a command says"))
    assert len(spoken()) > 50
