"""The site of the docs: it builds without a warning, and every page and public name is in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import flask_twofactor
from flask_twofactor import testing

from .support.pages_of_docs import DOCS, ROOT


def build(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """Build a site as `make docs` does."""
    words = ["--fail-on-warning", "--keep-going", "--quiet", "-b", "html"]
    command = [sys.executable, "-m", "sphinx", *words, str(source), str(target)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole site, built once."""
    target = tmp_path_factory.mktemp("site")
    done = build(DOCS, target)
    assert (done.returncode, done.stderr) == (0, "")
    return target


def test_every_page_is_built(site: Path) -> None:
    """Each page of the docs is a page of the site; a warning would have stopped the build."""
    pages = {path.relative_to(DOCS).with_suffix(".html") for path in DOCS.rglob("*.md")}

    assert [str(page) for page in sorted(pages) if not (site / page).exists()] == []
    assert len(pages) > 25


def test_every_public_name_is_shown(site: Path) -> None:
    """The reference shows each name that the package and its testing kit export."""
    page = (site / "reference/python.html").read_text(encoding="utf-8")
    kit = [name for name, thing in vars(testing).items() if _is_of_the_kit(name, thing)]
    names = [f"flask_twofactor.{name}" for name in flask_twofactor.__all__]
    names += [f"flask_twofactor.testing.{name}" for name in kit]

    assert len(kit) >= 6
    assert [name for name in names if f'id="{name}"' not in page] == []
    assert "Set one app up. ConfigurationError lists every fault" in page


def _is_of_the_kit(name: str, thing: object) -> bool:
    return not name.startswith("_") and getattr(thing, "__module__", "") == testing.__name__


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("# Lost\n\nNobody links here.\n", "isn't included in any toctree"),
        ("---\norphan: true\n---\n# Page\n\n[gone](gone.md)\n", "gone.md"),
        ("---\norphan: true\n---\n# Page\n\n[part](index.md#gone)\n", "gone"),
    ],
    ids=["a page in no toctree", "a link to no page", "a link to no heading"],
)
def test_a_fault_stops_the_build(page: str, said: str, tmp_path: Path) -> None:
    """A page that nobody finds, and a link that leads nowhere, are errors."""
    source = tmp_path / "project/docs"
    source.mkdir(parents=True)
    (source / "_static").mkdir()
    (source / "_static/site.css").touch()
    shutil.copy(ROOT / "pyproject.toml", tmp_path / "project")
    shutil.copy(DOCS / "conf.py", source)
    (source / "index.md").write_text("# Home\n", encoding="utf-8")
    (source / "page.md").write_text(page, encoding="utf-8")
    done = build(source, tmp_path / "out")

    assert done.returncode != 0
    assert said in done.stderr
