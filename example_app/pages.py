"""The pages of a signed-in customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user, login_required, logout_user
from sqlalchemy import select

from example_app import accounts, files, showcase
from example_app.database import session
from example_app.models import Account, Membership, Tenant
from example_app.two_factor import twofactor
from flask_twofactor import step_up_required, two_factor_required

if TYPE_CHECKING:
    from flask import Flask
    from flask.typing import ResponseReturnValue

bp = Blueprint("pages", __name__)


def init_app(app: Flask) -> None:
    """Give *app* its pages."""
    app.register_blueprint(bp)


@bp.get("/")
def index() -> ResponseReturnValue:
    """Lead to the account, or to the login."""
    if current_user.is_authenticated:
        return redirect(url_for("pages.account"))
    return redirect(url_for("auth.login"))


@bp.get("/account")
@login_required
def account() -> ResponseReturnValue:
    """Services, own details, and the way to the security settings."""
    return render_template("account.html", services=showcase.services(_tenants()))


@bp.get("/team")
@login_required
def team() -> ResponseReturnValue:
    """Everyone in the tenants of the one who looks."""
    rows = session().scalars(
        select(Membership)
        .join(Membership.account)
        .where(Membership.tenant_slug.in_([tenant.slug for tenant in _tenants()]))
        .order_by(Membership.tenant_slug, Account.name)
    )
    return render_template("team.html", memberships=list(rows))


@bp.get("/billing")
@two_factor_required
def billing() -> ResponseReturnValue:
    """Plans and the last invoices, for people with two-factor authentication."""
    return render_template("billing.html", bills=showcase.bills(_tenants()))


@bp.post("/delete-account")
@step_up_required(action="delete-account")
def delete_account() -> ResponseReturnValue:
    """Delete the own account for good, after a code that was given for just that."""
    account = accounts.by_key(current_user.get_id())
    if account is not None:
        accounts.delete(account)
        files.delete(str(account.id))
        twofactor.forget_user(account)
    logout_user()
    flash("Your account is deleted.")
    return redirect(url_for("auth.login"))


def _tenants() -> list[Tenant]:
    return [membership.tenant for membership in current_user.memberships]
