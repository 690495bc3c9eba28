"""Nobody is sent to another site, whatever `next` says."""

from __future__ import annotations

from urllib.parse import quote, urljoin, urlsplit

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from flask_login import login_user
from hypothesis import given
from hypothesis import strategies as st

from flask_twofactor.web.redirects import safe_path

from .support.host import PASSWORD
from .support.portal import CONFIRM, OVERVIEW, STEP_UP, Portal, form, portal, send

EVIL = [
    "//evil.test",
    "//evil.test/account",
    "/\\evil.test",
    "\\\\evil.test",
    "\\/evil.test",
    "/\t/evil.test",
    "/\n/evil.test",
    "/\r/evil.test",
    "\t//evil.test",
    " //evil.test",
    "\x00//evil.test",
    "/\x00/evil.test",
    "////evil.test",
    "https:evil.test",
    "https:/evil.test",
    "https:///evil.test",
    "https://evil.test",
    "HTTPS://EVIL.TEST",
    "http:\\\\evil.test",
    "http://localhost@evil.test/",
    "http://user@localhost/",
    "http://evil.test\\@localhost/",
    "http://localhost.evil.test/",
    "http://localhost:81/",
    "http://[evil",
    "ftp://localhost/",
    "javascript:alert(1)",
    "JavaScript:alert(1)//localhost",
    "data:text/html,hello",
    "evil.test",
    "account",
    "?next=/",
    "#top",
    "",
    " ",
    "/" + "a" * 3000,
]
SAFE = {
    "/": "/",
    "/account": "/account",
    "/account?tab=2&x=y": "/account?tab=2&x=y",
    "/account#part": "/account",
    "http://localhost/account?a=b": "/account?a=b",
    "///evil.test": "/evil.test",  # a page of this host by that odd name
    "/@evil.test": "/@evil.test",
    "/a//b": "/a//b",
    "/%2F%2Fevil.test": "/%2F%2Fevil.test",
    "/caf\u00e9": "/caf\u00e9",
}
BASE = "http://localhost/two-factor/step-up"


def lands_here(location: str) -> bool:
    """Say whether a browser that follows this stays on the host."""
    followed = urlsplit(urljoin(BASE, location.replace("\\", "/")))
    return (followed.scheme, followed.netloc) == ("http", "localhost")


@pytest.mark.parametrize("target", EVIL, ids=lambda target: ascii(target)[:40])
def test_an_unsafe_next_leads_home(target: str) -> None:
    """After a step-up or a confirmed password one lands on the settings page instead."""
    with portal() as host:
        client = host.protected()
        address = f"{STEP_UP}?next={quote(target, safe='')}"
        assert form(client, address, method="totp", code=host.code()).location == OVERVIEW
        assert form(client, CONFIRM, password=PASSWORD, next=target).location == OVERVIEW
        body = send(client, CONFIRM, password=PASSWORD, next=target).get_json()
        assert body == {"ok": True, "next": OVERVIEW}


@pytest.mark.parametrize("target", SAFE, ids=ascii)
def test_a_safe_next_is_followed(target: str) -> None:
    """Pages of this host are, with their query and without their fragment."""
    with portal() as host:
        client = host.protected()
        address = f"{STEP_UP}?next={quote(target, safe='')}"
        answer = form(client, address, method="totp", code=host.code())

        assert answer.location in {SAFE[target], quote(SAFE[target], safe="/?&=%@")}
        assert lands_here(answer.location)


@pytest.mark.parametrize("target", EVIL[:-3], ids=lambda target: ascii(target)[:40])
def test_the_login_leads_nowhere_else(target: str) -> None:
    """A host that redirects anywhere after its login: the challenge leads only to its pages."""
    with portal() as host:
        client = held_with(host, target)
        answer = form(client, "/two-factor/challenge", method="totp", code=host.code())

        assert answer.status_code == 303
        assert lands_here(answer.location)
        assert "evil.test" not in urlsplit(answer.location).netloc


def held_with(host: Portal, target: str) -> FlaskClient:
    """Log in where the host's answer is a redirect to some target."""

    def away() -> Response:
        login_user(host.vic)
        answer = Response(status=302)
        answer.headers["Location"] = target.replace("\n", "").replace("\r", "")
        return answer

    host.view("/away", "away", away, "POST")
    host.guard.protect(host.vic)
    client = host.client()
    assert client.post("/away").location == "/two-factor/challenge"
    return client


@given(st.text(max_size=40) | st.from_regex(r"[/\\\t:@a-z.?#%]{1,12}", fullmatch=True))
def test_whatever_is_let_through_stays_on_this_host(target: str) -> None:
    """A path that passes has no scheme, no host, one leading slash and no trick in it."""
    with Flask(__name__).test_request_context():
        found = safe_path(target)

        assert found is None or (found.startswith("/") and not found.startswith(("//", "/\\")))
        assert found is None or lands_here(found)
