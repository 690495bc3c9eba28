"""What each page takes, as Flask-WTF forms; JSON bodies are read by the same ones."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import PasswordField, StringField

from .state import visit

MOST_BYTES = 64 * 1024


class Form(FlaskForm):
    """A form of ours. Its CSRF token is checked once for the whole blueprint."""

    class Meta:
        """Flask-WTF's own check is off: `security.check_csrf` does it before any view."""

        csrf = False

    @classmethod
    def read(cls) -> Any:
        """Read what was sent; only text counts, whatever shape a JSON body has."""
        return cls(formdata=sent())


class CodeForm(Form):
    """A code for one method; at setup also the new authenticator's name."""

    code = StringField()
    method = StringField()
    name = StringField()
    setup_code = StringField()


class PlaceForm(Form):
    """Where codes shall be sent."""

    country = StringField()
    phone = StringField()


class PasswordForm(Form):
    """The password, asked again."""

    password = PasswordField()


class NameForm(Form):
    """A new name."""

    name = StringField()


class HelpForm(Form):
    """What an admin says when they help somebody."""

    reason = StringField()
    until = StringField()
    setup_code = StringField()


def is_too_long() -> bool:
    """Say whether this request's body is larger than any of ours, so that it is not read.

    A body that does not say its length is read, no further than that.
    """
    size = request.content_length
    if size is None and request.environ.get("wsgi.input_terminated"):
        known = visit()
        if known.body_bytes is None:
            known.body_bytes = _read_at_most(MOST_BYTES + 1)
        size = known.body_bytes
    return (size or 0) > MOST_BYTES


def sent() -> MultiDict[str, str]:
    """Give the fields of this request that are text; none of a body that is too long."""
    if is_too_long():
        return MultiDict()
    if not request.is_json:
        return request.form
    body = _json()
    pairs = body.items() if isinstance(body, dict) else ()
    return MultiDict([(str(key), value) for key, value in pairs if _is_text(value)])


def value(name: str) -> str | None:
    """Give a value from the address, else from what was sent."""
    return request.args.get(name) or sent().get(name)


def ticked(name: str) -> bool:
    """Say whether a box was ticked: any text but a plain no, or true in JSON."""
    body = _json() if request.is_json and not is_too_long() else None
    if isinstance(body, dict) and isinstance(body.get(name), bool):
        return bool(body[name])
    return text(sent().get(name)).lower() not in {"", "0", "false", "no", "off"}


def text(value: object) -> str:
    """Give a field's text without blanks around it."""
    return value.strip() if isinstance(value, str) else ""


def _read_at_most(most: int) -> int:
    source, found = request.environ["wsgi.input"], b""
    while len(found) < most and (more := source.read(most - len(found))):
        found += more
    request.stream = BytesIO(found)
    return len(found)


def _json() -> Any:
    try:
        return request.get_json(silent=True)
    except RecursionError:  # a body of nothing but brackets
        return None


def _is_text(value: object) -> bool:
    # JSON may name half a character, which no encoder takes.
    return isinstance(value, str) and not any("\ud800" <= one <= "\udfff" for one in value)
