"""The how-to about testing: each of its blocks runs, and tests what it says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_login import LoginManager, UserMixin, login_required, login_user
from sqlalchemy import create_engine

from flask_twofactor import TwoFactor
from flask_twofactor.methods.totp import TOTP
from flask_twofactor.testing.method_contract import NOW
from tests.contracts.test_senders import Careless

from .support.pages_of_docs import ROOT

PAGE = ROOT / "docs/how-to/test-your-app.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
FOR_A_PAGE, FOR_A_METHOD, FOR_THE_REST = BLOCKS


class Reader(UserMixin):
    """The one user."""

    id, email = "1", "ann@host.test"


def make_app() -> Flask:
    """Make an app as the how-to supposes."""
    app, user = Flask(__name__), Reader()
    app.config.update(SECRET_KEY="a", TESTING=True, WTF_CSRF_ENABLED=False)
    LoginManager(app).user_loader(lambda _key: user)
    TwoFactor(app)
    app.add_url_rule("/login", "login", lambda: str(login_user(user)), methods=["POST"])
    app.add_url_rule("/account", "account", login_required(lambda: "yours"))
    return app


def run(block: str, **names: Any) -> dict[str, Any]:
    """Run a block and give what it defines."""
    given = dict(names)
    exec(block, given)
    return given


def promises(made: type[Any]) -> list[Callable[[Any], None]]:
    """Give the tests of a class that take nothing, as pytest would find them."""
    found = [getattr(made, name) for name in dir(made) if name.startswith("test_")]
    return [one for one in found if one.__code__.co_argcount == 1]


def test_the_page_of_an_app() -> None:
    """The first block is a test that passes."""
    run(FOR_A_PAGE)["test_the_account_page"](make_app(), Reader())


def test_a_method_of_ones_own() -> None:
    """The second block holds a method to the contract."""
    import pyotp  # noqa: PLC0415 - what a phone would do

    def answer(_self: object, step: Any, now: float = NOW) -> str:
        return str(pyotp.TOTP(step.kept["secret"]).at(int(now)))

    made = run(FOR_A_METHOD, MyMethod=TOTP)["TestMyMethod"]
    made.right_answer = answer
    for promise in promises(made):
        promise(made())


def test_a_sender_and_a_database_of_ones_own(tmp_path: Path) -> None:
    """The third block holds both to their contracts; a careless sender does not pass."""
    careless = Careless()
    names = {
        "create_engine": create_engine,
        "database": f"sqlite:///{tmp_path / 'ours.sqlite'}",
        "my_sender": careless.make_sender(),
        "inbox": careless.texts,
    }
    found = run(FOR_THE_REST, **names)
    for promise in promises(found["TestOurDatabase"]):
        promise(found["TestOurDatabase"]())
    with pytest.raises(AssertionError):
        found["TestMySender"]().test_texts_of_several_people_at_once()
