"""The recipes' own tests: what they prove can fail, and no recipe is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .kitchen import FOLDER, cook, prove


@pytest.mark.parametrize(
    ("seen", "message"),
    [
        ([True], "a stranger got in"),
        ([False, False], "the recipe lets nobody in"),
        ([False, True, True], "a held person got in"),
        ([False, True, False, False], "a released person did not get in"),
    ],
)
def test_the_proof_bites(seen: list[bool], message: str) -> None:
    """Whoever is where they should not be fails the proof."""
    looks: Iterator[bool] = iter(seen)
    app = cook("async-views")["app"]

    with pytest.raises(AssertionError, match=message):
        prove(app, lambda _client: next(looks))


def test_every_recipe_is_in_the_index_and_has_a_test() -> None:
    """A page that nobody lists, or that nobody runs, is not there."""
    index = (FOLDER / "index.md").read_text(encoding="utf-8")
    tests = "\n".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    recipes = {path.stem for path in FOLDER.glob("*.md")} - {"index"}

    assert recipes
    assert {name for name in recipes if f"({name}.md)" not in index} == set()
    assert {name for name in recipes if not re.search(rf'cook\(\s*"{name}"', tests)} == set()
