"""Somebody who has no mouse: Tab, Space, Enter and the arrows, looking each time where they are."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

MOST_TABS = 90
# What has the focus, and what is wrong with it: lost (2.1.1), not shown (2.4.7), faint (1.4.11),
# or under something else or out of sight (2.4.11). Of the host's own parts only that it is there.
WHERE = """
() => {
  const one = document.activeElement;
  if (!one || one === document.body) return ["", "", false];
  const style = getComputedStyle(one), labels = one.labels && one.labels.length ? one.labels : [one];
  const name = labels[0].textContent.trim().replace(/\\s+/g, " ");
  if (!one.closest(".tf-page")) return [name, "", false];
  if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) return [name, "no outline", true];
  const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const light = (colours) => {
    for (const colour of ["#fff", ...colours]) { brush.fillStyle = colour; brush.fillRect(0, 0, 1, 1); }
    const [r, g, b] = Array.from(brush.getImageData(0, 0, 1, 1).data, (value) => {
      const part = value / 255;
      return part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4;
    });
    return .2126 * r + .7152 * g + .0722 * b + .05;
  };
  const ground = (at) => (at ? [...ground(at.parentElement), getComputedStyle(at).backgroundColor] : []);
  const around = ground(one.parentElement);
  const pair = [light(around), light([...around, style.outlineColor])];
  if (Math.max(...pair) / Math.min(...pair) < 3) return [name, "a faint outline", true];
  const { left, top, width, height } = one.getClientRects()[0];
  const there = document.elementFromPoint(left + width / 2, top + height / 2);
  const seen = there && (one.contains(there) || there.contains(one) || labels[0].contains(there));
  return [name, seen ? "" : "it is hidden", true];
}
"""


class Keyboard:
    """The keys of a person in front of a page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def tab_to(self, name: str) -> None:
        """Press Tab until what is so named has the focus; fail if it is lost or unseen on the way."""
        lost = 0
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            label, wrong, _ours = self.where()
            assert wrong == "", f"{label!r}: {wrong}"
            # Between the end of a page and its beginning stands the browser itself.
            lost = lost + 1 if label == "" else 0
            assert lost <= 1, f"the focus is lost on the way to {name!r}"
            if label.startswith(name):
                return
        pytest.fail(f"the keyboard does not reach {name!r}")

    def where(self) -> Any:
        """Say what has the focus, what is wrong with that, and whether it is ours."""
        return self.page.evaluate(WHERE)

    def has(self, name: str) -> bool:
        """Say whether what is so named has the focus, and is seen to."""
        # A new page gives its field the focus a moment after it is there.
        self.page.wait_for_function(f"() => ({WHERE})()[0] !== ''")
        label, wrong, _ours = self.where()
        return label.startswith(name) and wrong == ""

    def press(self, key: str) -> None:
        """Press a key that stays on the page."""
        self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Type over what stands in a field."""
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def enter(self, name: str = "") -> None:
        """Go to what is so named, if a name is given, and press Enter, which leads to a page."""
        if name:
            self.tab_to(name)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
