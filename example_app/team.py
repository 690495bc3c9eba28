"""Editing a cell phone on the team page: the own one by a code, another's as a proposal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user, login_required

from example_app import accounts
from example_app.database import session
from example_app.models import CALLING_CODES, Account, CellPhone

if TYPE_CHECKING:
    from flask import Flask
    from flask.typing import ResponseReturnValue

#: Whose team pages have cell phones.
TENANTS = frozenset({"orchid"})
COUNTRIES = {
    "CA": "Canada",
    "DE": "Germany",
    "FR": "France",
    "NL": "Netherlands",
    "PK": "Pakistan",
    "GB": "United Kingdom",
    "US": "United States",
}
_LONGEST = 40

bp = Blueprint("team", __name__)


def init_app(app: Flask) -> None:
    """Give *app* the page."""
    app.register_blueprint(bp)
    app.jinja_env.globals["may_edit"] = may_edit


def may_edit(account: Account) -> bool:
    """Whether who is signed in may edit *account*: the own one, or as an admin of its tenant."""
    theirs = {one.tenant_slug for one in account.memberships} & TENANTS
    mine = {one.tenant_slug: one.role for one in current_user.memberships}
    if account.id == current_user.id:
        return bool(theirs)
    return any(mine.get(slug) == "admin" for slug in theirs)


@bp.route("/team/<key>/edit", methods=["GET", "POST"])
@login_required
def edit(key: str) -> ResponseReturnValue:
    """Show the form; store what an admin types for somebody else, who then confirms it."""
    account = accounts.by_key(key)
    if account is None or not may_edit(account):
        abort(404)
    own = account.id == current_user.id
    if request.method == "GET" or own:
        return _form(account, own=own)
    country, phone = request.form.get("country", ""), request.form.get("phone", "").strip()
    if country not in COUNTRIES or not 0 < len(phone) <= _LONGEST or not phone.isprintable():
        return _form(account, own=own, fault="Choose a country and enter the number."), 400
    account.cell_phone = CellPhone(country=country, phone=phone)
    session().commit()
    flash(f"Saved. {account.name} confirms the number when setting up text messages.")
    return redirect(url_for("pages.team"))


def _form(account: Account, *, own: bool, fault: str | None = None) -> str:
    countries = [(code, name, CALLING_CODES[code]) for code, name in COUNTRIES.items()]
    saved = account.cell_phone
    return render_template(
        "team_edit.html",
        member=account,
        own=own,
        fault=fault,
        countries=countries,
        country=request.form.get("country") or (saved.country if saved else "GB"),
        phone=request.form.get("phone") or (saved.phone if saved else ""),
    )
