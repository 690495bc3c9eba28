"""The how-to about the code on the login page: its form and template run in a fresh app."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, redirect, render_template_string
from flask_login import LoginManager, UserMixin, login_user

from flask_twofactor import TwoFactor
from flask_twofactor.testing import current_code, set_up_totp

PAGE = Path(__file__).parent.parent / "docs/how-to/login-form.md"


class Ann(UserMixin):
    """The only user."""

    id = "1"
    email = "ann@host.test"


def code_of(language: str) -> str:
    """Give the page's example in a language."""
    found = re.search(
        rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    assert found
    return found[1]


@pytest.fixture
def app() -> Flask:
    """An app that follows the how-to."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a", TESTING=True, WTF_CSRF_ENABLED=False)
    LoginManager(app).user_loader(lambda _key: Ann())
    TwoFactor(app)
    names: dict[str, Any] = {}
    exec(code_of("python"), names)

    def login() -> Any:
        form = names["LoginForm"]()
        if form.validate_on_submit() and form.password.data == "right":
            login_user(Ann())
            return redirect("/home")
        return render_template_string(code_of("jinja"), form=form)

    app.add_url_rule("/login", "login", login, methods=["GET", "POST"])
    return app


def test_the_page_shows_both_fields(app: Flask) -> None:
    """The template of the how-to shows the field, its help and the box."""
    page = app.test_client().get("/login").text

    assert 'name="code"' in page
    assert 'name="remember_device"' in page
    assert "asked on the next page" in page


def test_a_code_beside_the_password_lets_in(app: Flask) -> None:
    """A right one leads where the view leads, a wrong one to the challenge."""
    with app.test_request_context():
        secret = set_up_totp(app, Ann())
    client, login = app.test_client(), {"email": Ann.email, "password": "right"}

    assert client.post("/login", data={**login, "code": "no"}).location == "/two-factor/challenge"
    right = {**login, "code": current_code(app, secret)}
    assert client.post("/login", data=right).location == "/home"
