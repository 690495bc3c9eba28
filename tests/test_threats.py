"""The pages about threats and standards: each protection names a test that is there."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from .support.pages_of_docs import ROOT, rows, text_of

THREATS, STANDARDS = "explanation/threats.md", "explanation/standards.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
NAMES = sorted({found for page in (THREATS, STANDARDS) for found in NAMED.findall(text_of(page))})
WHOLE = {"yes", "app", "partly"}


@cache
def names_in(file: str) -> set[str]:
    """Give the tests that a file holds, also in classes."""
    path = ROOT / file
    if not path.exists():
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {one.name for one in ast.walk(tree) if isinstance(one, kinds)}


def is_there(file: str, name: str) -> bool:
    """Say whether a test exists; a file alone must hold one at least."""
    tests = {one for one in names_in(file) if one.startswith("test_")}
    return name in tests if name else bool(tests)


@pytest.mark.parametrize(("file", "name"), NAMES)
def test_each_named_test_exists(file: str, name: str) -> None:
    """Who follows the page finds the test."""
    assert is_there(file, name)


def test_a_test_that_is_gone_is_seen() -> None:
    """Neither a file that is gone nor a test that was renamed passes."""
    assert not is_there("tests/test_gone.py", "")
    assert not is_there("tests/test_threats.py", "test_renamed")
    assert is_there("tests/test_threats.py", "test_a_test_that_is_gone_is_seen")


def test_each_threat_names_a_test() -> None:
    """No protection is only claimed."""
    threats = [row for row in rows(THREATS) if row[0] != "threat"]

    assert len(threats) > 25
    assert [row[0] for row in threats if not NAMED.search(row[-1])] == []


@pytest.mark.parametrize("standard", ["ASVS 5.0", "NIST SP 800-63B-4"])
def test_each_line_is_shown_or_says_why_not(standard: str) -> None:
    """A line that is met names its test; one that is missed in part or whole says why."""
    lines = [row for row in rows(STANDARDS, standard) if row[2] != "met"]
    assert len(lines) > 10
    for line, _, met, how, shown in lines:
        assert met in WHOLE | {"no"}, line
        assert (met == "no") != bool(NAMED.search(shown)), line
        assert met == "yes" or how, line


def test_no_code_comes_by_mail() -> None:
    """Of the methods there are none uses mail: the same mailbox resets the password (ASVS 6.3.6)."""
    methods = sorted((ROOT / "flask_twofactor/methods").glob("[!_]*.py"))
    found = [path.stem for path in methods if "email" in path.read_text(encoding="utf-8")]

    assert [path.stem for path in methods][:1] == ["backup_codes"]
    assert found == []


def test_what_is_not_protected_is_said() -> None:
    """The page has the other half: what one must not expect."""
    answered, _, rest = text_of(THREATS).partition("\n## What this does not protect from\n")

    assert answered
    for named in ("Phishing", "Malware", "Passwords", "Both the database and the keys"):
        assert f"**{named}" in rest
