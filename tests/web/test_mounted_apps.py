"""Django and wsgidav, mounted for real behind the guard, beside the little host."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from .support.guard import CHALLENGE
from .support.host import cookie, put_cookie
from .support.real_mounts import MountHost

ALL = ("/dj/who", "/dav/hello.txt", "/raw/a")
INSIDE = ("Django sees", "hello from", "sent", "multistatus")
LOCK = (
    '<?xml version="1.0"?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope>'
    "<D:locktype><D:write/></D:locktype></D:lockinfo>"
)


@pytest.fixture
def host(tmp_path: Path) -> MountHost:
    """The host with its mounts; Vic has an authenticator app."""
    made = MountHost(tmp_path)
    made.guard.protect(made.vic)
    return made


@pytest.fixture
def client(host: MountHost) -> FlaskClient:
    """A browser of Vic's that is all the way in."""
    return host.signed_in(host.vic)


def hrefs(text: str) -> list[str]:
    """Give the addresses in an answer to PROPFIND."""
    return [found for found in re.findall(r"href>([^<]*)<", text) if found]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "PROPFIND", "OPTIONS"])
@pytest.mark.parametrize("path", ALL)
def test_nobody_else_reaches_them(host: MountHost, path: str, method: str) -> None:
    """Strangers, held people and a copied cookie after log-out see nothing of the mounted apps."""
    held, copied = host.client(), host.signed_in(host.vic)
    assert host.log_in(held, host.vic).location == CHALLENGE
    before = cookie(copied)
    copied.post("/logout")
    put_cookie(copied, before)
    for one in (host.client(), held, copied):
        answer = one.open(path, method=method)

        assert answer.status_code == (302 if method in {"GET", "HEAD"} else 401)
        assert not any(text in answer.text for text in INSIDE)


def test_django_sees_the_user(host: MountHost, client: FlaskClient) -> None:
    """Django is told who it is by REMOTE_USER, and gets the body whole; no header fools it."""
    answer = client.post(
        "/dj/who", data=b"x" * 70_000, headers={"Remote-User": "ann", "X-Remote-User": "ann"}
    )

    assert answer.text == f"Django sees {host.vic.email}, 70000 bytes, /dj/who"


def test_djangos_own_session_follows_the_guard(host: MountHost, client: FlaskClient) -> None:
    """One browser, two people after one another: Django's user is who the guard let in, each time."""
    assert client.get("/dj/who").text.startswith(f"Django sees {host.vic.email}")
    djangos = cookie(client, "sessionid")
    assert djangos is not None
    client.post("/logout")
    assert client.get("/dj/who").status_code == 302
    host.log_in(client, host.ann)

    put_cookie(client, djangos, "sessionid")
    assert client.get("/dj/who").text.startswith(f"Django sees {host.ann.email}")


def test_a_share_is_listed(client: FlaskClient) -> None:
    """PROPFIND through the guard lists the share under the mount's own address."""
    answer = client.open("/dav/", method="PROPFIND", headers={"Depth": "1"})

    assert answer.status_code == 207
    assert hrefs(answer.text) == ["/dav/", "/dav/hello.txt"]


def test_a_share_is_written(client: FlaskClient) -> None:
    """PUT, COPY, MOVE, MKCOL, LOCK and DELETE work through the guard as without it."""
    there = "http://localhost/dav"
    assert client.put("/dav/a.txt", data=b"a file").status_code == 201
    copied = client.open("/dav/a.txt", method="COPY", headers={"Destination": f"{there}/b.txt"})
    assert copied.status_code == 201
    assert client.open("/dav/folder", method="MKCOL").status_code == 201
    moved = client.open("/dav/b.txt", method="MOVE", headers={"Destination": f"{there}/folder/c"})
    assert moved.status_code == 201
    locked = client.open("/dav/a.txt", method="LOCK", data=LOCK, content_type="application/xml")
    assert locked.status_code == 200
    assert client.delete("/dav/hello.txt").status_code == 204

    assert client.get("/dav/folder/c").text == "a file"
    assert client.get("/dav/hello.txt").status_code == 404


def test_the_share_knows_who_locked(host: MountHost, client: FlaskClient) -> None:
    """Two people of the host are two people to the share."""
    ann = host.client()
    host.log_in(ann, host.ann)
    client.open("/dav/hello.txt", method="LOCK", data=LOCK, content_type="application/xml")

    assert ann.put("/dav/hello.txt", data=b"ann's").status_code == 423
    assert client.get("/dav/hello.txt").text == "hello from the share"
