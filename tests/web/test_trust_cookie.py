"""What a browser may send as the cookie of a trusted device: everything, and nothing happens."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from flask_twofactor.core.tokens import mint, mint_for, new_id
from flask_twofactor.web import cookies

from .support.host import PASSWORD, SECRET_KEY, cookie
from .support.portal import CHALLENGE, Portal, form, portal
from .support.trust import come_back, name, names_of_events, put, remember, rows, tick, value

Forge = Callable[[Portal, str], str]


def _signed(host: Portal, text: object, salt: str = "flask_twofactor.trusted") -> str:
    del host
    made = URLSafeTimedSerializer(
        [SECRET_KEY],
        salt=salt,
        signer_kwargs={"key_derivation": "hmac", "digest_method": "sha256"},
    )
    return str(made.dumps(text))


def _flip(at: int) -> Forge:
    def forge(_host: Portal, good: str) -> str:
        other = "B" if good[at] == "A" else "A"
        return good[:at] + other + good[at + 1 :] if at >= 0 else good[:at] + other

    return forge


def _token(good: str) -> str:
    body = good.split(".", maxsplit=1)[0]
    return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode().strip('"')


def _of_anns(host: Portal, _good: str) -> str:
    host.guard.protect(host.ann)
    return str(value(host, remember(host, host.ann)))


def _known_browsers(host: Portal, _good: str) -> str:
    client = host.enter()
    with host.app.test_request_context():
        return str(cookie(client, cookies.name("known")))


FORGED: dict[str, Forge] = {
    "empty": lambda _host, _good: "",
    "words": lambda _host, _good: "let me in please",
    "truncated": lambda _host, good: good[:-5],
    "without its signature": lambda _host, good: good.rpartition(".")[0],
    "first byte flipped": _flip(0),
    "byte flipped in the middle": _flip(40),
    "byte flipped at the end": _flip(-2),
    "another person's": _of_anns,
    "of the known browser": _known_browsers,
    "the host's own signature": lambda host, _good: host.share_link(host.vic),
    "another kind inside": lambda host, good: _signed(
        host, _token(good).replace("trusted", "known")
    ),
    "another salt": lambda host, good: _signed(host, _token(good), "itsdangerous"),
    "another key": lambda _host, good: URLSafeTimedSerializer("x" * 32).dumps(_token(good)),
    "no text": lambda host, _good: _signed(host, {"trusted": True}),
    "nothing inside": lambda host, _good: _signed(host, "trusted"),
    "a device that is none": lambda host, _good: _signed(host, f"trusted.{mint_for(new_id())}"),
    "a random token": lambda host, _good: _signed(host, f"trusted.{mint()}"),
    "foreign letters": lambda host, _good: _signed(host, "trusted." + "\u00e9" * 43),
    "many tokens": lambda host, _good: _signed(host, ".".join(["trusted", *[mint()] * 50])),
    "100 kB": lambda _host, good: good + "A" * 100_000,
    "NUL": lambda _host, good: good + "\\000",
    "control characters": lambda _host, good: '"\\001\\012' + good + '"',
}


@pytest.mark.parametrize("forge", FORGED)
def test_a_cookie_that_is_not_right_asks_for_the_code(forge: str) -> None:
    """It leads to the challenge, never to an error; nothing is recorded and no trust ends."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        good = str(value(host, client))
        bad = FORGED[forge](host, good)

        answer, session = _log_in_with(host, bad)
        assert answer.location == CHALLENGE
        browser = host.app.test_client(use_cookies=False)
        sent = {"Cookie": f"{session}; {name(host)}={bad}"}
        assert browser.get(CHALLENGE, headers=sent).status_code == 200
        assert host.vic.email not in browser.get("/account", headers=sent).text
        assert "device_stale_used" not in names_of_events(host)
        assert come_back(host, client)


def _log_in_with(host: Portal, kept: str) -> tuple[TestResponse, str]:
    # Flask's own cookie jar would tidy what is sent.
    browser = host.app.test_client(use_cookies=False)
    fields = {"email": host.vic.email, "password": PASSWORD}
    answer = browser.post("/login", data=fields, headers={"Cookie": f"{name(host)}={kept}"})
    sent = answer.headers.getlist("Set-Cookie")
    return answer, next(one for one in sent if one.startswith("session=")).partition(";")[0]


def test_a_cookie_of_the_same_make_does_pass() -> None:
    """What the cases are made with is right: a value signed and sent in this way is taken."""
    with portal() as host:
        host.guard.protect(host.vic)
        good = str(value(host, remember(host)))

        assert _log_in_with(host, _signed(host, _token(good)))[0].location == "/account"


def test_an_unreadable_cookie_is_left_alone() -> None:
    """It may be another app's, or of a key that comes back: it is not deleted."""
    with portal() as host:
        client = host.protected()
        client.post("/logout")
        put(host, client, "unreadable")
        host.log_in(client, host.vic)

        assert value(host, client) == "unreadable"


def test_an_older_key_still_reads() -> None:
    """After a new SECRET_KEY the old one is honoured as long as it is a fallback."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        client.post("/logout")
        host.app.config.update(SECRET_KEY="a new key", SECRET_KEY_FALLBACKS=[SECRET_KEY])
        host.app.secret_key = "a new key"
        assert come_back(host, client)
        host.app.config["SECRET_KEY_FALLBACKS"] = []
        assert come_back(host, client)

        host.app.config["SECRET_KEY"] = "another key"
        assert not come_back(host, client)


def test_the_cookie_says_and_allows_little() -> None:
    """HttpOnly, Lax, whole site; over HTTPS Secure with `__Host-`; no name or key inside."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = host.held()
        code = {"method": "totp", "code": host.code(), "remember_device": "1"}
        sent = form(client, CHALLENGE, **code).headers.getlist("Set-Cookie")
        (plain,) = [one for one in sent if one.startswith(f"{name(host)}=")]

        assert "; HttpOnly" in plain
        assert "; SameSite=Lax" in plain
        assert "; Path=/" in plain
        assert "Domain" not in plain
        assert f"Max-Age={30 * 86400}" in plain
        inside = _token(str(value(host, client)))
        assert not any(one in inside for one in ("Person", ":" + host.vic.id, host.vic.email))
        with host.app.test_request_context(base_url="https://localhost"):
            assert cookies.name("trusted").startswith("__Host-")


def test_the_cookie_is_small() -> None:
    """At most 170 bytes with its name over HTTPS, and 65 more for each further person."""
    with portal() as host:
        host.guard.protect(host.vic)
        host.guard.protect(host.ann)
        client = remember(host)
        one = len("__Host-") + len(name(host)) + 1 + len(str(value(host, client)))
        client.post("/logout")
        host.log_in(client, host.ann)
        tick(host, client, host.ann)
        two = len("__Host-") + len(name(host)) + 1 + len(str(value(host, client)))

        assert one <= 170
        assert two - one <= 65


def test_the_store_keeps_digests_only() -> None:
    """No value of a cookie, nor the half of it that is secret, stands in the store."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        assert come_back(host, client)
        token = _token(str(value(host, client))).partition(".")[2]
        assert token not in repr([tuple(row) for row in rows(host)])
        assert token[22:] not in repr([tuple(row) for row in rows(host)])
