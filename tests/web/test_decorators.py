"""Who reaches views under `two_factor_required` and `step_up_required`, and who never does."""

from __future__ import annotations

from typing import Any

import pytest

from flask_twofactor import step_up_required
from flask_twofactor.core.errors import StoreError
from flask_twofactor.web.state import app_state

from .support.guard import JSON, break_store
from .support.guarded import GUARDED, REACHED, guarded, reached, stale, step_up
from .support.host import PASSWORD, cookie
from .support.portal import CHALLENGE, CONFIRM, PAGES, SETUP, STEP_UP, form, scanned_code

# -- who never gets in -----------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", GUARDED.values(), ids=GUARDED)
def test_strangers_go_to_the_login_page(path: str, method: str) -> None:
    """A stranger is answered as the login manager would, whatever guards the view."""
    with guarded() as host:
        answer = host.client().open(path, method=method)

        assert answer.status_code == 302
        assert answer.location.startswith("/login?next=")


@pytest.mark.parametrize("path", GUARDED.values(), ids=GUARDED)
def test_without_a_login_page_strangers_get_401(path: str) -> None:
    """A host that names no login page answers with 401, as its login manager does."""
    with guarded() as host:
        host.manager.login_view = None

        assert host.client().get(path).status_code == 401


@pytest.mark.parametrize("path", GUARDED.values(), ids=GUARDED)
def test_held_people_go_to_the_challenge(path: str) -> None:
    """Who is held is led to the challenge, and JSON is told."""
    with guarded() as host:
        host.guard.protect(host.vic)
        client = host.held()

        assert client.get(path).location == CHALLENGE
        assert client.get(path, headers=JSON).status_code == 401


@pytest.mark.parametrize("path", GUARDED.values(), ids=GUARDED)
def test_who_must_set_up_goes_to_setup(path: str) -> None:
    """Who is held until they set up is led there."""
    with guarded(TWOFACTOR_REQUIRED_FOR="all") as host:
        assert host.plain().get(path).location == f"{PAGES}/setup"


@pytest.mark.parametrize("path", GUARDED.values(), ids=GUARDED)
def test_login_disabled_opens_nothing(path: str) -> None:
    """`LOGIN_DISABLED`, which opens Flask-Login's own decorator, opens none of these."""
    with guarded(LOGIN_DISABLED=True) as host:
        client = host.client()

        assert "account of" in client.get("/account").text or client.get("/account").text == "?"
        assert client.get(path).location.startswith("/login")


def test_options_that_a_view_answers_is_asked_for() -> None:
    """OPTIONS is no way around, where the view would answer it."""
    with guarded() as host:
        assert REACHED not in host.client().options("/fresh").text
        assert host.client().options("/inside/page").status_code == 200  # answered by Flask


def test_a_user_of_the_request_loader_is_a_stranger() -> None:
    """Who comes with a key and no session cannot be asked, so the view stays shut."""
    with guarded() as host:
        host.manager.request_loader(lambda _request: host.ann)
        host.twofactor.request_loader_policy(lambda _request: True)
        client = host.client()

        assert host.ann.email in client.get("/account").text
        for path in GUARDED.values():
            assert client.get(path).location.startswith("/login")


@pytest.mark.parametrize("path", GUARDED.values(), ids=GUARDED)
def test_with_the_store_down_nobody_gets_in(path: str) -> None:
    """Store down: 503, and the session stays as it was."""
    with guarded() as host:
        client = host.protected()
        before = cookie(client)
        break_store(host.app)

        assert client.get(path).status_code == 503
        assert client.post(path).status_code == 503
        assert cookie(client) == before


def test_a_store_that_fails_at_the_action() -> None:
    """What was shown is not used up, and nobody gets in, when that cannot be written."""
    with guarded() as host:
        client = stale(host)
        step_up(host, client, client.get("/delete").location)
        store = app_state(host.app).ports.store
        real = store.transaction

        def down() -> Any:
            message = "the database went away"
            raise StoreError(message)

        store.transaction = down  # type: ignore[method-assign]
        assert client.post("/delete").status_code == 503
        store.transaction = real  # type: ignore[method-assign]

        assert client.post("/delete").text == REACHED


