"""What opens a view under `step_up_required`, for how long, and for how often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient

from flask_twofactor import step_up_required
from flask_twofactor.stores import step_ups
from flask_twofactor.web.state import app_state

from .support.guard import JSON
from .support.guarded import ACTION, REACHED, guarded, stale, step_up
from .support.host import PASSWORD, cookie, put_cookie
from .support.portal import CHALLENGE, CONFIRM, STEP_UP, Portal, form, make_codes, on_disk, send

# -- step_up_required ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "seconds", "opens"),
    [
        ("/fresh", 299, True),
        ("/fresh", 300, False),
        ("/inside/page", 299, True),
        ("/inside/page", 300, False),
        ("/very-fresh", 19, True),
        ("/very-fresh", 20, False),
        ("/class", 59, True),
        ("/class", 60, False),
        ("/async", 299, True),
        ("/async", 300, False),
    ],
)
def test_a_second_factor_is_fresh_to_the_second(path: str, seconds: int, *, opens: bool) -> None:
    """A full second factor counts for `max_age` seconds, or STEP_UP_MINUTES, and no longer."""
    with guarded() as host:
        client = stale(host, seconds)
        answer = client.get(path)

        assert (answer.text == REACHED) is opens
        assert (STEP_UP in (answer.location or "")) is not opens


@pytest.mark.parametrize("path", ["/fresh", "/very-fresh", "/inside/page", "/async"])
def test_a_get_goes_on_by_itself(path: str) -> None:
    """After the code a GET lands on its page, query and all."""
    with guarded() as host:
        client = stale(host)
        back = step_up(host, client, client.get(f"{path}?a=1&b=2").location)

        assert back.location == f"{path}?a=1&b=2"
        assert client.get(back.location).text == REACHED


def test_a_login_by_backup_code_is_not_enough() -> None:
    """A backup code lets in, but opens no dangerous view, and is not spent trying."""
    with guarded() as host:
        code, *others = make_codes(host.protected())
        client = host.held()
        form(client, CHALLENGE, method="backup_code", code=code)
        location = client.get("/fresh").location
        assert location.startswith(STEP_UP)
        assert client.get("/billing").text == REACHED

        answer = send(client, location, method="backup_code", code=others[0])
        assert answer.get_json()["error"] == "unknown_method"
        assert client.get("/fresh").location == location


def test_an_interrupted_post_returns_to_its_form() -> None:
    """Nothing of a POST is kept: its form is shown again, and says so."""
    with guarded() as host:
        host.view("/settings", "settings", lambda: "a form")
        client = stale(host)
        came_from = {"Referer": "http://localhost/settings?tab=2"}
        asked = client.post("/fresh", data={"note": "mine"}, headers=came_from)
        assert asked.status_code == 303
        assert "mine" not in asked.location

        assert step_up(host, client, asked.location).location == "/settings?tab=2"
        with client.session_transaction() as kept:
            assert "once more" in kept["_flashes"][0][1]
        assert client.post("/fresh", data={"note": "mine"}).text == f"{REACHED} mine"


@pytest.mark.parametrize(
    ("path", "referer", "back"),
    [
        ("/fresh", None, "/fresh"),
        ("/fresh", "https://elsewhere.test/fresh", "/fresh"),
        ("/fresh", "http://localhost/delete-now", "/fresh"),
        ("/delete-now", None, "/"),
        ("/delete-now", "http://localhost/delete-now", "/"),
        ("/delete-now", "http://localhost/files/mounted", "/files/mounted"),
    ],
)
def test_where_an_interrupted_post_returns(path: str, referer: str | None, back: str) -> None:
    """Only to a page of this host that can be visited: the form's, its own, or the first."""
    with guarded() as host:
        client = stale(host)
        headers = {} if referer is None else {"Referer": referer}
        asked = client.post(path, headers=headers)

        assert step_up(host, client, asked.location).location == back


@pytest.mark.parametrize("path", ["/fresh", "/delete"])
def test_a_script_can_follow(path: str) -> None:
    """JSON is told where, gives a code there, and asks again."""
    with guarded() as host:
        client = stale(host)
        refused = client.post(path, headers=JSON)
        assert refused.status_code == 403
        assert refused.get_json()["error"] == "step_up_required"
        assert refused.headers["Cache-Control"] == "no-store"

        address = refused.get_json()["step_up_url"]
        assert send(client, address, method="totp", code=host.code()).get_json()["ok"] is True
        assert client.post(path, headers=JSON).text == REACHED
        with client.session_transaction() as kept:
            assert "_flashes" not in kept


