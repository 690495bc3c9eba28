"""After the right code: who is in, for how long, and what ends it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from flask import Request, Response
from flask.testing import FlaskClient
from flask_login import current_user, login_fresh, login_user
from flask_login.signals import user_logged_in

from flask_twofactor.testing import frozen_clock, reset_store
from flask_twofactor.web import session as keys

from .support.browsing import CANCEL, OurHost, is_held, send
from .support.guard import CHALLENGE, fail
from .support.host import PASSWORD, Person, cookie, put_cookie, session_of

REMEMBER = "remember_token"
DAY = 86400


@pytest.fixture
def host() -> OurHost:
    """The little host."""
    return OurHost()


# -- remember-me ------------------------------------------------------------------------------


@pytest.mark.parametrize(("fields", "days"), [({}, 1), ({"days": "30"}, 30)])
def test_the_wish_to_be_remembered_comes_true(
    host: OurHost, fields: dict[str, str], days: int
) -> None:
    """The cookie leaves with the release, for as long as the login asked."""
    client = host.held(remember="1", **fields)
    assert cookie(client, REMEMBER) is None
    host.guard.pass_second_factor(client, host.vic)
    kept: Any = client.get_cookie(REMEMBER)

    assert kept.expires.timestamp() == pytest.approx(time.time() + days * DAY, abs=60)


def test_nobody_is_remembered_who_did_not_ask(host: OurHost) -> None:
    """Without the wish no such cookie is ever set."""
    assert cookie(host.signed_in(host.vic), REMEMBER) is None


def remembered(host: OurHost) -> FlaskClient:
    """Open a browser that comes back with nothing but its remember-me cookie."""
    client = host.signed_in(host.vic, remember="1")
    put_cookie(client, None)
    return client


def test_a_visit_by_remember_cookie_is_held(host: OurHost) -> None:
    """The cookie stands for the password; after the code one is on the page one wanted."""
    with frozen_clock(host.app) as clock:
        client = remembered(host)
        assert client.get("/account?tab=2").location == CHALLENGE
        assert is_held(client)
        clock.move(30)

        assert host.right_code(client).location == "/account?tab=2"
        assert host.lets_in(client, host.vic)


def test_a_login_by_remember_cookie_is_not_fresh(host: OurHost) -> None:
    """A release of a remembered visit leaves a session that Flask-Login calls stale."""
    host.view("/fresh", "fresh", lambda: str(login_fresh()))
    client = remembered(host)
    client.get("/account")
    host.guard.pass_second_factor(client, host.vic)

    assert client.get("/fresh").text == "False"
    assert host.signed_in(host.vic).get("/fresh").text == "True"


def test_cancel_forgets_a_remembered_browser(host: OurHost) -> None:
    """After Cancel the cookie is gone and the next visit is a stranger's."""
    client = remembered(host)
    client.get("/account")
    send(client, CHALLENGE, CANCEL)

    assert cookie(client, REMEMBER) is None
    assert client.get("/account").location.startswith("/login")
    assert not is_held(client)


def test_a_remembered_visitor_without_a_factor_gets_in(host: OurHost) -> None:
    """Nothing changes for people who have no second factor."""
    client = host.client()
    host.log_in(client, host.ann, remember="1")
    put_cookie(client, None)

    assert host.lets_in(client, host.ann)


def test_a_remembered_visit_gets_a_new_mark(host: OurHost) -> None:
    """After the epoch moved, a remembered visitor without a factor gets in and stays in."""
    client = host.client()
    host.log_in(client, host.ann, remember="1")
    with host.app.app_context():
        host.guard.twofactor.password_changed(host.ann)
    put_cookie(client, None)

    assert [client.get("/whoami").text for _ in range(2)] == [host.ann.email] * 2


def test_a_proof_left_in_the_session_does_not_help_a_remember_cookie(host: OurHost) -> None:
    """A visit by the cookie alone is held, whatever else the session still carries."""
    client = host.signed_in(host.vic, remember="1")
    with client.session_transaction() as found:
        del found["_user_id"]

    assert not host.lets_in(client, host.vic)
    assert is_held(client)


# -- who is released --------------------------------------------------------------------------


def test_a_login_id_that_changed_while_held_lets_nobody_in(host: OurHost) -> None:
    """If the host's loader no longer knows the session's id, the person signs in again."""
    client = host.held()
    host.vic.login_id = "rotated"
    answer = host.right_code(client)

    assert answer.status_code == 401
    assert not host.lets_in(client, host.vic)
    assert not keys.OURS & set(session_of(client))


def test_another_person_under_the_same_login_id_is_not_released(host: OurHost) -> None:
    """A hold belongs to one user key, whatever the loader gives for its login id."""
    host.guard.twofactor.user_key(lambda user: user.email)
    host.guard.protect(host.vic)
    client = host.held()
    code = host.guard.code(host.vic)
    host.people[:] = [Person(host.vic.id, "new@host.test", "New")]

    assert host.guard.answer(client, code).status_code == 401
    assert not host.lets_in(client, host.people[0])


