"""Sessions that one can see and end: one of them, all of them, and one's own by logging out."""

from __future__ import annotations

import pytest

from flask_twofactor.stores import schema

from .support.host import cookie, put_cookie
from .support.portal import (
    CHALLENGE,
    DISABLE,
    EVERYWHERE,
    OVERVIEW,
    PAGES,
    form,
    portal,
    read,
    send,
)
from .support.trust import come_back, names_of_events, remember, rows

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1"


def _end(session_id: str) -> str:
    return f"{PAGES}/sessions/{session_id}/end"


def test_the_list_names_each_session() -> None:
    """Browser, address, dates and way of each; this one first and named so."""
    with portal() as host:
        host.guard.protect(host.vic)
        first = host.client("192.0.2.1", FIREFOX)
        host.log_in(first, host.vic)
        form(first, CHALLENGE, method="totp", code=host.code())
        second = host.client("192.0.2.2", PHONE)
        host.log_in(second, host.vic)
        form(second, CHALLENGE, method="totp", code=host.code())
        mine = read(first, OVERVIEW)["sessions"]

        assert [one["name"] for one in mine] == ["Firefox on Windows", "Safari on iPhone"]
        assert [one["address"] for one in mine] == ["192.0.2.1", "192.0.2.2"]
        assert [one["is_this"] for one in mine] == [True, False]
        assert {one["method"] for one in mine} == {"totp"}
        assert mine[1]["created_at"] > mine[0]["created_at"]
        text = first.get(OVERVIEW).text
        assert "Firefox on Windows" in text
        assert "this one" in text


def test_a_session_by_a_trusted_device_is_told_apart() -> None:
    """The list says which session passed by a device."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        come_back(host, client)

        assert [one["method"] for one in read(client, OVERVIEW)["sessions"]] == ["trusted_device"]
        assert "by trusted device" in client.get(OVERVIEW).text


def test_an_ended_session_is_out_at_its_next_request() -> None:
    """No code is asked, the other browser is a stranger, this one goes on, and it is recorded."""
    with portal() as host:
        client, other = host.protected(), host.enter()
        copied = cookie(other)
        host.clock.move(3600)
        _, theirs = read(client, OVERVIEW)["sessions"]

        assert form(client, _end(theirs["id"])).location == OVERVIEW
        assert not host.lets_in(other, host.vic)
        put_cookie(other, copied)
        assert not host.lets_in(other, host.vic)
        assert host.lets_in(client, host.vic)
        assert len(read(client, OVERVIEW)["sessions"]) == 1
        assert send(client, _end(theirs["id"])).get_json()["error"] == "unknown_session"
        ended = [one for one in host.events if one.name == "proof_revoked"]
        assert [(one.user_key, one.reason) for one in ended] == [("@Person:2", "ended")]


def test_ending_ones_own_session_is_a_log_out() -> None:
    """The login page, and the remember-me cookie goes."""
    with portal() as host:
        client = host.protected()
        (mine,) = read(client, OVERVIEW)["sessions"]

        assert form(client, _end(mine["id"])).location == "/login"
        assert not host.lets_in(client, host.vic)
        assert [one.reason for one in host.events if one.name == "proof_revoked"] == ["log_out"]


@pytest.mark.parametrize("whose", ["somebody else's", "nobody's", "a longer one"])
def test_another_persons_session_cannot_be_ended(whose: str) -> None:
    """An id that is none of one's own is refused as unknown; nobody is signed out."""
    with portal() as host:
        host.guard.protect(host.ann)
        client, other = host.protected(), host.enter(host.ann)
        (theirs,) = read(other, OVERVIEW)["sessions"]
        wanted = {"somebody else's": theirs["id"], "nobody's": "a" * 64, "a longer one": "b" * 900}

        answer = send(client, _end(wanted[whose]))
        assert (answer.status_code, answer.get_json()["error"]) == (400, "unknown_session")
        assert host.lets_in(other, host.ann)


def test_sign_out_everywhere() -> None:
    """Every session, this one too, every hold and every trusted device; others' stay."""
    with portal() as host:
        host.guard.protect(host.ann)
        client, other = host.protected(), host.enter()
        device, held, neighbour = remember(host), host.held(), host.enter(host.ann)
        copied = cookie(client)

        assert form(client, EVERYWHERE).location == "/login"
        with client.session_transaction() as kept:
            assert "signed out everywhere" in str(kept["_flashes"])
        put_cookie(client, copied)
        assert not any(host.lets_in(one, host.vic) for one in (client, other, device, held))
        assert form(held, CHALLENGE, method="totp", code=host.code()).status_code == 401
        assert not come_back(host, device)
        assert host.lets_in(neighbour, host.ann)
        assert names_of_events(host).count("signed_out_everywhere") == 1