@pytest.mark.parametrize("path", ["/fresh", "/delete"])
def test_who_has_nothing_set_up_is_asked_the_password(path: str) -> None:
    """Without a second factor the password is asked, by page and by JSON."""
    with guarded() as host:
        client = host.plain()
        host.clock.move(600)
        told = client.get(path, headers=JSON)
        assert (told.status_code, told.get_json()["error"]) == (403, "password_required")
        asked = client.get(path).location
        assert asked.startswith(CONFIRM)
        assert asked == told.get_json()["password_url"]

        assert form(client, asked, password="a guess").status_code == 400
        assert client.get(path).location == asked
        assert form(client, asked, password=PASSWORD).location == path
        assert client.get(path).text == REACHED


@pytest.mark.parametrize("path", ["/fresh", "/delete"])
def test_without_a_checker_they_sign_in_again(path: str) -> None:
    """A host that cannot check a password lets them sign in again, and on to the page."""
    with guarded(asks_password=False) as host:
        client = host.plain()
        host.clock.move(600.5)
        asked = client.get(path).location
        left = form(client, asked)
        assert left.location == f"/login?next=%2F{path[1:]}"
        assert client.get(path).location.startswith("/login")

        host.log_in(client, host.vic)
        assert client.get(path).text == REACHED


def test_signing_in_again_is_by_password() -> None:
    """A remember-me cookie, put back after the log-out, is no signing in again."""
    with guarded(asks_password=False) as host:
        client = host.client()
        host.log_in(client, host.vic, remember="1")
        copied = cookie(client, "remember_token")
        form(client, client.get("/delete").location)
        put_cookie(client, copied, "remember_token")

        assert "account of" in client.get("/account").text
        assert client.get("/delete").location.startswith(CONFIRM)


def test_signing_in_again_is_for_the_same_person() -> None:
    """What one person asked for is not given to the next who signs in here."""
    with guarded(asks_password=False) as host:
        client = host.plain()
        form(client, client.get("/delete").location)
        host.log_in(client, host.ann)

        assert client.get("/delete").location.startswith(CONFIRM)


def test_the_password_is_not_enough_for_who_has_more() -> None:
    """A protected person's password opens nothing, whatever the address asks for."""
    with guarded() as host:
        client = stale(host)
        form(client, f"{CONFIRM}?action={ACTION}&next=/delete", password=PASSWORD)

        for path in ("/fresh", "/delete"):
            assert client.get(path).location.startswith(STEP_UP)
        step_up(host, client, client.get("/fresh").location)
        assert client.post("/delete").location.startswith(STEP_UP)


def test_an_action_takes_no_backup_code() -> None:
    """A backup code gives no leave for an action, and none is spent."""
    with guarded() as host:
        client = host.protected()
        codes = make_codes(client)
        address = f"{STEP_UP}?action={ACTION}"
        answer = send(client, address, method="backup_code", code=codes[0])

        assert answer.get_json()["error"] == "unknown_method"
        assert client.post("/delete").location.startswith(STEP_UP)


# -- action ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/delete", "/delete-now"])
def test_an_action_is_always_asked(path: str) -> None:
    """However fresh the second factor is, an action asks for its own."""
    with guarded() as host:
        client = host.protected()

        assert client.post(path).location.startswith(STEP_UP)


def test_an_action_is_done_once() -> None:
    """One code is good for one look at the page and one change."""
    with guarded() as host:
        client = host.protected()
        step_up(host, client, client.get("/delete").location)

        assert client.get("/delete").text == REACHED
        assert client.post("/delete").text == REACHED
        assert client.get("/delete").location.startswith(STEP_UP)
        assert client.post("/delete").location.startswith(STEP_UP)


def test_a_method_of_the_apps_own_is_a_change() -> None:
    """What is none of the safe methods uses the leave up, so nothing is done twice by one code."""
    with guarded() as host:
        guard = step_up_required(action=ACTION)
        host.view("/purge", "purge", guard(lambda: REACHED), "GET", "PURGE", "MKCOL")
        client = host.protected()
        step_up(host, client, client.get("/purge").location)

        assert client.open("/purge", method="PURGE").text == REACHED
        for method in ("PURGE", "MKCOL", "GET"):
            assert client.open("/purge", method=method).status_code == 303
        assert client.post("/delete").status_code == 303