# -- two_factor_required ---------------------------------------------------------------


@pytest.mark.parametrize("path", ["/billing", "/paren"])
def test_two_factor_lets_in_who_has_it(path: str) -> None:
    """Who passed the challenge gets in, however long ago; the last second factor is enough."""
    with guarded() as host:
        client = stale(host)

        assert client.get(path).text == REACHED


def test_two_factor_leads_to_setup_and_on() -> None:
    """Who has nothing set up is led to setup, and from the codes on to the page."""
    with guarded() as host:
        client = host.plain()
        started = client.get("/billing?year=2026")
        assert started.location == f"{PAGES}/setup?next=/billing?year%3D2026"
        assert f'href="{SETUP}?next=/billing?year%3D2026"' in client.get(started.location).text

        address = f"{SETUP}?next=/billing?year%3D2026"
        done = form(client, address, code=scanned_code(host, client))
        assert 'href="/billing?year=2026"' in done.text
        assert client.get("/billing").text == REACHED


def test_setup_keeps_the_page_while_it_asks_for_the_password() -> None:
    """The password, asked in between, does not lose the page to go on to."""
    with guarded() as host:
        client = host.plain()
        host.clock.move(600)
        asked = client.get(f"{SETUP}?next=/billing").location
        assert asked.startswith(CONFIRM)

        back = form(client, asked, password=PASSWORD).location
        assert back == f"{SETUP}?next=/billing"


def test_setup_leads_to_no_other_site() -> None:
    """The page to go on to is one of this app, or none."""
    with guarded() as host:
        client = host.plain()
        page = client.get(f"{PAGES}/setup?next=//evil.test/").text

        assert "evil" not in page


def test_two_factor_tells_a_script() -> None:
    """JSON is told by a stable code where to set up."""
    with guarded() as host:
        answer = host.plain().post("/billing", headers=JSON)

        assert answer.status_code == 403
        assert answer.get_json() == {
            "error": "two_factor_setup_required",
            "setup_url": f"{PAGES}/setup?next=/billing",
        }


def test_two_factor_ends_with_the_protection() -> None:
    """Who turned it off has it no more, also in the session that did."""
    with guarded() as host:
        client = host.protected()
        assert form(client, f"{PAGES}/disable").status_code == 303

        assert client.get("/account").status_code == 200
        assert client.get("/billing").location.startswith(f"{PAGES}/setup")


# -- wrong use -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_age": 0},
        {"max_age": -1},
        {"max_age": True},
        {"max_age": "60"},
        {"action": ""},
        {"action": "a" * 65},
        {"action": "a\0b"},
        {"max_age": 60, "action": "both"},
    ],
    ids=str,
)
def test_a_wrong_guard_is_refused_at_once(wrong: dict[str, Any]) -> None:
    """A mistake of the developer shows when the module is loaded, not when a user comes."""
    with pytest.raises(ValueError, match="must be"):
        step_up_required(**wrong)


def test_forgotten_parentheses_are_refused_at_once() -> None:
    """`@step_up_required` without parentheses says what to write."""
    with pytest.raises(TypeError, match="parentheses"):
        step_up_required(reached)  # type: ignore[arg-type]


@pytest.mark.parametrize("action", ["a\0b", "a" * 65, ""])
def test_an_action_that_is_none_is_a_plain_step_up(action: str) -> None:
    """A made-up name in the address is no fault, and gives leave for nothing."""
    with guarded() as host:
        client = stale(host)
        address = f"{STEP_UP}?next=/fresh"
        answer = form(client, address, action=action, method="totp", code=host.code())

        assert answer.location == "/fresh"
        assert client.get("/fresh").text == REACHED


def test_a_guarded_app_keeps_its_ways_in() -> None:
    """Before every request of an app: login, setup and step-up stay within reach."""
    with guarded() as host:
        host.app.before_request(step_up_required())
        client = host.client()
        assert client.get("/login").status_code == 200
        assert client.get("/account").location.startswith("/login")
        host.log_in(client, host.vic)
        assert client.get(SETUP).status_code == 200
        client = stale(host)

        back = step_up(host, client, client.get("/account").location)
        assert host.vic.email in client.get(back.location).text
