"""The setup page: what it asks first, what it keeps, and what happens when it is sent twice."""

from __future__ import annotations

from typing import Any

import pyotp
import pytest
from flask import session
from flask_login import current_user

from flask_twofactor import testing

from .support.guard import JSON, Ours, fail
from .support.host import PASSWORD, Host
from .support.portal import (
    CHALLENGE,
    CONFIRM,
    OVERVIEW,
    PAGES,
    SETUP,
    STEP_UP,
    authenticators,
    finish_setup,
    form,
    portal,
    read,
    scanned_code,
    send,
    token,
)


def test_a_first_setup_needs_a_recent_login() -> None:
    """Within STEP_UP_MINUTES of the login nothing is asked; after them, the password."""
    with portal(TWOFACTOR_STEP_UP_MINUTES=7) as host:
        client = host.plain()
        host.clock.move(7 * 60 - 1)
        assert client.get(SETUP).status_code == 200

        host.clock.move(1)
        assert client.get(SETUP).location == f"{CONFIRM}?next={SETUP}"
        answer = client.get(SETUP, headers=JSON)
        assert answer.status_code == 403
        assert answer.get_json() == {
            "error": "password_required",
            "password_url": f"{CONFIRM}?next={SETUP}",
        }

        assert form(client, f"{CONFIRM}?next={SETUP}", password=PASSWORD).location == SETUP
        assert finish_setup(host, client).status_code == 200


def test_another_setup_needs_a_second_factor() -> None:
    """Once there is an authenticator, the password is not enough to add one."""
    with portal() as host:
        client = host.protected()
        host.clock.move(600)
        form(client, CONFIRM, password=PASSWORD)
        assert client.get(SETUP).location == f"{STEP_UP}?next={SETUP}"

        answer = form(client, f"{STEP_UP}?next={SETUP}", method="totp", code=host.code())
        assert answer.location == SETUP
        assert finish_setup(host, client, name="Pixel 9").status_code == 200
        names = [*authenticators(client)]
        assert names == ["Test phone", "Pixel 9"]


def test_the_same_secret_on_reload_and_after_a_typo() -> None:
    """A person who scanned the code keeps what was scanned, and the name that was typed."""
    with portal() as host:
        client = host.plain()
        key = read(client, SETUP)["key"]
        page = client.get(SETUP).text
        assert key in page

        typo = form(client, SETUP, code="000000", name="My <phone>")
        assert key in typo.text
        assert 'value="My &lt;phone&gt;"' in typo.text
        stale = client.post(SETUP, data={"csrf_token": "stale", "name": "Kept"})
        assert key in stale.text
        assert 'value="Kept"' in stale.text
        assert read(client, SETUP)["key"] == key

        assert "Two-Factor Authentication is now enabled" in finish_setup(host, client).text
        assert read(client, SETUP)["key"] != key


def test_a_setup_ends_after_ten_minutes_and_with_its_session() -> None:
    """An old code to scan is never accepted, and no other session has it."""
    with portal() as host:
        client = host.plain()
        key = read(client, SETUP)["key"]
        host.clock.move(601)
        form(client, CONFIRM, password=PASSWORD)

        code = pyotp.TOTP(key.replace(" ", "")).at(int(host.clock.now))
        late = client.post(SETUP, data={"csrf_token": token(client, CONFIRM), "code": code})
        assert late.status_code == 400
        assert "This setup took too long" in late.text
        assert key not in late.text
        assert read(host.plain(), SETUP)["key"] not in {key, read(client, SETUP)["key"]}


@pytest.mark.parametrize("first", [True, False])
def test_a_slow_setup_is_not_asked_again(first: bool) -> None:  # noqa: FBT001
    """What was begun after a fresh login or code can be confirmed for ten minutes.

    The secret is another matter: to be shown it again, also after a typo, one is asked again.
    """
    with portal() as host:
        client = host.plain() if first else host.protected()
        asks = f"{CONFIRM if first else STEP_UP}?next={SETUP}"
        shown = read(client, SETUP)
        data = {"csrf_token": shown["csrf_token"]}
        host.clock.move(590)

        assert client.get(SETUP).location == asks
        assert client.post(SETUP, data=data | {"code": "000000"}).location == asks
        assert [one.name for one in host.events].count("failed") == 1
        code = pyotp.TOTP(shown["key"].replace(" ", "")).at(int(host.clock.now))
        done = client.post(SETUP, data=data | {"code": code})
        assert done.status_code == 200
        assert host.lets_in(client, host.vic)


def test_a_setup_ends_with_any_change_elsewhere() -> None:
    """A secret that was shown before a change is not accepted after it, in the same session."""
    with portal() as host:
        host.add_password_page()
        client = host.protected()
        shown = read(client, SETUP)
        client.post("/password")
        code = pyotp.TOTP(shown["key"].replace(" ", "")).at(int(host.clock.now))
        answer = client.post(SETUP, data={"csrf_token": token(client, OVERVIEW), "code": code})

        assert answer.status_code == 400
        assert "This setup took too long or was ended." in answer.text
        assert shown["key"] not in answer.text
        assert len(read(client, OVERVIEW)["authenticators"]) == 1


