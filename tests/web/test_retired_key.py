"""A key that was retired while browsers were held: they begin again, nobody is stuck."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from flask_twofactor.stores.keys import new_key

from .support.browsing import OurHost, is_held
from .support.guard import CHALLENGE
from .support.host import cookie, put_cookie
from .support.portal import SETUP, Portal, form, portal, read, send, token

OLD, NEW = new_key(), new_key()


def config(folder: Path, *keys: str) -> dict[str, object]:
    """Give the settings of one deployment."""
    uri = f"sqlite:///{folder / 'store.sqlite'}"
    return {"TWOFACTOR_DATABASE_URI": uri, "TWOFACTOR_KEYS": list(keys)}


def turn_keys(folder: Path) -> None:
    """Put the new key before the old one, and use the store once."""
    host = Portal(**config(folder, NEW, OLD))
    host.log_in(host.client(), host.ann)


def moved(client: FlaskClient, host: OurHost | Portal) -> FlaskClient:
    """Open the same browser on the next deployment."""
    after = host.client()
    put_cookie(after, cookie(client))
    return after


PATHS = ["/login", "/whoami", "/account", CHALLENGE, "/two-factor/lost-device", "/two-factor/"]


@pytest.mark.parametrize("path", PATHS)
def test_a_hold_of_a_retired_key_is_gone(tmp_path: Path, path: str) -> None:
    """No page fails; the person is led back to the login and can sign in."""
    client = OurHost(**config(tmp_path, OLD)).held()
    turn_keys(tmp_path)
    host = Portal(**config(tmp_path, NEW))
    client = moved(client, host)
    assert client.get(path).status_code in {200, 302, 401}
    client.get(CHALLENGE)
    assert not is_held(client)

    assert client.get("/login").text == "the login page"
    assert not host.lets_in(client, host.vic)
    assert host.log_in(client, host.vic).location == CHALLENGE
    answer = send(client, CHALLENGE, method="totp", code="123456")
    assert answer.get_json()["error"] == "unreadable", "an authenticator never counts as gone"


def test_a_setup_of_a_retired_key_begins_again(tmp_path: Path) -> None:
    """The page shows another secret instead of failing; the old one's code is not taken."""
    with portal(**config(tmp_path, OLD)) as host:
        client = host.plain(host.ann)
        before = read(client, SETUP)["key"]
    turn_keys(tmp_path)
    with portal(**config(tmp_path, NEW)) as host:
        client = moved(client, host)
        assert form(client, SETUP, code="123456").status_code == 400
        assert token(client, SETUP)
        assert read(client, SETUP)["key"] != before
