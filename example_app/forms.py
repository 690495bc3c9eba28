"""Forms of the client area."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, PasswordField, StringField
from wtforms.validators import AnyOf, InputRequired, Length

from flask_twofactor import TwoFactorLoginMixin


class LoginForm(FlaskForm):
    """Address and password."""

    email = EmailField(
        "E-mail address", [InputRequired("Enter your e-mail address."), Length(max=254)]
    )
    password = PasswordField("Password", [InputRequired("Enter your password."), Length(max=1000)])
    remember = BooleanField("Keep me signed in")


class OrchidLoginForm(TwoFactorLoginMixin, LoginForm):
    """Orchid asks for the code on the login page itself, in its own words."""

    remember_device = BooleanField("Remember this device for 30 days")


class IndusLoginForm(LoginForm):
    """Indus has a box to tick that a simple program leaves alone."""

    captcha = BooleanField("I am not a robot", [InputRequired("Check the box, please.")])


LOGIN_FORMS: dict[str, type[LoginForm]] = {"indus": IndusLoginForm, "orchid": OrchidLoginForm}
"""The tenants with a login form of their own."""


QUESTIONS = (
    "What was the name of your first school?",
    "In which town were your parents married?",
    "What was the first dish you learned to cook?",
)


class QuestionForm(FlaskForm):
    """A question and its answer."""

    question = StringField("Question", [AnyOf(QUESTIONS, "Choose one of the questions.")])
    answer = StringField("Answer", [InputRequired("Enter an answer."), Length(max=200)])