def test_sign_out_everywhere_without_a_second_factor() -> None:
    """Sessions by password alone end as well, and the page says why it lists none."""
    with portal() as host:
        client, other = host.plain(), host.plain()
        assert "listed once two-factor authentication is on" in client.get(OVERVIEW).text
        form(client, EVERYWHERE)

        assert not host.lets_in(client, host.vic)
        assert not host.lets_in(other, host.vic)
        assert host.lets_in(host.plain(), host.vic)


def test_the_app_signs_somebody_out_everywhere() -> None:
    """The call ends the sessions of the person it names, and not of who asks for it."""
    with portal() as host:
        host.view("/out", "out", lambda: _out(host), "POST")
        host.guard.protect(host.ann)
        client, admin = host.protected(), host.enter(host.ann)

        assert admin.post("/out").text == "out"
        assert not host.lets_in(client, host.vic)
        assert host.lets_in(admin, host.ann)
        client = host.enter()
        assert client.post("/out").text == "out"
        assert not host.lets_in(client, host.vic)


def _out(host: object) -> str:
    host.twofactor.sign_out_everywhere(host.vic)  # type: ignore[attr-defined]
    return "out"


@pytest.mark.parametrize("path", [EVERYWHERE, f"{PAGES}/devices/revoke", _end("a" * 64)])
def test_strangers_and_held_people_end_nothing(path: str) -> None:
    """Who is not signed in is turned away, and who is held is led to the challenge."""
    with portal() as host:
        host.guard.protect(host.vic)
        client, held, stranger = remember(host), host.held(), host.client()

        assert send(stranger, path).status_code in {400, 401}
        assert form(held, path).location == CHALLENGE
        assert host.lets_in(client, host.vic)
        assert come_back(host, client)


@pytest.mark.parametrize("path", [EVERYWHERE, f"{PAGES}/devices/revoke", _end("a" * 64)])
def test_without_the_csrf_token_nothing_ends(path: str) -> None:
    """Another site's form is refused on the settings page."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        answer = client.post(path)

        assert answer.status_code == 400
        assert "open for too long" in answer.text
        assert host.lets_in(client, host.vic)
        assert come_back(host, client)


def test_a_log_out_is_recorded_once_and_only_if_a_row_ended() -> None:
    """The second log-out with the same cookie, and a stranger's, leave no record."""
    with portal() as host:
        client = host.protected()
        copied = cookie(client)
        client.post("/logout")
        put_cookie(client, copied)
        client.post("/logout")
        host.client().post("/logout")
        host.plain(host.ann).post("/logout")

        assert names_of_events(host).count("proof_revoked") == 1
        (row,) = rows(host, schema.proof)
        assert row.revoked_at is not None


@pytest.mark.parametrize(("seconds", "listed"), [(-1, 1), (0, 0), (1, 0)])
@pytest.mark.parametrize("limit", ["TWOFACTOR_PROOF_IDLE_MINUTES", "TWOFACTOR_PROOF_HOURS"])
def test_sessions_that_ran_out_are_not_listed(limit: str, seconds: int, listed: int) -> None:
    """A second before the limit it is there, at it and after it is gone, as is its browser."""
    settings = {limit: 1, "TWOFACTOR_PROOF_IDLE_MINUTES": 60 * 24} | {limit: 1}
    length = 60 if limit.endswith("MINUTES") else 3600
    with portal(**settings) as host:
        first = host.protected()
        made = host.clock.now
        host.clock.now = made + length + seconds - 30
        second = host.enter()
        others = [one for one in read(second, OVERVIEW)["sessions"] if not one["is_this"]]

        assert len(others) == listed
        assert host.lets_in(first, host.vic) is bool(listed)


def test_disable_leaves_the_other_sessions_ended() -> None:
    """After turning off only this session is there, and the list says so no more."""
    with portal() as host:
        client, other = host.protected(), host.enter()
        form(client, DISABLE)

        assert not host.lets_in(other, host.vic)
        assert [one["is_this"] for one in read(client, OVERVIEW)["sessions"]] in ([], [True])


@pytest.mark.parametrize("why", ["time", "elsewhere"])
def test_a_session_that_ended_before_is_no_log_out(why: str) -> None:
    """Who comes back too late, or after everything was ended, did not log out: no record says so."""
    with portal(TWOFACTOR_PROOF_HOURS=1) as host:
        client = host.protected()
        if why == "time":
            host.clock.move(3601)
        else:
            with host.app.app_context():
                host.twofactor.sign_out_everywhere(host.vic)

        assert not host.lets_in(client, host.vic)
        assert "proof_revoked" not in names_of_events(host)
