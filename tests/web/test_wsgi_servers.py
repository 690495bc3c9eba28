"""The guard under the servers that hosts use, over real connections."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from flask_twofactor import testing
from tests.support.wsgi_servers import COMMANDS, server

from .support.guard import CHALLENGE
from .support.host import PASSWORD
from .support.real_mounts import MountHost

APP = "tests.web.support.real_mounts:application"
PIECE = bytes(range(256)) * 256
FIVE_MB = 80
# uwsgi gives chunked bodies to apps by a call of its own only.
STREAMING = [kind for kind in COMMANDS if kind != "uwsgi"]
JSON = {"Accept": "application/json"}
WITH_BODY = ("PUT", "POST", "PROPFIND")
PATHS = (
    "/dav",
    "/dav/",
    "/dav/hello.txt",
    "/%64av/hello.txt",
    "/dav%2fhello.txt",
    "//dav/hello.txt",
    "///dav/hello.txt",
    "/x/../dav/hello.txt",
    "/dav/../dav/hello.txt",
    "/dav/%2e%2e/dav/hello.txt",
    "/dav;a/hello.txt",
    "/dav/hello.txt;a",
    "/dav//hello.txt",
    "/DAV/hello.txt",
    "http://127.0.0.1/dav/hello.txt",
    "/dav/hello.txt#a",
    "/dav/hello.txt?a=/login",
    "/dav\\hello.txt",
    "/dav/two-factor/challenge",
)


@dataclass
class Browser:
    """Keeps cookies and speaks HTTP byte for byte as it is told to."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(
        self, method: str, path: str, body: Any = None, *, chunked: bool = False, **headers: str
    ) -> tuple[int, str, dict[str, str]]:
        """Send a request on a connection of its own; give status, text and headers."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.putrequest(method, path, skip_accept_encoding=True)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if chunked:
            sent["Transfer-Encoding"] = "chunked"
        elif body is not None:
            sent["Content-Length"] = str(sum(map(len, body)))
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders(None if body is None else iter(body), encode_chunked=chunked)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        self._keep(answer.headers.get_all("Set-Cookie") or [])
        connection.close()
        return answer.status, text, dict(answer.headers)

    def log_in(self, email: str) -> str:
        """Send the password; give where it led."""
        body = urlencode({"email": email, "password": PASSWORD}).encode()
        kind = "application/x-www-form-urlencoded"
        return self.ask("POST", "/login", [body], Content_Type=kind)[2]["Location"]

    def answer(self, code: str) -> int:
        """Answer the challenge."""
        token = json.loads(self.ask("GET", CHALLENGE, **JSON)[1])["csrf_token"]
        sent = {**JSON, "Content_Type": "application/json", "X_CSRFToken": token}
        body = json.dumps({"method": "totp", "code": code}).encode()
        return self.ask("POST", CHALLENGE, [body], **sent)[0]

    def _keep(self, headers: list[str]) -> None:
        for header in headers:
            self.cookies |= {name: one.value for name, one in SimpleCookie(header).items()}


@dataclass
class Served:
    """A server, and browsers of Vic, who is in, of Ann, who needs no code, and of who is held."""

    port: int
    vic: Browser
    ann: Browser
    held: Browser

    def nobody(self) -> Browser:
        """Open a browser without cookies."""
        return Browser(self.port)


@pytest.fixture(scope="module", params=COMMANDS)
def served(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Served]:
    """The host with its mounts, served by one kind of server."""
    folder: Path = tmp_path_factory.mktemp("mounts")
    host = MountHost(folder)
    host.guard.protect(host.vic)
    with server(request.param, APP, MOUNTS_FOLDER=str(folder)) as port:
        vic, ann, held = Browser(port), Browser(port), Browser(port)
        assert [one.log_in(host.vic.email) for one in (vic, held)] == [CHALLENGE, CHALLENGE]
        assert ann.log_in(host.ann.email) == "/account"
        assert vic.answer(testing.current_code(host.app, host.guard._secrets[host.vic.id])) == 200
        yield Served(port, vic, ann, held)


@pytest.mark.parametrize("mount", ["/dj/who", "/dav/", "/raw/a"])
def test_nobody_else_gets_in(served: Served, mount: str) -> None:
    """Strangers and held people are led on, or told, and the body they send hangs nothing."""
    for one in (served.nobody(), served.held):
        assert one.ask("GET", mount)[0] == 302
        for method in WITH_BODY:
            status, text, _ = one.ask(method, mount, [b"a body"])
            assert status == 401
            assert json.loads(text)["error"] in {"signed_out", "two_factor_required"}


def test_who_is_in_is_known(served: Served) -> None:
    """Each mount is told who it is, whatever the request says."""
    forged = {"Remote_User": "eve", "X_Remote_User": "eve", "X_Forwarded_User": "eve"}

    assert served.vic.ask("GET", "/dj/who", **forged)[1].startswith("Django sees vic@host.test")
    assert served.ann.ask("GET", "/raw/a", **forged)[1] == "ann@host.test sent 0"
    status, text, _ = served.vic.ask("PROPFIND", "/dav/", Depth="1", **forged)
    assert (status, "hello.txt" in text) == (207, True)


def test_five_megabytes_arrive(served: Served) -> None:
    """A body of known length arrives whole, and comes back whole from the share."""
    status, text, _ = served.vic.ask("PUT", "/raw/a", [PIECE] * FIVE_MB)
    assert (status, text) == (200, f"vic@host.test sent {len(PIECE) * FIVE_MB}")

    assert served.vic.ask("PUT", "/dav/large.bin", [PIECE] * FIVE_MB)[0] in {201, 204}
    assert served.vic.ask("HEAD", "/dav/large.bin")[2]["Content-Length"] == str(
        len(PIECE) * FIVE_MB
    )


@pytest.mark.parametrize("served", STREAMING, indirect=True)
def test_five_megabytes_in_pieces_arrive(served: Served) -> None:
    """A chunked body is streamed through the guard and arrives whole."""
    status, text, _ = served.vic.ask("PUT", "/raw/a", [PIECE] * FIVE_MB, chunked=True)
    assert (status, text) == (200, f"vic@host.test sent {len(PIECE) * FIVE_MB}")

    status, _, _ = served.vic.ask("PUT", "/dav/chunked.bin", [PIECE] * FIVE_MB, chunked=True)
    assert status in {201, 204}
    assert served.vic.ask("HEAD", "/dav/chunked.bin")[2]["Content-Length"] == str(
        len(PIECE) * FIVE_MB
    )


@pytest.mark.parametrize("path", PATHS)
def test_no_spelling_leads_around(served: Served, path: str) -> None:
    """However the server reads a path, nobody from outside sees the share."""
    for one in (served.nobody(), served.held):
        for method in ("GET", "PROPFIND"):
            status, text, headers = one.ask(method, path)

            assert status in {302, 307, 308, 400, 401, 404, 405}
            assert "hello from the share" not in text
            assert "multistatus" not in text
            assert "WsgiDAV" not in text + str(headers)


def test_visitors_at_once_are_not_mixed_up(served: Served) -> None:
    """Sixty requests at once of three visitors: each is taken for who it is."""
    expected = {
        "vic": (200, "vic@host.test sent 0"),
        "ann": (200, "ann@host.test sent 0"),
        "nobody": (302, ""),
    }

    def visit(name: str) -> tuple[str, int, str]:
        copy = Browser(served.port, dict(getattr(getattr(served, name), "cookies", {})))
        status, text, _ = copy.ask("GET", "/raw/a")
        return name, status, text if status == 200 else ""

    with ThreadPoolExecutor(12) as visitors:
        for name, status, text in visitors.map(visit, list(expected) * 20):
            assert (status, text) == expected[name]


def test_the_last_one_logs_out(served: Served) -> None:
    """A session cookie that was copied before log-out opens no mount afterwards."""
    copied = Browser(served.port, dict(served.vic.cookies))
    assert copied.ask("GET", "/raw/a")[0] == 200
    served.vic.ask("POST", "/logout", [b""])

    for one in (served.vic, copied):
        assert one.ask("GET", "/raw/a")[0] == 302
        assert one.ask("PROPFIND", "/dav/")[0] == 401
