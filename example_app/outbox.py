"""The demo's mails and texts: kept instead of sent, for anybody to read what people would get."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Blueprint, render_template
from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from example_app.database import Base, session

if TYPE_CHECKING:
    from flask import Flask
    from flask.typing import ResponseReturnValue

    from flask_twofactor import Message

_MOST_SHOWN = 50

bp = Blueprint("outbox", __name__)


class Mail(Base):
    """One mail or text that was not sent."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    to: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]


def init_app(app: Flask) -> None:
    """Give *app* the page."""
    app.register_blueprint(bp)


def keep(message: Message) -> None:
    """Put a mail into the outbox."""
    _add(message.to, message.subject, message.text)


def keep_text(number: str, text: str) -> None:
    """Put a text to a phone into the outbox."""
    _add(number, "Text message", text)


def _add(to: str, subject: str, text: str) -> None:
    at = datetime.now(UTC).replace(tzinfo=None)
    session().add(Mail(at=at, to=to, subject=subject, text=text))
    session().commit()


@bp.get("/outbox")
def index() -> ResponseReturnValue:
    """Show the newest mails and texts, newest first, to anyone."""
    mails = session().scalars(select(Mail).order_by(Mail.id.desc()).limit(_MOST_SHOWN))
    return render_template("outbox.html", mails=list(mails))
