"""The answers of our pages: the same facts as a page for people and as JSON for clients."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, make_response, redirect, request, url_for
from flask_wtf.csrf import generate_csrf

from flask_twofactor.core.errors import RefusedError

from . import notes, redirects
from .courtesy import wants_json
from .messages import is_about_field, message
from .render import render
from .session import CSRF
from .state import app_state, visit

STATUS = {
    "throttled": 429,
    "signed_out": 401,
    "hold_gone": 401,
    "unavailable": 503,
    "send_later": 503,
    "send_paused": 503,
    "send_failed": 502,
    "send_unknown": 502,
    "not_allowed": 403,
    "unknown_member": 404,
    "rule_changed": 409,
}
NEEDS = {
    "step_up_required": "twofactor.step_up",
    "password_required": "twofactor.confirm_password",
}
LATE = frozenset(
    {"changed_meanwhile", "setup_expired", "signed_out", "not_protected", "unknown_authenticator"}
) | set(NEEDS)
"""What the second request of a double click may be told, whose first changed everything."""


def page(
    name: str,
    facts: dict[str, Any] | None = None,
    *,
    refused: RefusedError | None = None,
    status: int = 200,
    **context: Any,
) -> Response:
    """Show a page, with an error if there is one; JSON clients get `facts` or the error."""
    if refused is not None:
        status = STATUS.get(refused.code, 400)
        _note(refused)
    if wants_json():
        answer = make_response(jsonify(_json(facts, refused)), status)
    else:
        values = (facts or {}) | context | _error(refused)
        answer = make_response(render(name, **values), status)
    if refused is not None and refused.retry_after is not None:
        answer.headers["Retry-After"] = str(refused.retry_after)
    return answer


def codes_page(name: str, facts: dict[str, Any], label: str, **context: Any) -> Response:
    """Show a page that may have codes to save: whose they are and of when goes with them."""
    context |= {"made_at": app_state().ports.clock(), "add_url": redirects.to_add_one()}
    return page(name, facts, label=label, **context)


def go(target: str, note: str | None = None, **facts: Any) -> Response:
    """Send a person on; JSON clients are told where, and the facts.

    A note is said on the page of ours there.
    """
    if wants_json():
        told = {} if note is None else {note: True}
        return make_response(jsonify({"ok": True, "next": target, **told, **facts}))
    if note is not None:
        notes.leave(note)
    return make_response(redirect(target, 303))


def ask_first(refused: RefusedError, next_page: str, again: str | None = None) -> Response:
    """Lead to what must be shown first, the second factor or the password, and back.

    `again` lets the person read there that a form has to be sent once more.
    """
    _note(refused)
    full = "1" if refused.evidence.get("full") else None
    action = refused.evidence.get("action")
    target = url_for(NEEDS[refused.code], next=next_page, full=full, action=action, again=again)
    if wants_json():
        answer = {"error": refused.code, f"{refused.code.removesuffix('_required')}_url": target}
        return make_response(jsonify(answer), 403)
    return make_response(redirect(target, 303))


def _note(refused: RefusedError) -> None:
    visit().lost_race = request.method == "POST" and refused.code in LATE


def _error(refused: RefusedError | None) -> dict[str, Any]:
    if refused is None:
        return {}
    return {"error": message(refused), "error_at_field": is_about_field(refused)}


def _json(facts: dict[str, Any] | None, refused: RefusedError | None) -> dict[str, Any]:
    if refused is None:
        return {**(facts or {}), "csrf_token": generate_csrf(token_key=CSRF)}
    body: dict[str, Any] = {"error": refused.code, "message": message(refused)}
    if refused.retry_after is not None:
        body["retry_after"] = refused.retry_after
    return {**body, "csrf_token": generate_csrf(token_key=CSRF)}
