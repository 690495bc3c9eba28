"""What axe-core finds wrong on a page, from the copy of it that a development package brings."""

from __future__ import annotations

from functools import cache
from typing import Any

from playwright.sync_api import Page

# WCAG 2.2 AA, and what axe calls good practice; `target-size` (2.5.8) is off unless asked for.
OPTIONS: dict[str, Any] = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}
_RUN = """
async (options) => (await axe.run(document, options)).violations.flatMap((rule) =>
  rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)} (${node.failureSummary})`))
"""


def complaints(page: Page) -> list[str]:
    """Give every violation that axe finds on a page, with the element and the reason."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_script())
    found: list[str] = page.evaluate(_RUN, OPTIONS)
    return found


@cache
def _script() -> str:
    from axe_playwright_python.base import AXE_FILE_PATH  # noqa: PLC0415

    return AXE_FILE_PATH.read_text(encoding="utf-8")
