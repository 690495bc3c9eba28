"""No body is read further than 64 kB, whether or not it says how long it is."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from .support.guard import JSON
from .support.portal import CHALLENGE, PAGES, Portal, portal, token

LONGEST = 64 * 1024
JSON_TYPE, FORM_TYPE = "application/json", "application/x-www-form-urlencoded"


class Counting(io.BytesIO):
    """A body that counts what was read of it, a piece of 1000 bytes at most each time."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Read a piece."""
        wanted = 1000 if size is None or size < 0 else min(size, 1000)
        found = super().read(wanted)
        self.taken += len(found)
        return found


@pytest.fixture
def host() -> Iterator[Portal]:
    """A host whose clock stands still, with Vic protected."""
    with portal() as opened:
        opened.guard.protect(opened.vic)
        yield opened


def chunked(client: FlaskClient, path: str, body: Counting, kind: str) -> TestResponse:
    """Post a body without its length, as servers hand a chunked one on."""
    terminated: dict[str, Any] = {
        "CONTENT_LENGTH": "",
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input_terminated": True,
    }
    return client.post(
        path,
        input_stream=body,
        content_type=kind,
        headers={"Accept": "application/json"},
        environ_overrides=terminated,
    )


def written(kind: str, fields: dict[str, str]) -> bytes:
    """Write fields as a body of this kind."""
    return (json.dumps(fields) if kind == JSON_TYPE else urlencode(fields)).encode()


@pytest.mark.parametrize("kind", [JSON_TYPE, FORM_TYPE, "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("path", [CHALLENGE, f"{PAGES}/cancel", f"{PAGES}/backup-codes"])
def test_a_long_body_without_a_length_is_not_read(host: Portal, path: str, kind: str) -> None:
    """Of a body of megabytes 64 kB are read, by strangers' requests too; the page says too long."""
    for client in (host.client(), host.held()):
        body = Counting(written(JSON_TYPE, {"code": "x" * 3_000_000}))
        answer = chunked(client, path, body, kind)

        assert 400 <= answer.status_code < 500
        assert body.taken <= LONGEST + 1
    assert chunked(host.held(), CHALLENGE, Counting(b"x" * 70_000), kind).get_json()["error"] == (
        "too_long"
    )


@pytest.mark.parametrize("kind", [JSON_TYPE, FORM_TYPE])
@pytest.mark.parametrize("size", [0, LONGEST - 300])
def test_a_short_body_without_a_length_is_taken(host: Portal, kind: str, size: int) -> None:
    """A client that sends its form in chunks is served like any other."""
    client = host.held()
    fields = {"csrf_token": token(client, CHALLENGE), "method": "totp", "pad": "x" * size}
    answer = chunked(
        client, CHALLENGE, Counting(written(kind, fields | {"code": host.code()})), kind
    )

    assert answer.status_code == 200
    assert host.lets_in(client, host.vic)


def test_a_body_that_the_host_has_read_is_still_there(host: Portal) -> None:
    """A hook of the host that reads bodies first, to log them, takes nothing away."""

    def log() -> None:
        request.get_data()

    host.app.before_request(log)
    client = host.held()
    fields = {"csrf_token": token(client, CHALLENGE), "method": "totp", "code": host.code()}
    answer = chunked(client, CHALLENGE, Counting(written(JSON_TYPE, fields)), JSON_TYPE)

    assert answer.status_code == 200


@pytest.mark.parametrize(("size", "error"), [(LONGEST + 1, "too_long"), (LONGEST, "csrf")])
def test_a_body_that_says_its_length(host: Portal, size: int, error: str) -> None:
    """One byte over 64 kB is too long."""
    body = json.dumps({"a": ""}).encode()
    client = host.held()
    answer = client.post(
        CHALLENGE,
        data=body.replace(b'""', b'"' + b"x" * (size - len(body)) + b'"'),
        content_type=JSON_TYPE,
        headers=JSON,
    )

    assert answer.get_json()["error"] == error
