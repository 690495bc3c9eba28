"""One word per thing, words for every error, and no word that cannot be translated."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import Environment, nodes

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.ports import Delivering
from flask_twofactor.methods.backup_codes import BackupCodes
from flask_twofactor.methods.sms import SMS
from flask_twofactor.methods.totp import TOTP
from flask_twofactor.web.answers import NEEDS
from flask_twofactor.web.messages import TEXTS, message

PACKAGE = Path(__file__).parent.parent / "flask_twofactor"
TEMPLATES = sorted((PACKAGE / "templates").rglob("*.*"))
MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if "migrations" not in path.parts]
COMPOSED = {"throttled", "clock_off", "number_wrong"}
BANNED = re.compile(
    r"enrol|(?<!two-)(?<!2-)\bfactor|recovery code|\botp\b|\btotp\b|\btokens?\b|\bmfa\b|\b2fa\b"
    r"|verification code|passcode|\bone-time\b|second step",
    re.IGNORECASE,
)
METHOD_TEXTS = ("title", "summary", "prompt", "code_label", "code_hint", "use_label")
DELIVERING_TEXTS = tuple(Delivering.__annotations__)
SPOKEN = ("aria-label", "title", "alt", "placeholder", "data-done", "content")


def calls(path: Path, *names: str) -> Iterator[ast.Call]:
    """Give the calls of some functions in a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in names:
                yield node


def literals(node: ast.AST) -> list[str]:
    """Give the texts in an expression; those that a condition only compares are left out."""
    if isinstance(node, ast.IfExp):
        return literals(node.body) + literals(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def codes() -> dict[str, Path]:
    """Give each code that is raised or given anywhere, and a module that does."""
    found = {}
    for path in MODULES:
        for call in calls(path, "RefusedError", "Refusal"):
            for code in literals(call.args[0]):
                found[code] = path
    return found


def texts_in_templates() -> Iterator[str]:
    """Give every text that a template translates."""
    for path in TEMPLATES:
        tree = Environment(autoescape=True).parse(path.read_text(encoding="utf-8"))
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in {"tf_", "tf_n"}:
                for argument in call.args:
                    yield from (one.value for one in [argument] if isinstance(one, nodes.Const))


def texts_in_code() -> Iterator[str]:
    """Give every text that a module of the pages marks or translates."""
    for path in MODULES:
        for call in calls(path, "mark", "gettext", "ngettext"):
            for argument in call.args:
                yield from literals(argument)


def user_texts() -> list[str]:
    """Give all that people may read."""
    found = [text for text in (*texts_in_templates(), *texts_in_code()) if isinstance(text, str)]
    assert len(found) > 100
    return sorted(set(found))


@pytest.mark.parametrize("code", sorted(codes()))
def test_every_error_has_words(code: str) -> None:
    """Each code that a flow or method gives is explained, or leads to a page that asks."""
    assert re.fullmatch(r"[a-z_]+", code), f"{codes()[code]} gives a code that is not stable"
    assert code in TEXTS or code in COMPOSED or code in NEEDS


def test_there_are_no_words_for_nothing() -> None:
    """Each text is for an error that can happen."""
    assert sorted(set(TEXTS) - set(codes())) == []


def test_composed_words() -> None:
    """Waits and clocks are told with their numbers, in the singular too."""
    app = Flask(__name__)
    app.extensions["twofactor"] = type(
        "", (), {"callbacks": type("", (), {"locale_selector": None})}
    )
    with app.test_request_context():
        told = {
            message(RefusedError("throttled", retry_after=1)),
            message(RefusedError("throttled", retry_after=60)),
            message(RefusedError("throttled", retry_after=61)),
            message(RefusedError("clock_off", minutes=1, ahead=True)),
            message(RefusedError("clock_off", minutes=4, ahead=False)),
            message(RefusedError("throttled", retry_after=1, sends="cooldown")),
            message(RefusedError("throttled", retry_after=3601, sends="day")),
        }

    assert told == {
        "Too many tries. Wait 1 second, then enter a new code.",
        "Too many tries. Wait 1 minute, then enter a new code.",
        "Too many tries. Wait 2 minutes, then enter a new code.",
        "Your phone's clock is about 1 minute ahead. Set it to automatic.",
        "Your phone's clock is about 4 minutes behind. Set it to automatic.",
        "Wait 1 second before you ask for another code: one was just sent.",
        "Wait 2 hours or use another way: no more messages can be sent for now.",
    }


@pytest.mark.parametrize("method", [TOTP, SMS, BackupCodes])
def test_the_texts_of_a_method_are_marked(method: type[TOTP | SMS | BackupCodes]) -> None:
    """The catalogues are made of what is marked, and a method's texts are translated by them."""
    marked = set(texts_in_code())

    names = METHOD_TEXTS + (DELIVERING_TEXTS if method.needs_delivery else ())
    assert [name for name in names if getattr(method, name) not in marked] == []


@pytest.mark.parametrize("text", user_texts(), ids=lambda text: text[:50])
def test_one_word_per_thing(text: str) -> None:
    """People read of authenticators, codes and backup codes, never of factors or tokens."""
    assert BANNED.search(text) is None
    assert text == text.strip()
    assert "  " not in text


class Bare(HTMLParser):
    """Collects the letters of a page that stand outside any expression."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        """Note a text; an attribute that a macro adds to an element is none."""
        data = re.sub(r"[\w-]+=\"[^\"]*\"", "", data)
        if re.search(r"[^\W\d_]", data):
            self.found.append(data.strip())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an attribute that is read aloud or shown."""
        for name, value in attrs if tag != "meta" else []:
            if name in SPOKEN:
                self.handle_data(value or "")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_template_has_words_of_its_own(path: Path) -> None:
    """Every word of a page comes from an expression, so that it can be translated."""
    tokens = Environment(autoescape=True).lex(path.read_text(encoding="utf-8"))
    page = Bare()
    page.feed("".join(value for _, kind, value in tokens if kind == "data"))
    page.close()

    assert page.found == []


def test_a_word_of_its_own_is_seen() -> None:
    """The scan finds a text and an attribute that nobody could translate."""
    page = Bare()
    page.feed('<p title="Hello">1 · <b>Word</b></p>')

    assert page.found == ["Hello", "Word"]
