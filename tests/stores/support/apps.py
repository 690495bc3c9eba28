"""A little host app over a store of the test's choice, in production unless told otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from flask_login import LoginManager, UserMixin, login_required, login_user

from flask_twofactor import TwoFactor
from flask_twofactor.stores.sqlalchemy import SQLStore
from flask_twofactor.web.state import app_state


class Person(UserMixin):
    """Somebody who signs in."""

    def __init__(self, name: str) -> None:
        self.id = name


def make_app(folder: Path, *, engine: Any = None, **config: Any) -> Flask:
    """Make an app; its instance folder is given."""
    app = Flask("host", instance_path=str(folder))
    app.config.update(SECRET_KEY="a secret key of the host", **config)
    manager = LoginManager(app)
    manager.user_loader(Person)
    app.extensions["the twofactor object"] = TwoFactor(app, engine=engine)
    app.add_url_rule("/login", "login", log_in, methods=["POST"])
    app.add_url_rule("/account", "account", login_required(lambda: "the account"))
    return app


def log_in() -> str:
    """Sign Ann in."""
    login_user(Person("ann"))
    return "welcome"


def is_in(client: FlaskClient) -> bool:
    """Say whether a browser sees the account."""
    return client.get("/account").text == "the account"


def the_store(app: Flask) -> SQLStore:
    """Give the app's store."""
    store = app_state(app).ports.store
    assert isinstance(store, SQLStore)
    return store


def close(app: Flask) -> None:
    """Give the connections back."""
    the_store(app).opened().engine.dispose()
