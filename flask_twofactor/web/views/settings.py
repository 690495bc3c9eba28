"""The settings page and its changes: rename, remove, new codes, turn off."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Response, request, url_for

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.records import Authenticator
from flask_twofactor.flows import changing
from flask_twofactor.flows.acting import Acting
from flask_twofactor.web import (
    answers,
    courtesy,
    delivering,
    login_hook,
    naming,
    notes,
    redirects,
    tenancy,
    who,
)
from flask_twofactor.web.forms import NameForm
from flask_twofactor.web.state import app_state

from . import listing

Change = Callable[[Acting], str | None]


def overview(
    refused: RefusedError | None = None, renaming: str | None = None, typed: str | None = None
) -> Response:
    """Show what the person has set up; a refused new name stays in its field."""
    acting = who.acting()
    if acting is None or acting.hold is not None:
        return who.turn_away()
    shown = changing.overview(app_state().ports, acting.user_key)
    terms = acting.terms or app_state().ports.site_terms
    facts: dict[str, Any] = {
        "protected": shown.protected,
        **tenancy.facts(acting.requirement),
        "codes_left": shown.codes_left,
        "few_codes": shown.few_codes,
        "authenticators": [_facts(one) for one in shown.authenticators],
        "trusted_device_days": terms.trusted_device_days,
        "trusted_devices": listing.of_devices(acting),
        "sessions": listing.of_sessions(acting),
    }
    methods = {method.name: method for method in app_state().ports.methods}
    titles = {name: method.title for name, method in methods.items()}
    return answers.page(
        "overview",
        facts,
        refused=refused,
        asked_by=tenancy.names(acting.requirement.asks),
        titles=titles,
        add_url=redirects.to_add_one(),
        note=_note(),
        methods=methods,
        allowed=terms.methods,
        renaming=renaming if renaming in _ids(facts) else None,
        typed_name=typed,
    )


def _facts(one: Authenticator) -> dict[str, Any]:
    place = delivering.place_of(one)
    return {
        "id": one.id,
        "method": one.method,
        "name": naming.named(one).name,
        "named": naming.is_named(one),
        "created_at": int(one.created_at),
        "last_used_at": int(one.last_used_at) if one.last_used_at else None,
        **({} if place is None else {"to": place}),
    }


def _ids(facts: dict[str, Any]) -> set[str]:
    return {one["id"] for one in (*facts["authenticators"], *facts["trusted_devices"])}


def backup_codes(refused: RefusedError | None = None) -> Response:
    """Say how many codes are left, or make a new set and show it once."""
    acting = who.acting()
    if acting is None or acting.hold is not None:
        return who.turn_away()
    if request.method == "POST" and refused is None:
        try:
            codes = list(changing.renew_codes(app_state().ports, acting))
        except RefusedError as error:
            return _turn(error, "backup_codes", overview)
        target = url_for("twofactor.overview")
        facts = {"ok": True, "next": target, "codes": codes, notes.OTHERS_ENDED: False}
        return answers.codes_page("codes", facts, acting.account.label, first=False)
    shown = changing.overview(app_state().ports, acting.user_key)
    if not shown.protected:
        return overview(refused or RefusedError("not_protected"))
    facts_now = {"codes_left": shown.codes_left}
    return answers.page("backup_codes", facts_now, refused=refused, note=_note())


def _note() -> str | None:
    return None if courtesy.wants_json() else notes.take()


def remove_authenticator(id: str, refused: RefusedError | None = None) -> Response:  # noqa: A002
    """Remove one authenticator."""
    return change(lambda acting: changing.remove(app_state().ports, acting, id), refused)


def rename_authenticator(id: str, refused: RefusedError | None = None) -> Response:  # noqa: A002
    """Rename one authenticator."""
    name = NameForm.read().name.data
    again = partial(overview, renaming=id, typed=name)
    return change(
        lambda acting: changing.rename(app_state().ports, acting, id, name), refused, again
    )


def disable(refused: RefusedError | None = None) -> Response:
    """Turn two-factor authentication off."""
    return change(lambda acting: changing.disable(app_state().ports, acting), refused)


def change(
    do: Change,
    refused: RefusedError | None,
    again: Callable[[RefusedError], Response] = overview,
) -> Response:
    """Do one change for who acts, and show the settings again, or what must be shown first."""
    acting = who.acting()
    if acting is None or acting.hold is not None:
        return who.turn_away()
    try:
        if refused is not None:
            raise refused
        token = do(acting)
    except RefusedError as error:
        return _turn(error, "overview", again)
    target = url_for("twofactor.overview")
    if token is None:
        return answers.go(target)
    login_hook.adopt_proof(token)
    return answers.go(target, note=notes.OTHERS_ENDED)


def _turn(
    error: RefusedError, endpoint: str, again: Callable[[RefusedError], Response]
) -> Response:
    if error.code in answers.NEEDS:
        return answers.ask_first(error, url_for(f"twofactor.{endpoint}"), again="1")
    return again(error)
