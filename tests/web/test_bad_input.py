"""Bad input gets a clear error at the field, costs one guess at most, and lets nobody in."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from .support import bad_input
from .support.bad_input import ALL_PAGES, BAD_CODES, BAD_NAMES, BODIES, CODE_PAGES, VALUES, Page
from .support.portal import CHALLENGE, SETUP, Portal, form, portal, token

PAGES = pytest.mark.parametrize("page", ALL_PAGES, ids=str)


def check(
    host: Portal, page: Page, client: FlaskClient, answer: TestResponse, *, at_field: bool = True
) -> None:
    """See that an answer is a clear refusal, whoever asked, and that nothing followed."""
    assert answer.status_code == 400
    if answer.is_json:
        body = answer.get_json()
        assert body["error"]
        assert body["message"]
        assert body["csrf_token"]
    else:
        assert 'role="alert" id="tf-error"' in answer.text
        assert page.field == "name" or ('aria-invalid="true"' in answer.text) is at_field
        assert page.field == "name" or f'name="{page.field}"' in answer.text
    assert host.failures() <= 1
    assert page.shut(host, client)


def fields(page: Page, value: object) -> dict[str, Any]:
    """Give a page's fields with this value typed."""
    return {**page.extra, page.field: value}


@pytest.mark.parametrize("kind", BAD_CODES)
@pytest.mark.parametrize("page", CODE_PAGES, ids=str)
def test_a_bad_code_in_a_form(page: Page, kind: str) -> None:
    """Whatever is typed into the code field of a form."""
    with portal() as host:
        client, path = page.open(host)
        check(host, page, client, form(client, path, **fields(page, BAD_CODES[kind])))


@pytest.mark.parametrize("kind", BAD_CODES)
@pytest.mark.parametrize("page", CODE_PAGES, ids=str)
def test_a_bad_code_in_json(page: Page, kind: str) -> None:
    """Whatever a script sends as the code."""
    with portal() as host:
        client, path = page.open(host)
        answer = bad_input.post_json(client, path, fields(page, BAD_CODES[kind]))
        check(host, page, client, answer)


@pytest.mark.parametrize(
    ("page", "typed"),
    [
        *((ALL_PAGES[3], BAD_CODES[kind]) for kind in BAD_CODES),
        *((ALL_PAGES[4], BAD_NAMES[kind]) for kind in BAD_NAMES),
    ],
    ids=[f"password-{kind}" for kind in BAD_CODES] + [f"name-{kind}" for kind in BAD_NAMES],
)
def test_a_bad_password_or_name(page: Page, typed: str) -> None:
    """Whatever is typed is refused, and is no guess at a code.

    A password is wrong; a name has nothing that can be seen, or no end.
    """
    with portal() as host:
        client, path = page.open(host)
        check(host, page, client, form(client, path, **{page.field: typed}))
        check(host, page, client, bad_input.post_json(client, path, {page.field: typed}))
        assert host.failures() == 0


@PAGES
@pytest.mark.parametrize("kind", VALUES)
def test_a_field_of_another_type(page: Page, kind: str) -> None:
    """A JSON field that is no text counts as not sent."""
    with portal() as host:
        client, path = page.open(host)
        answer = bad_input.post_json(client, path, fields(page, VALUES[kind]))
        check(host, page, client, answer)
        assert host.failures() == 0


@PAGES
@pytest.mark.parametrize("kind", VALUES)
def test_a_method_of_another_type(page: Page, kind: str) -> None:
    """Every other field of JSON may be of any type too."""
    with portal() as host:
        client, path = page.open(host)
        body = {"method": VALUES[kind], "name": VALUES[kind], "next": VALUES[kind]}
        check(host, page, client, bad_input.post_json(client, path, body))


@PAGES
@pytest.mark.parametrize("kind", BODIES)
def test_a_body_of_any_shape(page: Page, kind: str) -> None:
    """A JSON body that is no object, or cannot be read, counts as empty."""
    with portal() as host:
        client, path = page.open(host)
        check(host, page, client, bad_input.post_body(client, path, BODIES[kind]))


