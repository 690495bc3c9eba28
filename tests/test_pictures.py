"""The pictures of the docs: each is shown, small enough for a clone, and the film moves."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image

from .support.pages_of_docs import DOCS, ROOT, text_of

FOLDER = DOCS / "screenshots"
PICTURES = sorted(FOLDER.glob("*.png"))
FILM = FOLDER / "tour.gif"
LOOKS = ("wide-light", "wide-dark", "phone-light")
KB = 1024


def names() -> list[str]:
    """Give the pages that have pictures."""
    return re.findall(r"^## (.+)$", text_of("reference/pictures.md"), flags=re.MULTILINE)


def test_every_page_is_shown_light_dark_and_on_a_phone() -> None:
    """Each stop of the tour has its three pictures on the page, and no other is in the folder."""
    page = text_of("reference/pictures.md")
    expected = sorted(f"{name}-{look}.png" for name in names() for look in LOOKS)

    assert len(names()) > 20
    assert [path.name for path in PICTURES] == expected
    assert [name for name in expected if f"(../screenshots/{name})" not in page] == []


def test_they_weigh_little() -> None:
    """A picture has 80 kB at most, all of them less than 2.7 megabytes."""
    sizes = {path.name: path.stat().st_size for path in PICTURES}

    assert [name for name, size in sizes.items() if size > 80 * KB] == []
    assert sum(sizes.values()) < 2700 * KB


def test_the_film_moves_and_ends() -> None:
    """It has a frame for each step, stops by itself, and weighs less than a megabyte."""
    with Image.open(FILM) as film:
        frames, loops = getattr(film, "n_frames", 1), film.info.get("loop")

    assert frames >= 10
    assert loops == 2
    assert FILM.stat().st_size < 1024 * KB


def test_the_readme_shows_them() -> None:
    """The README shows pictures and the film, with a still one for who wants no motion."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r'(?:\(|")(docs/screenshots/[\w.-]+)', text)

    assert {Path(name).suffix for name in shown} == {".png", ".gif"}
    assert [name for name in shown if not (ROOT / name).exists()] == []
    assert "prefers-reduced-motion" in text
