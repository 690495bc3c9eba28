"""Forms of the client area."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, PasswordField
from wtforms.validators import InputRequired, Length


class LoginForm(FlaskForm):
    """Address and password."""

    email = EmailField(
        "E-mail address", [InputRequired("Enter your e-mail address."), Length(max=254)]
    )
    password = PasswordField("Password", [InputRequired("Enter your password."), Length(max=1000)])
    remember = BooleanField("Keep me signed in")
