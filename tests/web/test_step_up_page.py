"""Asking again inside a session: which proof opens which door."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from .support.guard import JSON
from .support.portal import (
    CHALLENGE,
    CODES,
    DISABLE,
    OVERVIEW,
    PAGES,
    SETUP,
    STEP_UP,
    Portal,
    finish_setup,
    form,
    make_codes,
    portal,
    read,
    send,
)


def stale(host: Portal) -> tuple[FlaskClient, list[str]]:
    """Open a browser whose second factor was asked long ago, of a person with two phones."""
    client = host.protected()
    codes = make_codes(client)
    finish_setup(host, client, name="Pixel 9")
    host.clock.move(600)
    return client, codes


def doors(client: FlaskClient) -> dict[str, str]:
    """Give the addresses of all changes that ask for a second factor."""
    first = read(client, OVERVIEW)["authenticators"][0]["id"]
    return {
        "add": SETUP,
        "new codes": CODES,
        "remove": f"{PAGES}/authenticators/{first}/remove",
        "turn off": DISABLE,
    }


@pytest.mark.parametrize("door", ["add", "new codes", "remove", "turn off"])
def test_an_old_proof_opens_nothing(door: str) -> None:
    """Each change leads to the step-up page and back, and changes nothing before."""
    with portal() as host:
        client, codes = stale(host)
        path = doors(client)[door]
        answer = client.get(path) if door == "add" else form(client, path)

        assert answer.status_code in {302, 303}
        assert answer.location.startswith(STEP_UP)
        facts = read(client, OVERVIEW)
        assert (len(facts["authenticators"]), facts["codes_left"]) == (2, len(codes))


@pytest.mark.parametrize("door", ["new codes", "remove", "turn off"])
def test_an_old_proof_of_a_script(door: str) -> None:
    """JSON is told by a stable code where to step up."""
    with portal() as host:
        client, _ = stale(host)
        answer = send(client, doors(client)[door])

        assert answer.status_code == 403
        assert answer.get_json()["error"] == "step_up_required"
        assert answer.get_json()["step_up_url"].startswith(STEP_UP)


@pytest.mark.parametrize("door", ["add", "new codes", "remove", "turn off"])
def test_a_code_from_the_app_opens_everything(door: str) -> None:
    """A full second factor counts for every change, for STEP_UP_MINUTES."""
    with portal() as host:
        client, _ = stale(host)
        path = doors(client)[door]
        assert form(client, STEP_UP, method="totp", code=host.code()).location == OVERVIEW
        host.clock.move(299)

        answer = client.get(path) if door == "add" else form(client, path)
        assert STEP_UP not in (answer.location or "")
        assert answer.status_code in {200, 303}


@pytest.mark.parametrize("seconds", [299, 300])
def test_a_step_up_lasts_to_the_second(seconds: int) -> None:
    """After STEP_UP_MINUTES it is asked again."""
    with portal() as host:
        client, _ = stale(host)
        form(client, STEP_UP, method="totp", code=host.code())
        host.clock.move(seconds)

        assert (form(client, CODES).status_code == 200) is (seconds < 300)


@pytest.mark.parametrize("door", ["add", "new codes", "remove", "turn off"])
def test_a_backup_code_opens_all_but_turning_off(door: str) -> None:
    """Whoever lost the phone can replace it, but not turn the protection off."""
    with portal() as host:
        client, codes = stale(host)
        path = doors(client)[door]
        assert form(client, STEP_UP, method="backup_code", code=codes[0]).location == OVERVIEW

        answer = client.get(path) if door == "add" else form(client, path)
        assert (STEP_UP in (answer.location or "")) is (door == "turn off")
        if door == "turn off":
            assert "full=1" in answer.location
            assert read(client, OVERVIEW)["protected"] is True


def test_a_login_by_backup_code_counts_no_more() -> None:
    """Signed in by a backup code: a phone can be added, nothing turned off."""
    with portal() as host:
        _, codes = stale(host)
        client = host.held()
        assert form(client, CHALLENGE, method="backup_code", code=codes[0]).status_code == 200

        assert client.get(SETUP).status_code == 200
        assert STEP_UP in form(client, DISABLE).location


def test_no_backup_code_is_lost_where_it_does_not_count() -> None:
    """The page that asks for a full second factor offers no backup code and spends none."""
    with portal() as host:
        client, codes = stale(host)
        page = f"{STEP_UP}?full=1"
        assert "backup_code" not in client.get(page).text
        assert read(client, f"{page}&method=backup_code")["method"] == "totp"
        assert "a backup code is not enough" in client.get(page).text

        answer = send(client, page, method="backup_code", code=codes[0])
        assert answer.get_json()["error"] == "unknown_method"
        assert read(client, OVERVIEW)["codes_left"] == len(codes)
        assert host.failures() == 0


def test_a_code_works_once_across_all_pages() -> None:
    """What logged in does not step up, and what stepped up does not log in."""
    with portal() as host:
        client, codes = stale(host)
        code = host.code()
        form(client, STEP_UP, method="totp", code=code)
        form(client, STEP_UP, method="backup_code", code=codes[0])

        for other, path in ((client, STEP_UP), (host.held(), CHALLENGE)):
            answer = send(other, path, method="totp", code=code)
            assert answer.get_json()["error"] == "code_used"
            again = send(other, path, method="backup_code", code=codes[0]).get_json()
            assert again["error"] == "spent"
            assert again["message"] == "That backup code was already used. Use another one."
        seen = [one.reason for one in host.events if one.name == "replay_seen"]
        assert seen == ["code_used", "spent"] * 2


def test_a_step_up_is_of_this_session_only() -> None:
    """Another browser of the same person must step up for itself."""
    with portal() as host:
        client, _ = stale(host)
        other = host.enter()
        host.clock.move(600)
        form(client, STEP_UP, method="totp", code=host.code())

        assert form(client, CODES).status_code == 200
        assert STEP_UP in form(other, CODES).location


def test_nobody_steps_up_with_the_code_of_another() -> None:
    """A right code of somebody else is a wrong one here."""
    with portal() as host:
        client, _ = stale(host)
        host.guard.protect(host.ann)
        theirs = make_codes(host.enter(host.ann))
        answers = [
            send(client, STEP_UP, method="totp", code=host.code(host.ann)),
            send(client, STEP_UP, method="backup_code", code=theirs[0]),
        ]

        assert [one.get_json()["error"] for one in answers] == ["wrong_code", "wrong_code"]
        assert read(host.enter(host.ann), OVERVIEW)["codes_left"] == len(theirs)


def test_who_has_nothing_set_up_is_asked_nothing() -> None:
    """Without a second factor the step-up page leads on; a held person is led to the challenge."""
    with portal() as host:
        assert host.plain(host.ann).get(f"{STEP_UP}?next=/whoami").location == "/whoami"
        host.guard.protect(host.vic)
        assert host.held().get(STEP_UP).location == CHALLENGE
        assert host.client().get(STEP_UP, headers=JSON).status_code == 401


@pytest.mark.parametrize(("change", "page"), [(DISABLE, OVERVIEW), (CODES, CODES)])
def test_who_showed_a_code_reads_what_is_left_to_do(change: str, page: str) -> None:
    """Back on the page nothing was changed yet, and it says so once: choose it once more."""
    with portal() as host:
        client = host.protected()
        host.clock.move(600)
        asked = form(client, change).location
        assert asked is not None

        assert form(client, asked, method="totp", code=host.code()).location == page
        said = "Nothing was changed yet: please choose it once more."
        assert said in client.get(page).text
        assert said not in client.get(page).text
        assert form(client, change).status_code in {200, 303}


def test_turning_off_takes_two_steps() -> None:
    """The red button is behind a word to open first, beside what it does."""
    with portal() as host:
        page = host.protected().get(OVERVIEW).text

        _, _, opened = page.partition("<summary>Turn off</summary>")
        assert opened.index("your password alone lets anybody in") < opened.index(
            "Turn it off now"
        ), "what it does stands before the button"


def test_a_second_phone_is_told_the_truth() -> None:
    """Who is protected already reads of no codes to come, and adds instead of enabling."""
    with portal() as host:
        first, second = host.plain(host.ann).get(SETUP).text, host.protected().get(SETUP).text

        assert ("Backup codes come next." in first, "Verify and enable" in first) == (True, True)
        assert "Backup codes come next." not in second
        assert "Verify and add" in second
