"""The same small host twice: bare Flask-Login, and with the extension."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask, Response, redirect, render_template_string, request
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user
from flask_wtf import CSRFProtect
from sqlalchemy import Engine, String, create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from flask_twofactor import TwoFactor

LOGIN = """<form method="post"><input type="hidden" name="csrf_token"
value="{{ csrf_token() }}"><input name="email"><button>Sign in</button></form>"""
ACCOUNT = "<p>Account of {{ current_user.email }}</p>"


class Base(DeclarativeBase):
    """The host's own tables."""


class User(UserMixin, Base):
    """The host's user."""

    __tablename__ = "member"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(80), unique=True)


def make_host(folder: Path, *, protected: bool) -> Flask:
    """Make the host with two users, ann and bob, in a folder of its own."""
    folder.mkdir()
    app = Flask("host", instance_path=str(folder))
    app.config.update(SECRET_KEY="a benchmark's key, which guards nothing")
    app.extensions["engine"] = engine = create_engine(f"sqlite:///{folder / 'host.sqlite'}")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([User(email="ann"), User(email="bob")])
        session.commit()
    CSRFProtect(app)
    manager = LoginManager(app)
    manager.login_view = "login"
    manager.user_loader(lambda key: _load(engine, int(key)))
    _add_views(app, engine)
    if protected:
        twofactor = TwoFactor(app)
        with app.app_context():
            twofactor.init_store()
    return app


@contextmanager
def counting(*engines: Engine) -> Iterator[list[str]]:
    """Note every statement inside the block, but those that begin and end transactions."""
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield seen
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


def _load(engine: Engine, key: int) -> User | None:
    with Session(engine, expire_on_commit=False) as session:
        return session.get(User, key)


def _add_views(app: Flask, engine: Engine) -> None:
    @app.route("/")
    def index() -> str:
        return "Welcome"

    @app.route("/login", methods=["GET", "POST"])
    def login() -> str | Response:
        if request.method == "GET":
            return render_template_string(LOGIN)
        with Session(engine, expire_on_commit=False) as session:
            user = session.scalar(select(User).where(User.email == request.form["email"]))
        login_user(user)
        return redirect("/account")  # type: ignore[return-value]

    @app.route("/account")
    @login_required
    def account() -> str:
        return render_template_string(ACCOUNT, user=current_user)