@PAGES
@pytest.mark.parametrize("kind", VALUES)
def test_a_csrf_token_of_another_type(page: Page, kind: str) -> None:
    """A token that is no token is a missing one."""
    with portal() as host:
        client, path = page.open(host)
        client.get(path)
        answer = client.post(path, json={"csrf_token": VALUES[kind]})
        check(host, page, client, answer)
        assert answer.get_json()["error"] == "csrf"


@PAGES
def test_repeated_fields(page: Page) -> None:
    """A field sent often is one field: the first counts, and is paid for once."""
    with portal() as host:
        client, path = page.open(host)
        values = ["", "", ""] if page.field == "name" else ["wrong1", "wrong2", "wrong3"]
        data: dict[str, Any] = {"csrf_token": token(client, path), page.field: values}
        check(host, page, client, client.post(path, data=page.extra | data))


@PAGES
def test_a_file_in_the_field(page: Page) -> None:
    """An upload is no text, whatever it holds."""
    with portal() as host:
        client, path = page.open(host)
        upload = (io.BytesIO(b"123456"), "code.txt")
        check(host, page, client, form(client, path, **fields(page, upload)))
        assert host.failures() == 0


@PAGES
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name="),
        ("multipart/form-data; boundary=x", b"--y\r\nnonsense\r\n--y--"),
        ("multipart/form-data", b'--x\r\nContent-Disposition: form-data; name="code"\r\n\r\n1'),
        ("multipart/form-data; boundary=", b"--\r\n\r\n----"),
        ("application/x-www-form-urlencoded", b"%ff%fe&&&=&code=%"),
        ("application/x-www-form-urlencoded; charset=nonsense", b"code=123456"),
        ("text/plain", b"code=123456"),
        ("nonsense", b"code=123456"),
        ("", b"\x00" * 100),
    ],
    ids=["cut", "no part", "no boundary", "no name", "no text", "charset", "plain", "?", "NUL"],
)
def test_a_broken_body(page: Page, kind: str, body: bytes) -> None:
    """A body that cannot be read has no CSRF token, and the form is shown again."""
    with portal() as host:
        client, path = page.open(host)
        answer = client.post(path, data=body, content_type=kind)
        check(host, page, client, answer, at_field=False)
        assert host.failures() == 0


@PAGES
@pytest.mark.parametrize("size", [100_000, 10_000_000])
def test_a_huge_multipart_body(page: Page, size: int) -> None:
    """A large upload is refused before it is read."""
    head = f'--x\r\nContent-Disposition: form-data; name="{page.field}"; filename="a"\r\n\r\n'
    body = head.encode() + b"1" * size + b"\r\n--x--\r\n"
    with portal() as host:
        client, path = page.open(host)
        answer = client.post(path, data=body, content_type="multipart/form-data; boundary=x")
        check(host, page, client, answer)
        assert host.failures() == 0


@pytest.mark.parametrize("name", ["", "..", "%00", "sms", "backup_code", "\uff54otp", "a" * 5000])
def test_a_method_that_does_not_exist(name: str) -> None:
    """An unknown way is never right, at the challenge or at setup."""
    with portal() as host:
        page = CODE_PAGES[0]
        client, path = page.open(host)
        answer = form(client, path, method=name, code=host.code())
        check(host, page, client, answer, at_field=False)
        assert host.failures() == 0

    with portal() as host:
        page = CODE_PAGES[1]
        client, _ = page.open(host)
        answer = client.post(f"/two-factor/setup/{name}", data={"csrf_token": token(client, SETUP)})
        assert answer.status_code in {308, 400, 404, 405}
        assert page.shut(host, client)


def test_the_right_code_still_works_after_all_this() -> None:
    """Bad input costs at most one guess: the account is not locked by it."""
    page = CODE_PAGES[0]
    with portal() as host:
        client, path = page.open(host)
        for bad in ("", " ", "abcdef"):
            form(client, path, **fields(page, bad))
        assert host.failures() == 1
        assert form(client, CHALLENGE, method="totp", code=host.code()).status_code == 303
        assert host.lets_in(client, host.vic)