def test_a_page_of_an_action_is_seen_once() -> None:
    """A page without a form is shown once for each code."""
    with guarded() as host:
        client = host.protected()
        step_up(host, client, client.get("/delete").location)

        assert client.get("/delete").text == REACHED
        assert client.get("/delete").location.startswith(STEP_UP)


def test_a_code_for_one_action_is_for_no_other() -> None:
    """Another action asks for itself; the newest that was asked for is the one that counts."""
    with guarded() as host:
        client = host.protected()
        step_up(host, client, client.get("/delete").location)

        assert client.post("/other").location.startswith(STEP_UP)
        assert client.post("/delete").text == REACHED


def test_a_plain_step_up_is_for_no_action() -> None:
    """A code that was given without a name does nothing that needs one."""
    with guarded() as host:
        client = stale(host)
        step_up(host, client, client.get("/fresh").location)

        assert client.get("/fresh").text == REACHED
        assert client.post("/delete").location.startswith(STEP_UP)


@pytest.mark.parametrize(("seconds", "done"), [(299, True), (300, False)])
def test_an_action_has_to_be_done_soon(seconds: int, *, done: bool) -> None:
    """The leave ends after STEP_UP_MINUTES."""
    with guarded() as host:
        client = host.protected()
        step_up(host, client, client.get("/delete").location)
        host.clock.move(seconds)

        assert (client.post("/delete").text == REACHED) is done


def test_an_action_of_a_copied_cookie_is_done_once() -> None:
    """What is used up is on the server: the same cookie put back does nothing."""
    with guarded() as host:
        client = host.protected()
        step_up(host, client, client.get("/delete").location)
        before = cookie(client)
        assert client.post("/delete").text == REACHED
        put_cookie(client, before)

        assert client.post("/delete").location.startswith(STEP_UP)


def test_an_action_belongs_to_one_session() -> None:
    """Another browser of the same person must show it for itself."""
    with guarded() as host:
        client = host.protected()
        other = host.enter()
        step_up(host, client, client.get("/delete").location)

        assert other.post("/delete").location.startswith(STEP_UP)


def test_an_action_ends_with_the_session() -> None:
    """After log-out and a new login it is asked again."""
    with guarded() as host:
        client = host.protected()
        step_up(host, client, client.get("/delete").location)
        client.post("/logout")
        host.log_in(client, host.vic)
        form(client, CHALLENGE, method="totp", code=host.code())

        assert client.post("/delete").location.startswith(STEP_UP)


def test_an_action_of_a_session_that_just_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that ends while its request is on the way does nothing that needs leave."""
    with guarded() as host:
        client = host.protected()
        step_up(host, client, client.get("/delete").location)
        store = app_state(host.app).ports.store
        real = store.transaction

        def late() -> Any:
            monkeypatch.setattr(store, "transaction", real)
            with host.app.test_request_context():  # another request, in between
                host.twofactor.password_changed(host.vic)
            return real()

        monkeypatch.setattr(store, "transaction", late)
        assert client.post("/delete").location.startswith(STEP_UP)
        assert client.get("/account").location.startswith("/login")


def _at_once(host: Portal, client: FlaskClient, times: int = 8) -> int:
    value = cookie(client)

    def click(_: int) -> bool:
        twin = host.client()
        put_cookie(twin, value)
        return twin.post("/delete").text == REACHED

    with ThreadPoolExecutor(times) as clicks:
        return sum(clicks.map(click, range(times)))


def test_an_action_at_the_same_moment_is_done_once(tmp_path: Any) -> None:
    """Of many requests at once, the row count lets one pass."""
    with guarded(**on_disk(tmp_path)) as host:
        client = host.protected()
        step_up(host, client, client.get("/delete").location)

        assert _at_once(host, client) == 1


def test_that_race_bites(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the condition on what was used, the same requests all pass."""
    with guarded(**on_disk(tmp_path)) as host:
        client = host.protected()
        step_up(host, client, client.get("/delete").location)
        table = step_ups.step_up
        careless = table.update().where(table.c.action == ACTION).values(used_at=1.0)
        monkeypatch.setattr(step_ups, "CHANGE", careless)

        assert _at_once(host, client) == 8
