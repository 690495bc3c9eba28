"""The forms of a page as a browser sees them, and how it sends them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit


@dataclass
class Form:
    """A form: where it goes, by which method, and what its fields hold."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Give the address it goes to, without its query."""
        return urlsplit(self.action).path


class Reader(HTMLParser):
    """Reads a page: its forms, and what a strict Content-Security-Policy would refuse."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.forms: list[Form] = []
        self.inline: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at an element."""
        found = {name: value or "" for name, value in attrs}
        self._in_script = tag == "script"
        if tag == "form":
            self.forms.append(Form(found.get("action") or self.page, found.get("method", "get")))
        if tag == "input" and self.forms and "name" in found:
            self.forms[-1].fields[found["name"]] = found.get("value", "")
        if tag == "style" or (tag == "script" and "src" not in found):
            self.inline.append(f"<{tag}>")
        self.inline += [name for name in found if name == "style" or name.startswith("on")]
        self.inline += [text for text in found.values() if text.startswith("javascript:")]

    def handle_data(self, data: str) -> None:
        """Look at a text."""
        if self._in_script and data.strip():
            self.inline.append(data)
        self._in_script = False


def read_page(html: str, page: str) -> Reader:
    """Read a page that was got from this address."""
    reader = Reader(page)
    reader.feed(html)
    return reader


def find_form(html: str, page: str, path: str) -> Form:
    """Give the page's form that goes to this path."""
    forms = [one for one in read_page(html, page).forms if one.path == path]
    assert forms, f"{page} has no form for {path}"
    assert forms[0].method == "post"
    return forms[0]
