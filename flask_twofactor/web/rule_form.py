"""Reading a tenant's rule from a form or a JSON body, with what is wrong said at its field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, get_args

from flask import request

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.rules import Mode, Rule

from .forms import is_too_long, json_body

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)
"""Within these every date that follows from a rule can still be written."""
MOST_DAYS = 366
MOST_CODES = 50
MOST_ROLES = 50
LONGEST_ROLE = 255
LONGEST_NUMBER = 9
UNREADABLE = "\ufffd"
"""What stands for a value that is neither text nor a number: no field takes it."""
FIELDS = (
    "mode",
    "roles",
    "starts_on",
    "grace_days",
    "methods",
    "trusted_device_days",
    "backup_codes",
    "version",
)


def read_fields() -> dict[str, list[str]]:
    """Give what was sent for each field, as texts; several where a list was meant."""
    if is_too_long():
        return {name: [] for name in FIELDS}
    if request.is_json:
        body = json_body()
        sent = {name: _texts(body[name]) for name in FIELDS if body.get(name) is not None}
    else:
        sent = {name: _split(request.form.getlist(name)) for name in FIELDS if name in request.form}
    if sent.get("methods") == []:
        sent["methods"] = [UNREADABLE]  # none was chosen, which is not the same as left out
    return {name: sent.get(name, []) for name in FIELDS}


def read_rule(tenant: str, fields: dict[str, list[str]]) -> Rule:
    """Make a rule of what was sent; RefusedError says which field is wrong."""
    return make_rule(
        tenant,
        mode=_one(fields["mode"]),
        roles=fields["roles"],
        starts_on=_one(fields["starts_on"]) or None,
        grace_days=_one(fields["grace_days"]) or 0,
        methods=fields["methods"] or None,
        trusted_device_days=_one(fields["trusted_device_days"]) or None,
        backup_codes=_one(fields["backup_codes"]) or None,
    )


def read_version(fields: dict[str, list[str]]) -> int | None:
    """Give the version that the sender saw, None if none was sent; -1, which is none, if unclear."""
    text = _one(fields["version"])
    return _whole(text) if text else None


def make_rule(
    tenant: str,
    *,
    mode: object,
    roles: Sequence[str] = (),
    starts_on: object = None,
    grace_days: object = 0,
    methods: Sequence[str] | None = None,
    trusted_device_days: object = None,
    backup_codes: object = None,
) -> Rule:
    """Make a rule of values that may be text; RefusedError says which field is wrong."""
    if mode not in get_args(Mode):
        raise RefusedError("mode_unknown", field="mode")
    return Rule(
        tenant=tenant,
        mode=mode,  # type: ignore[arg-type]
        roles=_roles(roles),
        starts_on=_date(starts_on),
        grace_days=_number("grace_days", grace_days, 0, MOST_DAYS) or 0,
        methods=None if methods is None else tuple(dict.fromkeys(methods)),
        trusted_device_days=_number("trusted_device_days", trusted_device_days, 0, MOST_DAYS),
        backup_codes=_number("backup_codes", backup_codes, 1, MOST_CODES),
    )


def _roles(found: Sequence[str]) -> tuple[str, ...]:
    roles = tuple(sorted({str(one) for one in found if str(one)}))
    sane = all(UNREADABLE not in one and len(one) <= LONGEST_ROLE for one in roles)
    if len(roles) > MOST_ROLES or not sane:
        raise RefusedError("roles_missing", field="roles")
    return roles


def _date(found: object) -> date | None:
    if found is None:
        return None
    try:
        day = date.fromisoformat(str(found))
    except ValueError as error:
        raise RefusedError("starts_on_wrong", field="starts_on") from error
    if not FIRST_DAY <= day <= LAST_DAY:
        raise RefusedError("starts_on_wrong", field="starts_on")
    return day


def _number(name: str, found: object, low: int, high: int) -> int | None:
    if found is None:
        return None
    number = _whole(str(found))
    if not low <= number <= high:
        raise RefusedError("number_wrong", field=name, low=low, high=high)
    return number


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else -1


def _texts(found: Any) -> list[str]:
    # What is of the wrong kind must be refused at its field, and never read as left out.
    if isinstance(found, list):
        return _clean(_text(one) for one in found)
    return _split([_text(found)])


def _text(found: Any) -> str:
    sane = isinstance(found, str | int) and not isinstance(found, bool)
    return str(found) if sane else UNREADABLE


def _split(texts: Sequence[str]) -> list[str]:
    return _clean(part for text in texts for part in text.split(","))


def _clean(texts: Iterable[str]) -> list[str]:
    parts = (text.strip() for text in texts)
    return [part if part.isprintable() else UNREADABLE for part in parts if part]


def _one(texts: Sequence[str]) -> str:
    return texts[0] if texts else ""
