"""Tables as markdown, on the terminal and in the docs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs/explanation/performance.md"


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Give a table whose first row is its head and whose first column is its names."""
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    line = "|---" + "|---:" * (len(rows[0]) - 1) + "|"
    return "\n".join([head, line, *body])


def keep(name: str, text: str) -> None:
    """Put the text between this name's two marks in the page on performance."""
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(start)
    _, found, after = rest.partition(end)
    assert found, f"{PAGE} has no place for {name}"
    PAGE.write_text(f"{before}{start}\n{text}\n\n{end}{after}", encoding="utf-8")
