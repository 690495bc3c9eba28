"""What the files at the root promise one another."""

import re
import tomllib
import zipfile
from pathlib import Path

from flit_core import wheel

from tests.support.catalogues import LANGUAGES, place

ROOT = Path(__file__).parent.parent
PINS = (ROOT / "requirements/dev.txt").read_text(encoding="utf-8")


def _declared() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    groups = project["dependency-groups"].values()
    lists = [project["project"]["dependencies"], *extras, *groups]
    # A table in a group includes another group, which is in the lists itself.
    named = [name for names in lists for name in names if isinstance(name, str)]
    return [re.split(r"[^\w.-]", name, maxsplit=1)[0] for name in named]


def test_every_dependency_is_pinned() -> None:
    """`requirements/dev.txt` pins all that `pyproject.toml` asks for: else run `make pins`."""
    pinned = set(re.findall(r"^([\w.-]+)==", PINS, flags=re.MULTILINE))

    assert {name.lower().replace("_", "-") for name in _declared()} - pinned == set()


def test_pins_name_no_host_and_no_folder() -> None:
    """The pins install from whichever package index the machine is set up for."""
    assert re.search(r"://|^-|@ ", PINS, flags=re.MULTILINE) is None


def test_a_wheel_has_the_catalogues(tmp_path: Path) -> None:
    """What pip installs speaks every language: the compiled catalogues are in the wheel."""
    made = wheel.make_wheel_in(ROOT / "pyproject.toml", tmp_path)
    with zipfile.ZipFile(made.file) as archive:
        compiled = {name for name in archive.namelist() if name.endswith(".mo")}

    assert compiled == {str(place(one, "mo").relative_to(ROOT)) for one in LANGUAGES}
