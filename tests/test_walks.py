"""The page about the walks through the help pages names each step, and the test that walks it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from .support.pages_of_docs import ROOT, text_of

WALKS = ROOT / "tests/browser/portals"
ROW = re.compile(r"^\| (.+?) \| .+ \| `(\w+)` \|$", re.MULTILINE)


def sections() -> list[str]:
    """Give the parts of the page that are about one help page each."""
    parts = text_of("explanation/portals.md").split("\n## ")[1:]
    return [part for part in parts if "| step of the help page |" in part]


def modules(section: str) -> list[ast.Module]:
    """Read the modules that a part names."""
    names = re.findall(r"`(\w+\.py)`", section)
    return [ast.parse((WALKS / name).read_text("utf-8")) for name in names]


def steps(module: ast.Module) -> Iterator[str]:
    """Give the steps that a module walks."""
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Attribute(attr="step"), args=[ast.Constant(value=str(said))]):
                yield said


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.splitlines()[0])
def test_the_page_names_each_step(section: str) -> None:
    """No step is missing or left over, and each test that is named is there."""
    rows, walked = ROW.findall(section), modules(section)
    tests = {
        node.name for one in walked for node in ast.walk(one) if isinstance(node, ast.FunctionDef)
    }

    assert {step for step, _ in rows} == {step for one in walked for step in steps(one)}
    assert {test for _, test in rows} <= tests
    assert len(rows) >= 10


def test_each_module_is_on_the_page() -> None:
    """Five help pages, and every file of tests belongs to one."""
    named = {name for part in sections() for name in re.findall(r"`(test_\w+\.py)`", part)}

    assert len(sections()) == 5
    assert named == {path.name for path in WALKS.glob("test_*.py")}
