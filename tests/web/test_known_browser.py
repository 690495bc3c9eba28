"""The owner's browser has tries of its own: who knows the password cannot shut the owner out."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from flask_twofactor.web import cookies

from .support.host import PASSWORD
from .support.portal import CHALLENGE, CODES, STEP_UP, Portal, form, make_codes, portal, send

WRONG = "000000"


def guess(client: FlaskClient, code: str = WRONG, method: str = "totp") -> TestResponse:
    """Answer the challenge."""
    return send(client, CHALLENGE, method=method, code=code)


def exhaust(host: Portal, client: FlaskClient) -> None:
    """Guess until there is no try left."""
    for _ in range(30):
        if guess(client).status_code == 429:
            return
    message = "the tries never ended"
    raise AssertionError(message)


def again(host: Portal, client: FlaskClient) -> FlaskClient:
    """Sign the same browser out, and give the password anew."""
    client.post("/logout")
    host.log_in(client, host.vic)
    return client


def cookie(host: Portal, client: FlaskClient) -> str | None:
    """Give the value of the known-browser cookie."""
    with host.app.test_request_context():
        found = client.get_cookie(cookies.name("known"))
    return found.value if found is not None else None


def put(host: Portal, client: FlaskClient, value: str) -> None:
    """Put a value in the place of the known-browser cookie."""
    with host.app.test_request_context():
        client.set_cookie(cookies.name("known"), value)


def is_known(host: Portal, client: FlaskClient) -> bool:
    """Say whether a held browser still has tries after strangers used theirs up."""
    exhaust(host, host.held())
    return guess(client).status_code == 400


def test_strangers_leave_the_owner_alone() -> None:
    """After strangers used every try, the owner's browser signs in at once."""
    with portal() as host:
        owner = host.protected()
        exhaust(host, host.held())
        assert guess(host.held(), host.guard.code(host.vic)).status_code == 429

        assert guess(again(host, owner), host.code()).status_code == 200


def test_knownness_is_not_trust() -> None:
    """A known browser is still asked for a code, and a wrong one is wrong."""
    with portal() as host:
        owner = again(host, host.protected())
        assert not host.lets_in(owner, host.vic)
        assert guess(owner).status_code == 400
        assert not host.lets_in(owner, host.vic)


def test_a_known_browser_runs_out_too() -> None:
    """Five tries, then waits: a stolen cookie is no way around the limit, nor hurts others."""
    with portal() as host:
        owner = again(host, host.protected())
        exhaust(host, owner)
        right = host.guard.code(host.vic)
        assert guess(owner, right).headers["Retry-After"] == "30"
        assert guess(host.held(), host.code()).status_code == 200

        host.clock.move(30)
        assert guess(owner, host.code()).status_code == 200


def test_a_setup_and_a_backup_code_make_a_browser_known() -> None:
    """Whoever proved it by any method, or has just set up, has tries of their own."""
    with portal() as host:
        client = host.protected()
        codes = make_codes(client)
        fresh = host.held()
        assert guess(fresh, codes[0], "backup_code").status_code == 200

        assert cookie(host, fresh)
        assert is_known(host, again(host, fresh))


def test_the_cookie_is_renewed_and_the_old_one_is_a_strangers() -> None:
    """Each sign-in gives another value; the one before, put back, is nobody's."""
    with portal() as host:
        owner = host.protected()
        old = cookie(host, owner)
        assert guess(again(host, owner), host.code()).status_code == 200
        assert old
        assert cookie(host, owner) != old
        again(host, owner)
        put(host, owner, old)

        assert not is_known(host, owner)


@pytest.mark.parametrize(
    "value",
    ["", "x", "x" * 4000, "a.b.c", "%00", "\x7f", "eyJhIjoxfQ.Zw.Zw"],
    ids=["empty", "short", "4 kB", "dots", "NUL", "DEL", "unsigned"],
)
def test_a_spoilt_cookie_is_a_strangers(value: str) -> None:
    """Whatever stands there, the browser is unknown, and nothing breaks."""
    with portal() as host:
        owner = again(host, host.protected())
        put(host, owner, value)

        assert not is_known(host, owner)


def test_a_token_of_another_kind_or_key_is_a_strangers() -> None:
    """The same token, signed for another purpose or by another key, is not looked at."""
    with portal() as host:
        owner = again(host, host.protected())
        (token,) = tokens(host, owner)
        for salt, key in (("flask_twofactor.trusted", None), ("flask_twofactor.known", "other")):
            signer = URLSafeTimedSerializer(key or host.app.secret_key or "", salt=salt)
            put(host, owner, str(signer.dumps(f"known.{token}")))
            assert not is_known(host, owner)


def tokens(host: Portal, client: FlaskClient) -> list[str]:
    """Give the tokens of a browser's cookie."""
    with host.app.test_request_context():
        sent = {"Cookie": f"{cookies.name('known')}={cookie(host, client)}"}
    with host.app.test_request_context(headers=sent):
        return cookies.tokens("known")


