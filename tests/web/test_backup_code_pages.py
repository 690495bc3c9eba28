"""Backup codes on the pages: shown once, renewed, used, running out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient

from flask_twofactor import StoreError
from flask_twofactor.web.state import app_state

from .support.portal import (
    A_MORNING,
    CHALLENGE,
    CODES,
    OVERVIEW,
    PAGES,
    STEP_UP,
    Portal,
    finish_setup,
    form,
    make_codes,
    portal,
    read,
    scanned_code,
    send,
    token,
)
from .support.portal import SETUP as SETUP_PAGE

CODE = re.compile(r"<code>((?:[0-9A-Z]{5}-){4}[0-9A-Z]{5})</code>")


def set_up(host: Portal) -> tuple[FlaskClient, list[str]]:
    """Set up on the pages, and give the browser and the codes that were shown."""
    client = host.plain()
    done = send(client, SETUP_PAGE, code=scanned_code(host, client)).get_json()
    return client, list(done["codes"])


def use(host: Portal, code: str) -> FlaskClient:
    """Log in anew with a backup code."""
    client = host.held()
    assert form(client, CHALLENGE, method="backup_code", code=code).status_code == 200
    return client


def test_codes_come_with_the_first_setup_only() -> None:
    """The answer to the first code shows them, no-store; a second phone brings none."""
    with portal() as host:
        client = host.plain()
        first = finish_setup(host, client)
        assert len(set(CODE.findall(first.text))) == 10
        assert first.headers["Cache-Control"] == "no-store"
        assert "I saved them" in first.text
        assert "Add a backup device" in first.text

        second = finish_setup(host, client)
        assert CODE.findall(second.text) == []
        assert read(client, OVERVIEW)["codes_left"] == 10


def test_codes_say_whose_they_are() -> None:
    """The app, the account and the date go with them onto paper, wherever codes are shown."""
    with portal(TWOFACTOR_BACKUP_CODES=1, TWOFACTOR_ISSUER="Meridian") as host:
        host.clock.now = A_MORNING
        client = host.plain()
        pages = [finish_setup(host, client).text, form(client, CODES).text]
        (code,) = CODE.findall(pages[-1])
        pages.append(form(host.held(), CHALLENGE, method="backup_code", code=code).text)

        for page in pages:
            assert "Backup codes for Meridian" in page
            assert f"Account: {host.vic.email}" in page
            assert 'Made on <time datetime="2027-01-15T08:00Z">15 Jan 2027</time>' in page


def test_codes_are_shown_once() -> None:
    """No other page, and no reload, shows a code again."""
    with portal() as host:
        client, codes = set_up(host)
        pages = (OVERVIEW, CODES, f"{PAGES}/setup", SETUP_PAGE, STEP_UP)
        seen = "".join(client.get(path).text for path in pages)

        assert [one for one in codes if one in seen] == []


def test_new_codes_end_the_old_ones() -> None:
    """A new set is shown by the POST that makes it; sessions go on."""
    with portal() as host:
        client, old = set_up(host)
        other = use(host, old[0])
        answer = form(client, CODES)
        new = CODE.findall(answer.text)

        assert len(new) == 10
        assert set(new).isdisjoint(old)
        assert answer.headers["Cache-Control"] == "no-store"
        assert host.lets_in(other, host.vic)
        assert send(host.held(), CHALLENGE, method="backup_code", code=old[1]).status_code == 400
        use(host, new[0])
        assert "codes_regenerated" in [one.name for one in host.events]


def test_a_get_makes_no_codes() -> None:
    """Looking at the page says how many are left, and changes nothing."""
    with portal() as host:
        client, codes = set_up(host)
        assert "You have 10 unused backup codes." in client.get(CODES).text
        assert read(client, CODES)["codes_left"] == 10
        use(host, codes[0])


def test_who_is_not_protected_gets_no_codes() -> None:
    """Codes alone would protect nobody."""
    with portal() as host:
        client = host.plain()
        answer = client.post(CODES, data={"csrf_token": token(client, OVERVIEW)})

        assert answer.status_code == 400
        assert "Turn it on first" in answer.text


@pytest.mark.parametrize("change", [str.lower, lambda code: code.replace("-", " "), str.title])
def test_a_code_logs_in_once(change: object) -> None:
    """However it is typed; the second time it is refused in words that fit it."""
    assert callable(change)
    with portal() as host:
        _, codes = set_up(host)
        client = host.held()
        answer = form(client, CHALLENGE, method="backup_code", code=change(codes[0]))
        assert "You used a backup code, 9 left." in answer.text
        assert host.lets_in(client, host.vic)

        again = form(host.held(), CHALLENGE, method="backup_code", code=codes[0])
        assert again.status_code == 400
        assert "That backup code was already used" in again.text


@pytest.mark.parametrize(("used", "warned"), [(6, False), (7, True), (8, True)])
def test_a_warning_at_three_left(used: int, warned: bool) -> None:  # noqa: FBT001
    """The settings page asks to make new ones before they run out."""
    with portal() as host:
        _, codes = set_up(host)
        for code in codes[:used]:
            client = use(host, code)

        page = client.get(OVERVIEW).text
        assert f"{10 - used} codes left." in page
        assert ("Make new ones before you run out." in page) is warned


@pytest.mark.parametrize(
    ("used", "warning"),
    [
        (6, None),
        (7, "Make new ones before you run out."),
        (10, "That was your last one. Make new ones now."),
    ],
)
def test_a_warning_where_a_code_was_just_used(used: int, warning: str | None) -> None:
    """The page after it warns too, and leads to new ones without asking anything more."""
    with portal() as host:
        _, codes = set_up(host)
        for code in codes[: used - 1]:
            use(host, code)
        client = host.held()
        page = form(client, CHALLENGE, method="backup_code", code=codes[used - 1]).text

        assert ("Make new ones" in page) is (warning is not None)
        assert (warning or "") in page
        assert (f'href="{CODES}"' in page) is (warning is not None)
        assert len(CODE.findall(form(client, CODES).text)) == 10


def test_a_single_code_is_renewed_on_the_page_after_its_use() -> None:
    """With BACKUP_CODES=1 nobody is left without one, and the fresh one works."""
    with portal(TWOFACTOR_BACKUP_CODES=1) as host:
        _, (code,) = set_up(host)
        client = host.held()
        answer = form(client, CHALLENGE, method="backup_code", code=code)
        (fresh,) = CODE.findall(answer.text)

        assert fresh != code
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set up your new phone" in answer.text
        assert "Make new ones" not in answer.text
        assert read(client, OVERVIEW)["codes_left"] == 1
        assert "before you run out" not in client.get(OVERVIEW).text
        body = send(host.held(), CHALLENGE, method="backup_code", code=fresh).get_json()
        assert body["ok"] is True
        assert len(body["codes"]) == 1


def test_a_script_is_told_how_many_are_left() -> None:
    """JSON gets the number and where to go on."""
    with portal() as host:
        _, codes = set_up(host)
        body = send(host.held(), CHALLENGE, method="backup_code", code=codes[0]).get_json()

        assert (body["ok"], body["next"], body["codes_left"]) == (True, "/account", 9)
        assert body["few_codes"] is False
        assert not body.get("codes")


def test_codes_of_somebody_else_are_wrong() -> None:
    """A code is good for its owner only, and stays unspent when another tries it."""
    with portal() as host:
        _, codes = set_up(host)
        host.guard.protect(host.ann)
        theirs = make_codes(host.enter(host.ann))
        answer = send(host.held(), CHALLENGE, method="backup_code", code=theirs[0])

        assert answer.get_json()["error"] == "wrong_code"
        assert read(host.enter(host.ann), OVERVIEW)["codes_left"] == 10
        use(host, codes[0])


@pytest.mark.parametrize("call", ["codes_left", "authenticators", "transaction"])
def test_a_store_that_fails_after_the_code_was_spent(call: str) -> None:
    """Either the code is still good, or the person is in: a last code is never lost."""
    with portal(TWOFACTOR_BACKUP_CODES=1) as host:
        _, (code,) = set_up(host)
        for failing in range(4):
            client = host.held()
            csrf = token(client, CHALLENGE)
            data = {"csrf_token": csrf, "method": "backup_code", "code": code}
            with failing_after(host, call, failing):
                answer = client.post(CHALLENGE, data=data)
            if answer.status_code == 503:
                assert not host.lets_in(client, host.vic)
                continue
            assert host.lets_in(client, host.vic)
            found = CODE.findall(answer.text)
            (code,) = found or make_codes(client)


@contextmanager
def failing_after(host: Portal, call: str, good: int) -> Iterator[None]:
    """Let one call of the store work some times and then fail."""
    store = app_state(host.app).ports.store
    original, left = getattr(store, call), iter(range(good))

    def sometimes(*values: object, **named: object) -> object:
        if next(left, None) is None:
            raise StoreError("the database went away")
        return original(*values, **named)

    setattr(store, call, sometimes)
    try:
        yield
    finally:
        delattr(store, call)