def test_no_client_picks_the_secret() -> None:
    """A secret, key or address that comes with the request is not looked at."""
    with portal() as host:
        client = host.plain()
        key = read(client, SETUP)["key"]
        mine = pyotp.random_base32()
        code = pyotp.TOTP(mine).at(int(host.clock.now))
        answer = form(client, SETUP, code=code, secret=mine, key=mine, kept=mine)

        assert answer.status_code == 400
        assert read(client, SETUP)["key"] == key
        assert mine not in answer.text


def test_a_wrong_clock_is_told() -> None:
    """The page says by how much the phone's clock is off, and accepts nothing."""
    with portal() as host:
        client = host.plain()
        key = read(client, SETUP)["key"].replace(" ", "")
        ahead = pyotp.TOTP(key).at(int(host.clock.now) + 240)
        answer = form(client, SETUP, code=ahead)

        assert "Your phone&#39;s clock is about 4 minutes ahead." in answer.text
        assert host.failures() == 1
        assert read(client, OVERVIEW)["protected"] is False


def test_a_setup_code_counts_as_used() -> None:
    """The code that confirmed the setup does not log in a moment later."""
    with portal() as host:
        client = host.plain()
        code = scanned_code(host, client)
        form(client, SETUP, code=code)
        answer = send(host.held(), CHALLENGE, method="totp", code=code)

        assert answer.get_json()["error"] == "code_used"
        assert "Wait for the next one" in answer.get_json()["message"]


def test_no_more_than_ten_authenticators() -> None:
    """The limit is told in words, and the setup page is not shown."""
    with portal() as host:
        host.guard.protect(host.vic)
        for number in range(9):
            testing.set_up_totp(host.app, host.vic, f"Phone {number}")
        client = host.enter()
        answer = client.get(SETUP)

        assert answer.status_code == 400
        assert "as many as you can" in answer.text


def test_a_required_setup_lets_in_by_its_own_code() -> None:
    """Held until set up: then the login is finished and leads where it was going."""
    with portal(TWOFACTOR_REQUIRED_FOR="all") as host:
        client = host.must_set_up()
        assert not host.lets_in(client, host.vic)
        assert client.get(OVERVIEW, headers=JSON).get_json()["error"] == "two_factor_setup_required"

        done = send(client, SETUP, code=scanned_code(host, client)).get_json()
        assert (done["ok"], done["next"], len(done["codes"])) == (True, "/whoami", 10)
        assert host.lets_in(client, host.vic)


class Prerequisite(Host):
    """A host that wants a question answered before setup."""

    def __init__(self, callback: Any) -> None:
        guard = Ours(prerequisite_endpoints=["question"])
        super().__init__(guard, TWOFACTOR_REQUIRED_FOR="all")
        guard.twofactor.setup_prerequisite(callback)
        self.view("/question", "question", self.ask, "GET", "POST")

    def ask(self) -> str:
        """Show who is asked, and take any answer."""
        session["answered"] = True
        return f"a question for {getattr(current_user, 'email', 'nobody')}"


def test_a_prerequisite_comes_first() -> None:
    """Setup leads to it; there alone the held person is real; afterwards setup goes on."""
    host = Prerequisite(lambda _user: None if session.get("answered") else "/question")
    client = host.client()
    host.log_in(client, host.vic)

    assert client.get(SETUP).location == "/question"
    answer = client.get(SETUP, headers=JSON)
    assert (answer.status_code, answer.get_json()["prerequisite_url"]) == (403, "/question")
    assert client.get("/whoami").text == "nobody"
    assert client.get("/question").text == f"a question for {host.vic.email}"
    assert client.get(SETUP).status_code == 200


def test_a_prerequisite_that_comes_back_is_explained() -> None:
    """Who was led to it and comes back without it is told so, not sent round in circles."""
    host = Prerequisite(lambda _user: "/question")
    client = host.client()
    host.log_in(client, host.vic)

    assert client.get(SETUP).location == "/question"
    shown = client.get(SETUP)
    assert shown.status_code == 200
    assert "One step comes first" in shown.text
    assert 'href="/question"' in shown.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_prerequisite_that_raises_refuses(method: str) -> None:
    """Nothing is set up when the host cannot say what comes first; the page says so."""
    host = Prerequisite(fail("no database"))
    client = host.client()
    host.log_in(client, host.vic)
    csrf = read(client, f"{PAGES}/setup")["csrf_token"]

    answer = client.open(SETUP, method=method, data={"csrf_token": csrf, "code": "123456"})

    assert answer.status_code == 503
    assert not host.lets_in(client, host.vic)
