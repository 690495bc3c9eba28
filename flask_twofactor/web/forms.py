"""What each page takes, as Flask-WTF forms; JSON bodies are read by the same ones."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import PasswordField, StringField

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


class PasswordForm(Form):
    """The password, asked again."""

    password = PasswordField()


class NameForm(Form):
    """A new name."""

    name = StringField()


def sent() -> MultiDict[str, str]:
    """Give the fields of this request that are text."""
    if not request.is_json:
        return request.form
    body = request.get_json(silent=True)
    pairs = body.items() if isinstance(body, dict) else ()
    return MultiDict([(str(key), value) for key, value in pairs if isinstance(value, str)])


def text(value: object) -> str:
    """Give a field's text without blanks around it."""
    return value.strip() if isinstance(value, str) else ""
