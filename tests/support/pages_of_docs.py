"""The pages of the docs as tests read them: their blocks of code and their tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def text_of(page: str) -> str:
    """Read a page of the docs."""
    return (DOCS / page).read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    """Give the blocks of code of one language, in their order."""
    found = re.findall(r"^```(\w+)\n(.*?)^```", text_of(page), flags=re.DOTALL | re.MULTILINE)
    return [code for name, code in found if name == language]


def rows(page: str, heading: str = "") -> Iterator[list[str]]:
    """Give the rows of the tables below a heading, up to the next one; without it, of the page."""
    text = text_of(page)
    if heading:
        text = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
        assert text, f"{page} has no heading {heading!r}"
    for line in re.findall(r"^\|(.*)\|$", text, flags=re.MULTILINE):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)]
        if not set("".join(cells)) <= set("-: "):
            yield cells


def build_files(page: str, folder: Path) -> list[str]:
    """Write the blocks that begin with a file's name into that file, one below the other."""
    names = []
    for language in ("python", "ini", "text"):
        for block in blocks(page, language):
            named = re.match(r"# ([\w./-]+\.\w+)\n", block)
            if named:
                names.append(named[1])
                with (folder / named[1]).open("a", encoding="utf-8") as file:
                    file.write(block + "\n\n")
    return sorted(set(names))
