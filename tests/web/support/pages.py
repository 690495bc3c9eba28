"""Every page of ours, as a host's template frames them and as people read them."""

from __future__ import annotations

from collections.abc import Iterator

from flask.testing import FlaskClient

from .portal import (
    CHALLENGE,
    CODES,
    CONFIRM,
    DISABLE,
    OVERVIEW,
    PAGES,
    SETUP,
    STEP_UP,
    Portal,
    finish_setup,
    form,
    make_codes,
    read,
)


def every_page(host: Portal) -> Iterator[str]:
    """Give each page but the one of a store that is down, with and without a second factor."""
    client = host.plain()
    yield from _setting_up(host, client)
    yield from (client.get(path).text for path in (OVERVIEW, f"{PAGES}/setup", CODES, STEP_UP))
    yield client.get(f"{STEP_UP}?full=1").text
    yield form(client, CODES).text
    yield from _logging_in(host, make_codes(client)[0])
    yield host.client().post(DISABLE).text


def _setting_up(host: Portal, client: FlaskClient) -> Iterator[str]:
    yield from (client.get(path).text for path in (OVERVIEW, f"{PAGES}/setup", SETUP, CONFIRM))
    yield form(client, SETUP, code="000000").text
    second_click = host.copy_of(client)
    yield finish_setup(host, client, name="Pixel 9").text
    yield second_click.post(SETUP).text
    yield finish_setup(host, client).text


def _logging_in(host: Portal, backup_code: str) -> Iterator[str]:
    held = host.held()
    yield from (held.get(path).text for path in (CHALLENGE, f"{PAGES}/lost-device"))
    yield held.get(f"{CHALLENGE}?method=backup_code").text
    yield form(held, CHALLENGE, method="totp", code="1").text
    second_click, csrf = host.copy_of(held), read(held, CHALLENGE)["csrf_token"]
    yield form(held, CHALLENGE, method="backup_code", code=backup_code).text
    yield second_click.post(CHALLENGE, data={"csrf_token": csrf, "code": backup_code}).text
