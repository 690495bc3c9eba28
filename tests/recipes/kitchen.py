"""How a recipe is read and run, and the people who come to its app."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from flask_login import UserMixin

from flask_twofactor.testing import pass_challenge, set_up_totp

FOLDER = Path(__file__).parent.parent.parent / "docs/how-to/recipes"
PASSWORD = "a password"
CHALLENGE = "/two-factor/challenge"


@dataclass(eq=False)
class Person(UserMixin):
    """Somebody with an account in a recipe's app."""

    id: str
    email: str
    api_key: str = ""
    roles: list[str] = field(default_factory=list)


VIC = Person("1", "vic@host.test", "vics-key", ["admin"])
ANN = Person("2", "ann@host.test", "anns-key")
PEOPLE = {one.id: one for one in (VIC, ANN)}


def by_email(email: object) -> Person | None:
    """Find somebody by their address."""
    return next((one for one in PEOPLE.values() if one.email == email), None)


def check(email: object, password: object) -> Person | None:
    """Give whose address and password these are, as a recipe's own check does."""
    return by_email(email) if password == PASSWORD else None


def code_of(recipe: str, language: str = "python") -> str:
    """Give a recipe's code, all of its blocks in one language."""
    text = (FOLDER / f"{recipe}.md").read_text(encoding="utf-8")
    blocks = re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)
    assert blocks, f"{recipe} has no code"
    return "\n".join(blocks)


def settings(**more: Any) -> dict[str, Any]:
    """Give what an app of a test is set to; our own CSRF check stays on."""
    return {"SECRET_KEY": "a long enough secret", "TESTING": True, **more}


def cook(
    recipe: str, config: dict[str, Any] | None = None, *, without: str | None = None, **given: Any
) -> dict[str, Any]:
    """Run a recipe as its reader does, and give the names that it makes.

    `without` leaves a line out, the one with this text.
    """
    lines = code_of(recipe).splitlines()
    if without is not None:
        count = len(lines)
        lines = [line for line in lines if without not in line]
        assert len(lines) == count - 1
    names = {"__name__": "recipe", "load_user": PEOPLE.get, "check": check}
    names |= {"config": settings(**(config or {})), **given}
    exec(compile("\n".join(lines), f"{recipe}.md", "exec"), names)
    return names


def log_in(client: FlaskClient, who: Any = VIC, path: str = "/login") -> Any:
    """Send the form of a recipe's login page."""
    return client.post(path, data={"email": who.email, "password": PASSWORD})


def protect(app: Flask, who: Any = VIC) -> str:
    """Give somebody an authenticator app."""
    with app.test_request_context():
        return set_up_totp(app, who)


def prove(
    app: Flask,
    is_in: Callable[[FlaskClient], bool],
    enter: Callable[[FlaskClient], Any] = log_in,
    who: Any = VIC,
) -> FlaskClient:
    """Prove what every recipe promises, and give the browser of somebody who was released.

    A stranger is out; who has no second factor gets in by the password; who has one is held,
    and out, until the challenge is passed.
    """
    assert not is_in(app.test_client()), "a stranger got in"
    plain = app.test_client()
    enter(plain)
    assert is_in(plain), "the recipe lets nobody in, with or without the extension"

    protect(app, who)
    client = app.test_client()
    enter(client)
    assert not is_in(client), "a held person got in"
    pass_challenge(client, who)
    assert is_in(client), "a released person did not get in"
    return client


def shows(path: str, text: str) -> Callable[[FlaskClient], bool]:
    """Give the look at a page that only shows this text to who is in."""

    def look(client: FlaskClient) -> bool:
        answer = client.get(path)
        return answer.status_code == 200 and text in answer.text

    return look