def test_another_persons_browser_is_not_mine() -> None:
    """A browser where Ann signed in is unknown to Vic's account, and can be known to both."""
    with portal() as host:
        host.guard.protect(host.ann)
        client = host.enter(host.ann)
        host.guard.protect(host.vic)
        assert not is_known(host, again(host, client))

        host.clock.move(86400)
        assert guess(again(host, client), host.code()).status_code == 200
        assert len(tokens(host, client)) == 2
        assert is_known(host, again(host, client))


def test_a_rotated_secret_key_keeps_browsers_known() -> None:
    """A key that moved to SECRET_KEY_FALLBACKS still reads its cookies."""
    with portal() as host:
        owner = again(host, host.protected())
        value = cookie(host, owner)
        old = host.app.secret_key
        host.app.config.update(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[old])
        host.log_in(owner, host.vic)
        assert cookie(host, owner) == value

        assert is_known(host, owner)


def test_the_cookie_is_kept_from_scripts_and_other_sites() -> None:
    """HttpOnly and Lax; over HTTPS also Secure, under a name that no other host can set."""
    with portal() as host:
        host.guard.protect(host.vic)
        (plain,) = _set_by_a_login(host, "http://localhost")
        (secure,) = _set_by_a_login(host, "https://localhost")

        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(plain.split("; "))
        assert "Secure" not in plain
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(secure.split("; "))
        assert secure.startswith("__Host-twofactor_")


def _set_by_a_login(host: Portal, base_url: str) -> list[str]:
    client = host.client()
    fields = {"email": host.vic.email, "password": PASSWORD}
    client.post("/login", data=fields, base_url=base_url)
    page = client.get(CHALLENGE, base_url=base_url, headers={"Accept": "application/json"})
    answer = client.post(
        CHALLENGE,
        base_url=base_url,
        json={"method": "totp", "code": host.code()},
        headers={"X-CSRFToken": page.get_json()["csrf_token"], "Referer": base_url},
    )
    return [one for one in answer.headers.getlist("Set-Cookie") if "_known=" in one]


def test_a_hundred_wrong_codes_shut_a_method_to_strangers() -> None:
    """Strangers may not use it even with the right code, by other methods they may."""
    with portal(TWOFACTOR_THROTTLE_DISABLE_AFTER=8, TWOFACTOR_THROTTLE_PER_DAY=100) as host:
        owner = host.protected()
        codes = make_codes(owner)
        stranger = host.held()
        while guess(stranger).get_json()["error"] != "method_disabled":
            host.clock.move(3600)
            stranger = host.held()

        assert [one.name for one in host.events].count("disabled_authenticator") == 1
        refused = guess(stranger, host.code())
        assert (refused.status_code, refused.get_json()["error"]) == (400, "method_disabled")
        assert "a browser you signed in with before" in refused.get_json()["message"]
        assert guess(stranger, codes[0], "backup_code").status_code == 200


def test_a_right_code_from_a_known_browser_opens_it_again() -> None:
    """The owner's browser may still answer; then strangers may too, and it is recorded."""
    with portal(TWOFACTOR_THROTTLE_DISABLE_AFTER=3) as host:
        owner = host.protected()
        stranger = host.held()
        for _ in range(3):
            guess(stranger)
        assert guess(stranger, host.code()).get_json()["error"] == "method_disabled"

        assert guess(again(host, owner), host.code()).status_code == 200
        assert [one.name for one in host.events].count("enabled_authenticator") == 1
        assert guess(stranger, host.code()).status_code == 200


def test_a_method_that_is_shut_is_not_paid_for() -> None:
    """Refused tries take nothing from the ways that are still open."""
    with portal(TWOFACTOR_THROTTLE_DISABLE_AFTER=3) as host:
        host.guard.protect(host.vic)
        stranger = host.held()
        for _ in range(20):
            guess(stranger)

        assert host.failures() == 3


def test_the_day_is_told_in_hours() -> None:
    """Whoever used the day up reads when to come back, in plain words."""
    with portal(TWOFACTOR_THROTTLE_PER_DAY=2) as host:
        host.guard.protect(host.vic)
        client = host.held()
        guess(client)
        guess(client)
        page = form(client, CHALLENGE, method="totp", code=host.code())

        assert page.status_code == 429
        assert "Too many tries. Wait 24 hours, then enter a new code." in page.text


def test_step_up_pays_from_the_browser_too() -> None:
    """Strangers cannot keep the owner from changing settings either."""
    with portal() as host:
        owner = host.protected()
        exhaust(host, host.held())
        host.clock.move(600)
        assert send(owner, STEP_UP, method="totp", code=host.code()).status_code == 200

        assert send(owner, CODES).status_code == 200
