"""`TwoFactorLoginMixin`: the code field on the host's own login page."""

from __future__ import annotations

from typing import Any

from flask import current_app, has_request_context
from wtforms import BooleanField, Form, PasswordField, StringField

from flask_twofactor.core.texts import mark

from .forms import plain
from .i18n import gettext
from .state import NAME, Visit, app_state, visit

OURS = ("code", "remember_device")


class Tick(BooleanField):
    """A box that is shown again with its own value, never with what a script sent."""

    def _value(self) -> str:
        return "y"


class TwoFactorLoginMixin:
    """Adds "Authentication code" and "Remember this device" to a Flask-WTF login form.

    `class LoginForm(TwoFactorLoginMixin, FlaskForm)`; the view that uses it stays as it is. Both
    fields may stay empty, for everybody. The code is looked at when `login_user` was called, so
    after the password was right, and only for who has two-factor authentication: a right one
    finishes the login, a wrong one leads to the challenge with its error and is counted there
    once, none leads to the challenge. A backup code is taken too.

    Where `TWOFACTOR_TRUSTED_DEVICE_DAYS` is 0 the second field is None. Both may be declared
    anew for another label, or as None.
    """

    code = StringField(
        mark("Authentication code"),
        filters=[plain],
        description=mark("Leave this empty to be asked on the next page, if it is needed."),
        render_kw={
            "autocomplete": "one-time-code",
            "autocapitalize": "none",
            "spellcheck": "false",
            "maxlength": "128",
        },
    )
    remember_device: BooleanField = Tick(mark("Remember this device"))

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse an order of base classes in which this one would do nothing."""
        super().__init_subclass__(**kwargs)
        order = cls.__mro__
        if Form in order and order.index(Form) < order.index(TwoFactorLoginMixin):
            message = "Name TwoFactorLoginMixin before FlaskForm in the bases of the login form."
            raise TypeError(message)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        form: Any = self
        if NAME not in current_app.extensions:
            return
        for name in _ours(form._fields):
            field = form[name]
            field.label.text = gettext(field.label.text)
            field.description = gettext(field.description) if field.description else ""
        form._fields = _after_password(form._fields)
        if form.remember_device and not app_state().settings.trusted_device_days:
            del form.remember_device
        if has_request_context():
            visit().login_form = form


def typed_code(now: Visit) -> str:
    """Give the code that came with this request's login form, or nothing."""
    field = None if now.login_form is None else now.login_form.code
    return "" if field is None else plain(field.data)


def is_ticked(now: Visit) -> bool:
    """Say whether the login form of this request asks to remember the device."""
    box = None if now.login_form is None else now.login_form.remember_device
    return box is not None and bool(box.data)


def _after_password(fields: dict[str, Any]) -> dict[str, Any]:
    """Give the fields in the order that a template's loop shows: ours follow the password."""
    passwords = [name for name, field in fields.items() if isinstance(field, PasswordField)]
    if not passwords:
        return fields
    others = [name for name in fields if name not in OURS]
    at = others.index(passwords[-1]) + 1
    return {name: fields[name] for name in (*others[:at], *_ours(fields), *others[at:])}


def _ours(fields: dict[str, Any]) -> list[str]:
    # A host may take one out, by `remember_device = None`.
    return [name for name in OURS if name in fields]
