"""Logging in and out, with Flask-Login and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import LoginManager, current_user, login_user, logout_user

from example_app import accounts
from example_app.forms import LOGIN_FORMS, LoginForm
from example_app.redirects import local_target
from example_app.seed import DEMO_PASSWORD, PEOPLE

if TYPE_CHECKING:
    from flask import Flask
    from flask.typing import ResponseReturnValue

    from example_app.models import Account

bp = Blueprint("auth", __name__)

login_manager = LoginManager()
login_manager.login_view = "auth.login"
login_manager.login_message = "Please sign in to see that page."
login_manager.user_loader(accounts.by_key)


def init_app(app: Flask) -> None:
    """Give *app* its login."""
    login_manager.init_app(app)
    app.register_blueprint(bp)


@bp.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Ask for address and password; lead on to ``next`` if it is a page of ours."""
    if request.method == "GET" and current_user.is_authenticated:
        return redirect(url_for("pages.account"))
    form = LOGIN_FORMS.get(_tenant(), LoginForm)()
    if request.method == "GET":
        form.email.data = request.args.get("email")  # the panel of demo accounts fills it in
    elif form.validate_on_submit():
        account = accounts.sign_in(form.email.data or "", form.password.data or "")
        if account is not None:
            login_user(account, remember=form.remember.data)
            return redirect(_next() or url_for(_landing(account)))
        form.form_errors.append("That e-mail address and password do not belong together.")
    status = 400 if form.is_submitted() else 200
    return _page(form), status


@bp.post("/logout")
def logout() -> ResponseReturnValue:
    """Log out, by POST only, so that no link or picture elsewhere can do it."""
    logout_user()
    flash("You are signed out.")
    return redirect(url_for("auth.login"))


def _landing(account: Account) -> str:
    """Where a login leads: at Indus to the security settings."""
    at_indus = account.home is not None and account.home.slug == "indus"
    return "twofactor.overview" if at_indus else "pages.account"


def _next() -> str | None:
    return local_target(request.args.get("next"))


def _tenant() -> str:
    """Whose login page this is: as the address of the page says, or that of the person."""
    email = request.form.get("email") or request.args.get("email", "")
    host = email.strip().lower().partition("@")[2]
    return request.args.get("tenant") or host.removesuffix(".test")


def _page(form: LoginForm) -> str:
    return render_template(
        "login.html",
        form=form,
        next=_next(),
        tenant=request.args.get("tenant"),
        people=PEOPLE,
        demo_password=DEMO_PASSWORD,
    )