def test_a_changed_login_id_leaves_the_factor_on(host: OurHost) -> None:
    """With a `user_key` that stays, a password change that moves `get_id()` changes nothing."""
    host.guard.twofactor.user_key(lambda user: user.id)
    host.vic.login_id = "rotated"
    client = host.held()
    host.guard.pass_second_factor(client, host.vic)

    assert host.lets_in(client, host.vic)


def test_an_inactive_person_is_not_released(host: OurHost) -> None:
    """Somebody deactivated while held is refused, and their proof is worth nothing later."""
    client = host.held()
    host.vic.is_active = False
    assert host.right_code(client).status_code == 401
    host.vic.is_active = True

    assert not host.lets_in(client, host.vic)


def test_a_deleted_person_is_not_released(host: OurHost) -> None:
    """If the host forgot the person while they were held, their hold is gone."""
    client = host.held()
    with host.app.app_context():
        host.guard.twofactor.forget_user(host.vic)

    assert client.get(CHALLENGE).status_code == 401


def test_is_held_tells_the_two_signals_apart(host: OurHost) -> None:
    """Whichever order receivers were connected in, each learns whether the login is held."""
    told: list[bool] = []

    def receiver(number: int) -> Any:
        return lambda *_, **__: told.append(host.guard.twofactor.is_held()) or number

    receivers = [receiver(number) for number in range(40)]
    for one in receivers:
        user_logged_in.connect(one, sender=host.app)
    client = host.held(remember="1", days="30")
    assert told == [True] * 40
    told.clear()
    host.guard.pass_second_factor(client, host.vic)
    assert told == [False] * 40

    kept: Any = client.get_cookie(REMEMBER)
    assert kept.expires.timestamp() == pytest.approx(time.time() + 30 * DAY, abs=60)


def test_is_held_in_the_login_view_and_later(host: OurHost) -> None:
    """A view may ask right after `login_user`, a page at any time while held."""
    told: dict[str, bool] = {}

    def login() -> str:
        login_user(host.vic)
        told.update(login=host.guard.twofactor.is_held(), real=current_user == host.vic)
        return "welcome"

    host.view("/ask-login", "ask_login", login, "POST")
    host.view("/ask", "ask", lambda: str(host.guard.twofactor.is_held()))
    client = host.client()
    assert client.get("/ask").text == "False"
    client.post("/ask-login")
    assert told == {"login": True, "real": True}
    assert client.get("/ask").text == "True"

    host.guard.pass_second_factor(client, host.vic)
    assert client.get("/ask").text == "False"


def test_after_release_redoes_what_the_login_answered(host: OurHost) -> None:
    """The host may change the answer to the code, now that the person is in."""

    @host.guard.twofactor.after_release
    def redo(user: Person, answer: Response) -> Response:
        answer.set_cookie("language", f"of-{user.name}-{current_user.name}".replace(" ", ""))
        return answer

    client = host.held()
    assert cookie(client, "language") is None
    host.right_code(client)
    assert cookie(client, "language") == "of-VicFir-VicFir"


def test_a_failing_after_release_undoes_nothing(host: OurHost) -> None:
    """The code is spent and the person is in, whatever the host's function does."""
    host.guard.twofactor.after_release(fail("the host's own"))
    client = host.held()

    assert host.right_code(client).location == "/account"
    assert host.lets_in(client, host.vic)


# -- what a proof is good for -----------------------------------------------------------------


def test_a_login_under_a_valid_proof_asks_nothing_and_rotates_it(host: OurHost) -> None:
    """The same person's password renews the proof; a copy of the old one is dead."""
    client = host.signed_in(host.vic)
    copy = host.copy_of(client)
    before = session_of(client)[keys.PROOF]
    assert host.log_in(client, host.vic).location == "/account"

    assert session_of(client)[keys.PROOF] != before
    assert host.lets_in(client, host.vic)
    assert not host.lets_in(copy, host.vic)


def test_another_persons_login_is_held_and_ends_the_first(host: OurHost) -> None:
    """A proof is good for one person: the other is held, and the first one is out."""
    host.guard.protect(host.ann)
    client = host.signed_in(host.ann)
    copy = host.copy_of(client)
    host.log_in(client, host.vic)

    assert is_held(client)
    assert not host.lets_in(client, host.ann)
    assert not host.lets_in(copy, host.ann)


def test_a_copied_cookie_is_dead_after_log_out(host: OurHost) -> None:
    """Log-out ends the proof on the server; the copy is told so and emptied."""
    client = host.signed_in(host.vic)
    copy = host.copy_of(client)
    client.post("/logout")

    assert copy.get("/account").location.startswith("/login")
    assert "_user_id" not in session_of(copy)
    assert "signed out" in str(session_of(copy)["_flashes"])


def test_a_proof_ends_after_idle_time() -> None:
    """A session not used for PROOF_IDLE_MINUTES is logged out at its next request."""
    host = OurHost(TWOFACTOR_PROOF_IDLE_MINUTES=30)
    with frozen_clock(host.app) as clock:
        client = host.signed_in(host.vic)
        for _ in range(3):
            clock.move(29 * 60)
            assert host.lets_in(client, host.vic)
        clock.move(30 * 60)
        assert not host.lets_in(client, host.vic)


