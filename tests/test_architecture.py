"""The folder is the rule: what a module may import follows from where it lies."""

import ast
import sys
from collections.abc import Iterator
from importlib.util import resolve_name
from pathlib import Path, PurePath

import pytest

PACKAGE = Path(__file__).parent.parent / "flask_twofactor"
EVERYTHING = {"core", "flows", "methods", "senders", "settings", "stores", "web", "extension"}
FLASK = {
    "blinker",
    "click",
    "flask",
    "flask_login",
    "flask_wtf",
    "jinja2",
    "markupsafe",
    "werkzeug",
}
# The part of Vonage's SDK that sends texts; what `vonage` itself loads is twice as much.
VONAGE = {"vonage_http_client", "vonage_sms"}

# What each room may import: rooms of the package, and libraries beside the standard one.
MAY_IMPORT = {
    "core": ({"core"}, {"itsdangerous"}),
    "settings": ({"core"}, set()),
    "methods": ({"core", "methods"}, {"babel", "phonenumbers", "pyotp", "webauthn"}),
    "stores": ({"core", "stores"}, {"alembic", "cryptography", "redis", "sqlalchemy"}),
    "senders": (
        {"core", "senders"},
        {"flask_mail", "flask_mailman", "requests", "urllib3"} | VONAGE,
    ),
    "flows": ({"core", "flows"}, set()),
    "web": (
        {"core", "flows", "settings", "web"},
        FLASK | {"flask_babel", "itsdangerous", "leather", "qrcode", "wtforms"},
    ),
    "extension": (EVERYTHING | {"placing"}, FLASK | {"sqlalchemy"}),
    "placing": ({"core", "settings", "stores"}, {"flask", "sqlalchemy"}),
    # The doors: for hosts, for their tests, for the command line.
    "__init__": (EVERYTHING, set()),
    "__main__": (EVERYTHING, {"click"}),
    "testing": (EVERYTHING | {"testing"}, FLASK | {"pyotp", "pytest", "sqlalchemy"}),
}
# Libraries that are slow to load, or that only some hosts install.
SLOW = {
    "alembic",
    "babel",
    "flask_babel",
    "flask_mail",
    "flask_mailman",
    "leather",
    "phonenumbers",
    "qrcode",
    "redis",
    "webauthn",
} | VONAGE


def imports(path: PurePath, source: str) -> Iterator[str]:
    """Give the full name of all that a module imports, wherever in it, also by name."""
    here = ".".join(("flask_twofactor", *path.parent.parts))
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = resolve_name("." * level + (module or ""), here)
                yield from (f"{base}.{alias.name}" for alias in names)
            case ast.Call(
                func=ast.Attribute(attr="import_module") | ast.Name(id="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield resolve_name(name, here)


def faults(path: PurePath, source: str) -> list[str]:
    """Name the imports that the module's place forbids."""
    rooms, libraries = MAY_IMPORT.get(PurePath(path.parts[0]).stem, (set(), set()))
    if "login_hook" not in {PurePath(part).stem for part in path.parts}:
        libraries = libraries - {"flask_login"}
    allowed = rooms | libraries | sys.stdlib_module_names
    names = (name.removeprefix("flask_twofactor.") for name in imports(path, source))
    return [f"{path} imports {name}" for name in names if name.split(".")[0] not in allowed]


def modules() -> list[tuple[PurePath, str]]:
    """Give each module of the package with its source."""
    found = [(path, path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))]
    return [(path.relative_to(PACKAGE), source) for path, source in found]


def test_arrows_go_down_only() -> None:
    """Every module imports only what its place allows, and only the login hook Flask-Login."""
    assert modules()
    assert [fault for path, source in modules() for fault in faults(path, source)] == []


def test_a_slow_library_is_loaded_in_one_place() -> None:
    """Each slow or optional library is imported by at most one module."""
    places: dict[str, set[PurePath]] = {library: set() for library in SLOW}
    for path, source in modules():
        # Migrations run inside Alembic, which is loaded by then.
        for name in imports(path, source) if "migrations" not in path.parts else []:
            places.get(name.split(".")[0], set()).add(path)

    assert {library: where for library, where in places.items() if len(where) > 1} == {}


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("core/policy.py", "import flask"),
        ("core/policy.py", "from flask_twofactor.settings import Settings"),
        ("flows/logging_in.py", "from ..methods import totp"),
        ("flows/logging_in.py", "def late():\n    import sqlalchemy"),
        ("methods/sms.py", "from flask_twofactor.stores.sqlalchemy import Store"),
        ("stores/sqlalchemy.py", "from ..flows.devices import trust"),
        ("web/api.py", "import importlib\nimportlib.import_module('flask_twofactor.stores')"),
        (
            "web/api.py",
            "from importlib import import_module\nimport_module('..methods', __package__)",
        ),
        ("web/views/challenge.py", "from flask_login import current_user"),
        ("extension.py", "import flask_login"),
        ("attic.py", "from .core import records"),
    ],
)
def test_a_wrong_arrow_is_seen(path: str, source: str) -> None:
    """An import that goes up, sideways or round the login hook is named, however it is written."""
    assert len(faults(PurePath(path), source)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("flows/logging_in.py", "from ..core.records import Hold\nfrom .notices import tell"),
        ("web/login_hook.py", "import flask_login"),
        ("web/login_hook/release.py", "from flask_login import login_user"),
        ("extension.py", "from .web import login_hook"),
    ],
)
def test_a_right_arrow_passes(path: str, source: str) -> None:
    """An import that goes down, or stays in its room, is left alone."""
    assert faults(PurePath(path), source) == []
