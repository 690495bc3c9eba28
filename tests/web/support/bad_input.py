"""The pages that take something typed, and everything that nobody should type."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from .guard import JSON
from .portal import (
    CHALLENGE,
    CONFIRM,
    DISABLE,
    OVERVIEW,
    PAGES,
    SETUP,
    STEP_UP,
    Portal,
    authenticators,
    form,
    read,
    token,
)


class Page(NamedTuple):
    """A page: its field, a browser in front of it, and whether it kept its secret."""

    name: str
    field: str
    open: Callable[[Portal], tuple[FlaskClient, str]]
    shut: Callable[[Portal, FlaskClient], bool]
    extra: dict[str, str]

    def __str__(self) -> str:
        return self.name


def _held(host: Portal) -> tuple[FlaskClient, str]:
    host.guard.protect(host.vic)
    return host.held(), CHALLENGE


def _setting_up(host: Portal) -> tuple[FlaskClient, str]:
    client = host.plain()
    read(client, SETUP)
    return client, SETUP


def _stepping_up(host: Portal) -> tuple[FlaskClient, str]:
    client = host.protected()
    host.clock.move(600)
    return client, STEP_UP


def _confirming(host: Portal) -> tuple[FlaskClient, str]:
    client = host.plain()
    host.clock.move(600)
    return client, CONFIRM


def _renaming(host: Portal) -> tuple[FlaskClient, str]:
    client = host.protected()
    (mine,) = read(client, OVERVIEW)["authenticators"]
    return client, f"{PAGES}/authenticators/{mine['id']}/rename"


def _not_in(host: Portal, client: FlaskClient) -> bool:
    return not host.lets_in(client, host.vic)


def _still_off(_host: Portal, client: FlaskClient) -> bool:
    return read(client, OVERVIEW)["protected"] is False


def _not_stepped_up(_host: Portal, client: FlaskClient) -> bool:
    return STEP_UP in (form(client, DISABLE).location or "")


def _not_confirmed(_host: Portal, client: FlaskClient) -> bool:
    return CONFIRM in (client.get(SETUP).location or "")


def _not_renamed(_host: Portal, client: FlaskClient) -> bool:
    return [*authenticators(client)] == ["Test phone"]


TOTP = {"method": "totp"}
CODE_PAGES = [
    Page("challenge", "code", _held, _not_in, TOTP),
    Page("setup", "code", _setting_up, _still_off, {}),
    Page("step-up", "code", _stepping_up, _not_stepped_up, TOTP),
]
ALL_PAGES = [
    *CODE_PAGES,
    Page("confirm-password", "password", _confirming, _not_confirmed, {}),
    Page("rename", "name", _renaming, _not_renamed, {}),
]

BAD_CODES = {
    "empty": "",
    "blanks": "   ",
    "letters": "abcdef",
    "full-width digits": "\uff11\uff12\uff13\uff14\uff15\uff16",
    "arabic-indic digits": "\u0661\u0662\u0663\u0664\u0665\u0666",
    "too short": "12345",
    "too long": "1234567",
    "newline inside": "123\n456",
    "NUL": "123456\x00",
    "markup": "<script>alert(1)</script>",
    "60 kB": "1" * 60_000,
    "10 MB": "1" * 10_000_000,
}
BAD_NAMES = {
    "empty": "",
    "blanks": " \t ",
    "NUL": "\x00\x00",
    "control characters": "\x01\u202e\u200b",
    "10 MB": "n" * 10_000_000,
}
VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "number": 123456,
    "float": 1234.5,
    "list": ["123456"],
    "dict": {"$ne": ""},
    "nested": {"a": [{"b": [None, {}]}]},
    "half a character": "\ud800",
}
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "null": b"null",
    "number": b"1",
    "text": b'"code"',
    "list": b'["code", "123456"]',
    "empty dict": b"{}",
    "not JSON": b"{code: 123456",
    "invalid UTF-8": b'{"code": "\xff\xfe"}',
    "UTF-16": '{"code": "123456"}'.encode("utf-16"),
    "huge number": b'{"code": ' + b"9" * 5000 + b"}",
    "infinite": b'{"code": Infinity}',
    "deep": b"[" * 30_000,
    "deep and closed": b'{"code": ' + b"[" * 15_000 + b"]" * 15_000 + b"}",
    "twice": b'{"code": "123456", "code": ["1"], "name": [], "password": {}}',
    "10 MB": b'{"code": "' + b"1" * 10_000_000 + b'"}',
}


def post_json(client: FlaskClient, path: str, value: Any) -> TestResponse:
    """Post any JSON value, with the right header."""
    return post_body(client, path, json.dumps(value).encode())


def post_body(client: FlaskClient, path: str, body: bytes) -> TestResponse:
    """Post any body as JSON, with the right header."""
    headers = JSON | {"X-CSRFToken": token(client, path)}
    return client.post(path, data=body, content_type="application/json", headers=headers)
