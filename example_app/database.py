"""The host's own database: plain SQLAlchemy, one session per app context."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, g
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from flask import Flask

_KEY = "client_area_engine"


class Base(DeclarativeBase):
    """What all tables of the client area derive from."""


def init_app(app: Flask) -> None:
    """Give *app* an engine, and close its session at the end of each app context."""
    # NullPool: opening a SQLite file is cheap, and nothing stays open behind a finished request.
    uri = app.config["SQLALCHEMY_DATABASE_URI"]
    app.extensions[_KEY] = create_engine(uri, poolclass=NullPool)
    app.teardown_appcontext(_close_session)


def engine() -> Engine:
    """Return the engine of the current app."""
    found: Engine = current_app.extensions[_KEY]
    return found


def session() -> Session:
    """Return the session of the current app context."""
    if "client_area_session" not in g:
        g.client_area_session = Session(engine())
    found: Session = g.client_area_session
    return found


def _close_session(_error: BaseException | None) -> None:
    opened: Session | None = g.pop("client_area_session", None)
    if opened is not None:
        opened.close()
