"""The same small host, bare or with the extension: users in SQLite, a Flask-WTF login form."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, Response, make_response, redirect, render_template_string
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user
from flask_wtf import CSRFProtect, FlaskForm
from sqlalchemy import Engine, String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired

PASSWORD = "a-password"
LOGIN = """<!doctype html><title>Sign in</title><form method="post">{{ form.hidden_tag() }}
{{ form.email.label }} {{ form.email() }} {{ form.password.label }} {{ form.password() }}
<button>Sign in</button></form>"""
ACCOUNT = "<!doctype html><title>Account</title><p>Account of {{ current_user.email }}</p>"


class Base(DeclarativeBase):
    """The host's own tables."""


class User(UserMixin, Base):
    """The host's user. One MD5 stands for the password hash, which would hide all else."""

    __tablename__ = "member"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(80), unique=True)
    password: Mapped[str] = mapped_column(String(32))


class LoginForm(FlaskForm):
    """What a person types to sign in."""

    email = StringField("Email", validators=[DataRequired()])
    password = PasswordField("Password", validators=[DataRequired()])


def make_host(folder: Path, uri: str | None = None, **config: Any) -> Flask:
    """Make the host in a folder of its own, its users on SQLite there or in another database.

    Hosts side by side share their static files, so that the headers of these can be compared.
    """
    folder.mkdir(parents=True, exist_ok=True)
    static = folder.parent / "static"
    if not static.exists():
        static.mkdir()
        (static / "style.css").write_text("body { margin: 0 }", encoding="ascii")
    app = Flask("host", instance_path=str(folder), static_folder=str(static))
    app.config.update(SECRET_KEY="a benchmark's key, which guards nothing")
    app.config.update(config)
    engine = create_engine(uri or f"sqlite:///{folder / 'host.sqlite'}", pool_pre_ping=bool(uri))
    app.extensions["engine"] = engine
    CSRFProtect(app)
    manager = LoginManager(app)
    manager.login_view = "login"
    manager.user_loader(lambda key: load(engine, int(key)))
    _add_views(app, engine)
    return app


def fill(app: Flask) -> None:
    """Make the host's table and its users, ann and bob, where they are missing."""
    engine: Engine = app.extensions["engine"]
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        if session.get(User, 1) is None:
            session.add_all(User(email=name, password=digest(PASSWORD)) for name in ("ann", "bob"))
            session.commit()


def ann() -> User:
    """Give ann as the host knows her."""
    return User(id=1, email="ann")


def digest(password: str) -> str:
    """Give the cheapest of digests."""
    return hashlib.md5(password.encode(), usedforsecurity=False).hexdigest()


def load(engine: Engine, key: int) -> User | None:
    """Give a user by their key."""
    with Session(engine, expire_on_commit=False) as session:
        return session.get(User, key)


def find(engine: Engine, email: str | None, password: str | None) -> User | None:
    """Give the user whose password this is."""
    with Session(engine, expire_on_commit=False) as session:
        user = session.scalar(select(User).where(User.email == email))
    return user if user and user.password == digest(password or "") else None


def _add_views(app: Flask, engine: Engine) -> None:
    def index() -> str:
        return render_template_string("<!doctype html><title>Welcome</title><p>Hello</p>")

    def login() -> Response:
        form = LoginForm()
        if form.validate_on_submit():
            user = find(engine, form.email.data, form.password.data)
            if user is not None:
                login_user(user)
                return make_response(redirect("/account"))
        return make_response(render_template_string(LOGIN, form=form))

    def account() -> str:
        return render_template_string(ACCOUNT, user=current_user)

    app.add_url_rule("/", "index", index)
    app.add_url_rule("/login", "login", login, methods=["GET", "POST"])
    app.add_url_rule("/account", "account", login_required(account))