def test_a_proof_ends_after_its_hours() -> None:
    """With PROOF_HOURS even a busy session ends."""
    host = OurHost(TWOFACTOR_PROOF_HOURS=1)
    with frozen_clock(host.app) as clock:
        client = host.signed_in(host.vic)
        clock.move(3599)
        assert host.lets_in(client, host.vic)
        clock.move(1)
        assert not host.lets_in(client, host.vic)


@pytest.mark.parametrize("protected", [True, False])
def test_a_changed_password_ends_the_other_sessions(host: OurHost, *, protected: bool) -> None:
    """The session that made the change goes on, all others are out at their next request."""
    user = host.vic if protected else host.ann

    def change() -> str:
        host.guard.twofactor.password_changed(current_user)
        return "changed"

    host.view("/change", "change", change, "POST")
    clients = [host.client(), host.client()]
    for client in clients:
        host.log_in(client, user)
        if protected:
            host.guard.pass_second_factor(client, user)
    clients[0].post("/change")

    assert [host.lets_in(client, user) for client in clients] == [True, False]


def test_a_reset_ends_all_sessions_and_the_password_alone_logs_in(host: OurHost) -> None:
    """After a reset nobody is in; where nothing is required the password is enough again."""
    client = host.signed_in(host.vic)
    with host.app.app_context():
        host.guard.twofactor.reset(host.vic, actor="support", reason="lost phone")
    assert not host.lets_in(client, host.vic)
    host.log_in(client, host.vic)

    assert host.lets_in(client, host.vic)


def test_a_proof_whose_row_is_gone_is_worth_nothing(host: OurHost) -> None:
    """A session that carries an unknown proof is logged out, though no factor is left."""
    client = host.signed_in(host.vic)
    reset_store(host.app)

    assert not host.lets_in(client, host.vic)


# -- users that come with the request itself --------------------------------------------------


def by_header(host: OurHost) -> None:
    """Let anybody in who sends a password with each request."""

    def load(request: Request) -> Person | None:
        given = request.authorization
        if given is None or given.password != PASSWORD:
            return None
        return next((one for one in host.people if one.email == given.username), None)

    host.manager.request_loader(load)


def test_a_request_loader_needs_a_proof_by_default(host: OurHost) -> None:
    """A password in a header is no way around; people without a factor are not touched."""
    by_header(host)

    assert host.client().get("/whoami", auth=(host.vic.email, PASSWORD)).text == "nobody"
    assert host.client().get("/whoami", auth=(host.ann.email, PASSWORD)).text == host.ann.email


def test_request_loader_policy_may_exempt(host: OurHost) -> None:
    """The host's policy opens what it names, for that request only and without a session."""
    by_header(host)
    host.guard.twofactor.request_loader_policy(lambda request: request.path == "/whoami")
    client = host.client()
    auth = (host.vic.email, PASSWORD)

    assert client.get("/whoami", auth=auth).text == host.vic.email
    assert client.get("/account", auth=auth).status_code == 302
    assert client.get("/whoami").text == "nobody"
    assert not is_held(client)


def test_a_failing_request_loader_policy_refuses(host: OurHost) -> None:
    """If the policy raises, nobody is let in."""
    by_header(host)
    host.guard.twofactor.request_loader_policy(fail("the host's own"))
    answer = host.client().get("/whoami", auth=(host.vic.email, PASSWORD))

    assert answer.status_code == 503
    assert host.vic.email not in answer.text


def test_the_policy_is_not_asked_about_sessions(host: OurHost) -> None:
    """An exemption for requests does not open a session or a remember-me cookie."""
    by_header(host)
    host.guard.twofactor.request_loader_policy(lambda _: True)
    client = host.client()
    with client.session_transaction() as found:
        found.update({"_user_id": host.vic.get_id(), "_fresh": True})

    assert not host.lets_in(client, host.vic)
    assert not host.lets_in(remembered(host), host.vic)


def test_the_policy_is_not_asked_beside_a_dead_session(host: OurHost) -> None:
    """Beside the session of somebody who is gone an exempt request is refused once, never held."""
    by_header(host)
    host.guard.twofactor.request_loader_policy(lambda _: True)
    client, auth = host.client(), (host.vic.email, PASSWORD)
    with client.session_transaction() as found:
        found["_user_id"] = "99"

    assert client.get("/whoami", auth=auth).text == "nobody"
    assert not is_held(client)
    assert client.get("/whoami", auth=auth).text == host.vic.email


def test_a_lenient_loader_makes_no_login_of_a_remembered_visit(host: OurHost) -> None:
    """If the user's id is not the one in the cookie, it is a visit still, not a password step."""
    client = host.client()
    host.log_in(client, host.ann, remember="1")
    put_cookie(client, None)
    host.manager.user_loader(lambda login_id: host.ann if login_id == "1" else None)
    host.ann.login_id = "1|2"
    assert host.lets_in(client, host.ann)
    mark = session_of(client)[keys.MARK]

    assert mark[2] == 0, "the time of a password that nobody gave"
