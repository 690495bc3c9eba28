"""What a browser calls itself, in words of ours: its own text is anybody's to choose."""

from __future__ import annotations

BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def describe(agent: str | None) -> tuple[str | None, str | None]:
    """Give the names of the browser and of the system; None for what is not known.

    Only names of these lists come back, so that nobody can write to a person through a
    `User-Agent` header.
    """
    return _first(BROWSERS, agent or ""), _first(SYSTEMS, agent or "")


def _first(names: tuple[tuple[str, str], ...], agent: str) -> str | None:
    return next((name for sign, name in names if sign in agent), None)
