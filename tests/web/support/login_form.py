"""A host whose login form has the fields of `TwoFactorLoginMixin`; its view knows nothing of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import redirect, render_template_string, session
from flask.testing import FlaskClient
from flask_login import login_user
from flask_wtf import FlaskForm
from werkzeug.test import TestResponse
from wtforms import BooleanField, PasswordField, StringField, SubmitField

from flask_twofactor import TwoFactorLoginMixin, testing

from .guard import Ours
from .host import PASSWORD, Host, Person
from .portal import Portal

DOOR = "/sign-in"
PAGE = "{% for field in form %}{{ field.label }}{{ field }}{{ field.description }}{% endfor %}"


class LoginForm(TwoFactorLoginMixin, FlaskForm):
    """What the host wrote, and one more base."""

    class Meta:
        """The tests post without opening the page first."""

        csrf = False

    email = StringField("E-mail")
    password = PasswordField("Password")
    remember = BooleanField("Keep me signed in")
    submit = SubmitField("Log in")


class SecondDoor(Host):
    """A host with a second login page."""

    guard: Ours

    def __init__(self, form: type[FlaskForm] = LoginForm, **config: Any) -> None:
        super().__init__(**config)
        self.form = form
        self.was_held: bool | None = None
        self.view(DOOR, "sign_in", self._log_in, "GET", "POST")

    def give(self, client: FlaskClient, code: str = "", **fields: Any) -> TestResponse:
        """Fill in the form with Vic's password, unless told otherwise, and send it."""
        typed = {"email": self.vic.email, "password": PASSWORD, "code": code, **fields}
        return client.post(DOOR, data=typed)

    def say(self, client: FlaskClient, code: Any = "", **fields: Any) -> TestResponse:
        """Send the same as JSON."""
        typed = {"email": self.vic.email, "password": PASSWORD, "code": code, **fields}
        return client.post(DOOR, json=typed)

    def _log_in(self) -> Any:
        form: Any = self.form()
        if form.validate_on_submit():
            user = self._owner(form.email.data, form.password.data)
            if user is not None:
                login_user(user, remember=form.remember.data)
                self.was_held = self.guard.twofactor.is_held()
                session["role"] = user.role
                return redirect("/account")
        return render_template_string(PAGE, form=form), 400 if form.is_submitted() else 200

    def _owner(self, email: str, password: str) -> Person | None:
        found = (one for one in self.people if one.email == email and password == PASSWORD)
        return next(found, None)


class FormHost(SecondDoor, Portal):
    """The portal with a second login page."""


@contextmanager
def form_host(form: type[FlaskForm] = LoginForm, **config: Any) -> Iterator[FormHost]:
    """Open the host; its clock stands still."""
    made = FormHost(form, **config)
    with testing.frozen_clock(made.app) as made.clock:
        yield made


@contextmanager
def protected_host(form: type[FlaskForm] = LoginForm, **config: Any) -> Iterator[FormHost]:
    """Open the host, where Vic has an authenticator app and Ann has none."""
    with form_host(form, **config) as host:
        host.guard.protect(host.vic)
        yield host
