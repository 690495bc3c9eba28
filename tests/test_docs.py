"""What the reference says is what the code has, and the README's code runs."""

import re
from dataclasses import fields
from pathlib import Path

import click
import pytest
from flask import Flask
from flask_login import LoginManager

from flask_twofactor import TwoFactor
from flask_twofactor.settings import PREFIX, Settings
from flask_twofactor.web.messages import TEXTS
from flask_twofactor.web.state import Callbacks

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs/reference"
PACKAGE = ROOT / "flask_twofactor"


def _named(page: str, pattern: str = r"^\| `([\w.]+)`") -> set[str]:
    text = (REFERENCE / page).read_text(encoding="utf-8")
    return set(re.findall(pattern, text, flags=re.MULTILINE))


def _source() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))


def _app() -> Flask:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a", TESTING=True)
    LoginManager(app)
    TwoFactor(app)
    return app


def test_every_setting_is_in_the_reference() -> None:
    """The settings page names exactly the settings there are."""
    assert _named("settings.md") == {PREFIX + item.name.upper() for item in fields(Settings)}


def test_every_page_is_in_the_reference() -> None:
    """The pages page names exactly the endpoints, with their methods and addresses."""
    text = (REFERENCE / "pages.md").read_text(encoding="utf-8")
    rules = [rule for rule in _app().url_map.iter_rules() if rule.endpoint.startswith("twofactor.")]
    for rule in rules:
        methods = ", ".join(sorted((rule.methods or set()) & {"GET", "POST"}))
        address = rule.rule.removeprefix("/two-factor").replace("<id>", "<id>")
        assert f"| `{rule.endpoint}` | `{methods} {address}` |" in text

    assert _named("pages.md") == {rule.endpoint for rule in rules}


def test_every_error_code_is_in_the_reference() -> None:
    """The errors page names every code that has a text or that the code refuses with."""
    raised = set(re.findall(r'RefusedError\(\s*"(\w+)"', _source()))
    returned = set(re.findall(r'Refusal\(\s*"(\w+)"', _source()))

    assert (raised | returned | set(TEXTS)) - _named("errors.md") == set()


def test_every_event_is_in_the_reference() -> None:
    """The events page names exactly the events that are published."""
    direct = re.findall(r'[Ee]vent\(\s*"(\w+)"', _source())
    written = {*direct, *re.findall(r'event_about\(\s*\w+, "(\w+)"', _source())}

    assert _named("events.md") == written | {
        "failed",
        "not_me",
        "password_changed",
        "replay_seen",
        "signed_out_everywhere",
    }


def test_every_callback_and_call_is_in_the_reference() -> None:
    """The API page names every callback and every public call."""
    text = (REFERENCE / "api.md").read_text(encoding="utf-8")
    calls = {name for name in dir(TwoFactor) if not name.startswith("_")}
    names = {item.name for item in fields(Callbacks)} | calls

    assert [name for name in sorted(names) if f"`{name}" not in text] == []


def test_every_command_is_in_the_reference() -> None:
    """The commands page names every command."""
    text = (REFERENCE / "cli.md").read_text(encoding="utf-8")
    group = _app().cli.commands["twofactor"]

    assert isinstance(group, click.Group)
    for name in group.list_commands(click.Context(group)):
        assert f"`flask twofactor {name}" in text


def test_the_code_of_the_readme_runs() -> None:
    """The README's own example gives an app whose settings page answers."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    example = re.search(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert example
    names: dict[str, Flask] = {"__name__": "readme"}  # type: ignore[dict-item]
    exec(example[1], names)

    names["app"].testing = True
    assert names["app"].test_client().get("/two-factor/").status_code == 401


@pytest.mark.parametrize("page", [*sorted(ROOT.glob("docs/**/*.md")), ROOT / "README.md"])
def test_links_of_the_docs_lead_somewhere(page: Path) -> None:
    """Every relative link and picture of a page, and every test it names, exists."""
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    tests = re.findall(r"`(tests/[\w/]+\.py)`", text)

    missing = [link for link in links if not (page.parent / link).exists()]
    missing += [name for name in tests if not (ROOT / name).exists()]
    assert missing == []
