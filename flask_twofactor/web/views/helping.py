"""Helping one person of a tenant: excuse, unlock, reset."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Response, url_for

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.members import Member
from flask_twofactor.flows import tenants as flow
from flask_twofactor.flows.tenants import Admin
from flask_twofactor.web import admins, answers, who
from flask_twofactor.web.forms import HelpForm, text, ticked
from flask_twofactor.web.state import app_state

from .admitting import not_allowed
from .tenants import show

NOT_THEIRS = {"not_allowed", "unknown_member"}
Help = Callable[[Admin, Member], Response | None]


def reset_member(tenant: str, key: str, refused: RefusedError | None = None) -> Response:
    """Remove all that a person has set up, and end their sessions."""

    def reset(admin: Admin, member: Member) -> Response | None:
        form = HelpForm.read()
        wishes_code = ticked("setup_code")
        code = flow.reset(
            app_state().ports, admin, key, reason=text(form.reason.data), with_code=wishes_code
        )
        if code is None:
            return None
        back = url_for("twofactor.tenant", tenant=tenant)
        facts = {"ok": True, "next": back, "setup_code": code}
        return answers.page("setup_code", facts, person=member.label or key)

    return _help(tenant, key, refused, reset, "reset")


def exempt_member(tenant: str, key: str, refused: RefusedError | None = None) -> Response:
    """Excuse a person until a date, that day included; an empty date takes the excuse back."""

    def exempt(admin: Admin, _member: Member) -> Response | None:
        form = HelpForm.read()
        until = end_of_day(text(form.until.data)) if text(form.until.data) else None
        reason = text(form.reason.data)
        flow.exempt(app_state().ports, admin, tenant, key, until=until, reason=reason)
        return None

    return _help(tenant, key, refused, exempt, "exempt")


def unlock_member(tenant: str, key: str, refused: RefusedError | None = None) -> Response:
    """Give a person all their tries back."""

    def unlock(admin: Admin, _member: Member) -> Response | None:
        flow.unlock(app_state().ports, admin, key)
        return None

    return _help(tenant, key, refused, unlock, "unlock")


def end_of_day(day: str) -> float:
    """Give the end of an ISO date in UTC, as epoch seconds; RefusedError if it is none."""
    try:
        found = date.fromisoformat(day)
        end = datetime(found.year, found.month, found.day, tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise RefusedError("until_wrong", field="until") from error
    return end.timestamp()


def _help(tenant: str, key: str, refused: RefusedError | None, act: Help, done: str) -> Response:
    admin = admins.current()
    if admin is None:
        return who.turn_away()
    try:
        if refused is not None:
            flow.ask_for_tenant(app_state().ports, admin, tenant)
            raise refused
        answer = act(admin, admins.member(admin, tenant, key))
    except RefusedError as error:
        if error.code in NOT_THEIRS:
            return not_allowed(error)
        if error.code in answers.NEEDS:
            return answers.ask_first(error, url_for("twofactor.tenant", tenant=tenant))
        return show(admin, tenant, refused=error, at_member=key, helped=_typed(done))
    return answer or answers.go(url_for("twofactor.tenant", tenant=tenant, done=done))


def _typed(what: str) -> dict[str, Any]:
    form = HelpForm.read()
    reason = text(form.reason.data)[: flow.LONGEST_REASON]
    wishes_code = ticked("setup_code")
    return {
        "what": what,
        "reason": reason,
        "until": text(form.until.data)[:10],
        "setup_code": wishes_code,
    }
