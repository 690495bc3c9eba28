"""The code field on the login page: odd views, odd input, and what breaks."""

from __future__ import annotations

import pytest
from flask import session
from flask_login import login_user

from flask_twofactor.core.errors import HoldGoneError

from .support.bad_input import BAD_CODES, VALUES
from .support.guard import break_store, fail
from .support.host import session_of
from .support.login_form import form_host, protected_host
from .support.portal import CHALLENGE, form


def test_two_logins_in_one_request() -> None:
    """A view that logs in one person and then another: the code is for the last, counted once."""
    with protected_host() as host:
        host.guard.protect(host.ann)

        def twice() -> str:
            host.form()
            login_user(host.ann)
            login_user(host.vic)
            return "welcome"

        host.view("/twice", "twice", twice, "POST")
        client = host.client()
        client.post("/twice", data={"code": host.code(host.ann)})
        assert not host.lets_in(client, host.ann)
        assert (host.failures(), host.failures(host.ann)) == (1, 0)
        client.post("/twice", data={"code": host.code()})
        assert host.lets_in(client, host.vic)


def test_the_form_without_a_login() -> None:
    """A view that only reads the form looks at no code, though this browser is held."""
    with protected_host() as host:
        host.view("/search", "search", lambda: str(host.form().code.data), "POST")
        client, code = host.held(), host.code()
        client.post("/search", data={"code": code})

        assert not host.lets_in(client, host.vic)
        assert form(client, CHALLENGE, method="totp", code=code).location == "/account"


def test_a_login_view_that_fails_later() -> None:
    """An exception after `login_user` and a right code leaves nobody half in: in, or not."""
    with protected_host() as host:

        def broken() -> str:
            host.form()
            login_user(host.vic)
            session["role"] = "admin"
            message = "the host's own fault"
            raise RuntimeError(message)

        host.view("/broken", "broken", broken, "POST")
        wrong, right = host.client(), host.client()
        wrong.post("/broken", data={"code": "000000"})
        assert not host.lets_in(wrong, host.vic)
        assert "role" not in session_of(wrong)
        right.post("/broken", data={"code": host.code()})
        assert host.lets_in(right, host.vic)


def test_what_cannot_be_kept_refuses_the_login() -> None:
    """A session key that cannot be put aside: the code is not looked at, and nobody gets in."""
    with protected_host() as host:

        def heavy() -> str:
            host.form()
            login_user(host.vic)
            session["much"] = "x" * 20_000
            return "welcome"

        host.view("/heavy", "heavy", heavy, "POST")
        client, code = host.client(), host.code()

        assert client.post("/heavy", data={"code": code}).status_code == 500
        assert not host.lets_in(client, host.vic)
        assert host.give(host.client(), code).location == "/account"


def test_the_store_down() -> None:
    """Nobody gets in by a right code while the store cannot answer: 503, and the code stays good."""
    with protected_host() as host:
        code, client = host.code(), host.client()
        break_store(host.app)

        assert host.give(client, code).status_code == 503
        assert "_user_id" not in session_of(client)


def test_an_error_after_the_code_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the login cannot be finished once the code was right, the answer is 503 and no session."""
    with protected_host() as host:
        monkeypatch.setattr(
            "flask_twofactor.web.login_hook.entering.release", fail("the loader broke")
        )
        client = host.client()

        assert host.give(client, host.code()).status_code == 503
        assert not host.lets_in(client, host.vic)


def test_a_hold_that_ended_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a change elsewhere ended the login in this very moment, the challenge says so."""
    with protected_host() as host:
        client, code = host.client(), host.code()

        def ended(*_: object, **__: object) -> None:
            with host.app.app_context():
                host.twofactor.sign_out_everywhere(host.vic)
            raise HoldGoneError

        with monkeypatch.context() as meanwhile:
            meanwhile.setattr("flask_twofactor.web.login_hook.entering.answer", ended)
            assert host.give(client, code).location == CHALLENGE
        page = client.get(CHALLENGE)
        assert page.status_code == 401
        assert "took too long or was ended" in page.text
        assert not host.lets_in(client, host.vic)


def test_a_person_who_is_gone_meanwhile() -> None:
    """Whoever was deactivated in the same request is not logged in by a right code."""
    with protected_host() as host:

        def leave() -> str:
            host.form()
            login_user(host.vic)
            host.vic.is_active = False
            return "welcome"

        host.view("/leave", "leave", leave, "POST")
        client = host.client()

        assert client.post("/leave", data={"code": host.code()}).status_code == 401
        host.vic.is_active = True
        assert not host.lets_in(client, host.vic)


@pytest.mark.parametrize("kind", [kind for kind in BAD_CODES if kind != "10 MB"])
def test_a_bad_code_in_the_form(kind: str) -> None:
    """Whatever is typed: the challenge, at most one guess counted, nobody in."""
    with protected_host() as host:
        client = host.client()

        assert host.give(client, BAD_CODES[kind]).location == CHALLENGE
        assert client.get(CHALLENGE).status_code in {200, 400}
        assert host.failures() <= 1
        assert not host.lets_in(client, host.vic)


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("field", ["code", "remember_device"])
def test_a_bad_value_in_json(field: str, kind: str) -> None:
    """Whatever shape a script sends: a clear error, never a 500, and nobody in."""
    with protected_host() as host:
        client = host.client()
        answer = host.say(client, **{"code": "000000", field: VALUES[kind]})

        wrong = host.say(host.client(), password="wrong", **{field: VALUES[kind]})
        assert wrong.status_code == 400
        assert answer.status_code in {400, 401}
        assert answer.get_json()["error"] in {"two_factor_required", "wrong_code"} | {
            "not_six_digits"
        }
        assert not host.lets_in(client, host.vic)


def test_the_session_says_nothing_that_is_secret() -> None:
    """What is kept for the challenge names the error, the method and a time, never the code."""
    with protected_host() as host:
        client = host.client()
        host.give(client, "271828", remember_device="y")

        assert "271828" not in str(session_of(client))


def test_a_held_person_logs_out_and_nothing_is_left() -> None:
    """Error and tick go with the hold: the next person on this browser sees neither."""
    with form_host() as host:
        host.guard.protect(host.vic)
        host.guard.protect(host.ann)
        client = host.client()
        host.give(client, "000000", remember_device="y")
        host.give(client, email=host.ann.email)

        page = client.get(CHALLENGE)
        assert page.status_code == 200
        assert "checked" not in page.text
