"""A transaction that the database gave up is tried again, and only then."""

import ast
from pathlib import Path

import pytest

from flask_twofactor.core.errors import ContentionError, RefusedError, StoreError
from flask_twofactor.core.repeating import repeated

PACKAGE = Path(__file__).parents[2] / "flask_twofactor"


class Tried:
    """Does what it is told, try by try."""

    def __init__(self, *ends: Exception | str) -> None:
        self.ends = list(ends)

    @repeated
    def __call__(self) -> str:
        end = self.ends.pop(0)
        if isinstance(end, Exception):
            raise end
        return end


def test_a_lost_transaction_is_tried_three_times() -> None:
    """The third try may still succeed."""
    assert Tried(ContentionError(), ContentionError(), "done")() == "done"


def test_there_is_no_fourth_try() -> None:
    """After three losses it is an error of the store, which nobody repeats again."""
    tried = Tried(*[ContentionError() for _ in range(4)])

    with pytest.raises(StoreError, match="3 times") as caught:
        tried()
    assert type(caught.value) is StoreError
    assert len(tried.ends) == 1


@pytest.mark.parametrize("end", [StoreError(), RefusedError("code_used")])
def test_nothing_else_is_repeated(end: Exception) -> None:
    """A lost connection may hide a commit, and a refusal is an answer: both end it."""
    tried = Tried(end, "never reached")

    with pytest.raises(type(end)):
        tried()
    assert tried.ends == ["never reached"]


def writers() -> list[tuple[str, ast.FunctionDef]]:
    """Find each function that opens a transaction of the store."""
    return [
        (f"{path.stem}.{node.name}", node)
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.parent.name in {"flows", "web", "cli", "views"}
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and opened(node)
    ]


def opened(function: ast.FunctionDef) -> list[str]:
    """Name what a function enters that is a transaction."""
    return [
        item.context_expr.func.attr
        for item in ast.walk(function)
        if isinstance(item, ast.withitem)
        and isinstance(item.context_expr, ast.Call)
        and isinstance(item.context_expr.func, ast.Attribute)
        and item.context_expr.func.attr in {"transaction", "accepting"}
    ]


WRITERS = writers()


@pytest.mark.parametrize(("name", "function"), WRITERS, ids=[name for name, _ in WRITERS])
def test_each_transaction_is_a_function_that_is_repeated(
    name: str, function: ast.FunctionDef
) -> None:
    """Whoever opens a transaction opens one, and is called again when it was given up."""
    named = {getattr(one, "id", getattr(one, "attr", None)) for one in function.decorator_list}

    assert len(opened(function)) == 1
    assert named & {"repeated", "contextmanager"}


@pytest.mark.parametrize(("name", "function"), WRITERS, ids=[name for name, _ in WRITERS])
def test_nothing_is_sent_or_paid_twice(name: str, function: ast.FunctionDef) -> None:
    """What is called again sends no mail and no text, and pays for no guess before it."""
    called = {
        getattr(call.func, "id", getattr(call.func, "attr", None))
        for call in ast.walk(function)
        if isinstance(call, ast.Call)
    }

    assert not called & {"send", "tell", "deliver", "pay", "_pay", "_evaluate"}


def test_the_search_finds_them() -> None:
    """The search bites: the release of a login is among those found."""
    assert "logging_in._release" in [name for name, _ in WRITERS]
