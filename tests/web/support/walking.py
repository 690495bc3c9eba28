"""Walking a whole `url_map` with every method, and reading all that an answer carries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from .host import session_of

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
ARGUMENTS = {
    "filename": "twofactor.css",
    "method": "totp",
    "id": "1",
    "lang": "fr",
    "token": "a.b.c",
    "tenant": "oak",
    "key": "@Person:1",
}


class Step(NamedTuple):
    """One request of the walk."""

    endpoint: str
    path: str
    method: str


def steps(app: Flask) -> Iterator[Step]:
    """Give every rule of the app with every method, allowed or not, and one unknown path."""
    for rule in app.url_map.iter_rules():
        built = rule.build({name: ARGUMENTS[name] for name in rule.arguments})
        assert built is not None
        for method in METHODS:
            yield Step(rule.endpoint, built[1], method)
    for method in METHODS:
        yield Step("", "/nowhere/at/all", method)


def take(client: FlaskClient, step: Step) -> TestResponse:
    """Send one request of the walk."""
    return client.open(step.path, method=step.method, buffered=True)


def told(client: FlaskClient, answer: TestResponse) -> str:
    """Give all that an answer carries: body, headers, cookies, and what is in the session."""
    cookies = [f"{one.key}={one.decoded_value}" for one in client._cookies.values()]
    kept = json.dumps(session_of(client), default=str)
    return "\n".join([answer.text, str(answer.headers), *cookies, kept])
