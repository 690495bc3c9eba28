"""A password that changed without a word is noticed by its fingerprint."""

from __future__ import annotations

import pytest

from flask_twofactor.stores import schema
from flask_twofactor.web.state import app_state

from .support.portal import CHALLENGE, Portal, form, portal
from .support.trust import come_back, names_of_events, remember, rows


def watched(host: Portal) -> dict[str, str | None]:
    """Let the host tell the fingerprint of each person's password."""
    passwords: dict[str, str | None] = {host.vic.id: "first hash", host.ann.id: "other hash"}
    host.twofactor.password_fingerprint_loader(lambda user: passwords[user.id])
    return passwords


def changes(host: Portal) -> list[str | None]:
    """Give the reasons of the password changes that were recorded."""
    return [one.reason for one in host.events if one.name == "password_changed"]


def test_a_new_password_ends_every_session_and_all_trust() -> None:
    """Whichever session comes first: all are out, once; the new password and a code let in."""
    with portal() as host:
        passwords = watched(host)
        host.guard.protect(host.ann)
        host.guard.protect(host.vic)
        device, other, held = remember(host), host.enter(), host.held()
        neighbour = host.enter(host.ann)
        passwords[host.vic.id] = "second hash"

        assert not host.lets_in(other, host.vic)
        assert not host.lets_in(device, host.vic)
        assert form(held, CHALLENGE, method="totp", code=host.code()).status_code == 401
        assert not come_back(host, device)
        assert host.lets_in(neighbour, host.ann)
        assert changes(host) == ["noticed"]
        assert host.lets_in(host.enter(), host.vic)


def test_a_new_password_is_noticed_at_the_password_step() -> None:
    """Before any session comes by: this login is held even on a trusted device."""
    with portal() as host:
        passwords = watched(host)
        host.guard.protect(host.vic)
        device, other = remember(host), host.enter()
        device.post("/logout")
        passwords[host.vic.id] = "second hash"

        assert host.log_in(device, host.vic).location == CHALLENGE
        assert form(device, CHALLENGE, method="totp", code=host.code()).location == "/account"
        assert host.lets_in(device, host.vic)
        assert not host.lets_in(other, host.vic)
        assert changes(host) == ["noticed"]


def test_a_session_from_before_the_loader_teaches_it() -> None:
    """Who was signed in and trusted when the app began to tell is not let through by that."""
    with portal() as host:
        host.guard.protect(host.vic)
        device, other = remember(host), host.enter()
        passwords = watched(host)
        assert host.lets_in(other, host.vic)
        passwords[host.vic.id] = "second hash"

        assert not come_back(host, device)
        assert not host.lets_in(other, host.vic)
        assert changes(host) == ["noticed"]


def test_without_a_second_factor_it_ends_the_other_sessions() -> None:
    """A login by password alone ends those of before the change, and itself goes on."""
    with portal() as host:
        passwords = watched(host)
        other = host.plain()
        passwords[host.vic.id] = "second hash"
        client = host.plain()

        assert host.lets_in(client, host.vic)
        assert not host.lets_in(other, host.vic)
        assert changes(host) == ["noticed"]


def test_the_call_and_the_fingerprint_are_one_change() -> None:
    """Where the host says it, the session that asked goes on, and nothing is noticed later."""
    with portal() as host:
        passwords = watched(host)

        def change() -> str:
            passwords[host.vic.id] = "second hash"
            host.twofactor.password_changed(host.vic)
            return "changed"

        host.view("/password", "password", change, "POST")
        client, other = host.protected(), host.enter()
        client.post("/password")

        assert host.lets_in(client, host.vic)
        assert not host.lets_in(other, host.vic)
        assert changes(host) == [None]


def test_the_same_password_changes_nothing() -> None:
    """As long as the text is the same, sessions and trust stay."""
    with portal() as host:
        watched(host)
        host.guard.protect(host.vic)
        client = remember(host)

        assert come_back(host, client)
        assert changes(host) == []


def test_only_a_keyed_digest_is_kept() -> None:
    """The text itself never reaches the store; a digest under an unknown key is learned anew."""
    with portal() as host:
        watched(host)
        client = host.protected()
        (kept,) = [one.password_digest for one in rows(host, schema.account)]
        assert "first hash" not in kept
        _overwrite(host, "lost-key." + "a" * 64)

        assert host.lets_in(client, host.vic)
        assert changes(host) == []
        host.enter()
        (again,) = [one.password_digest for one in rows(host, schema.account)]
        assert again == kept
        assert changes(host) == []


def _overwrite(host: Portal, digest: str) -> None:
    with app_state(host.app).ports.store.opened().engine.begin() as connection:  # type: ignore[attr-defined]
        connection.execute(schema.account.update().values(password_digest=digest))


@pytest.mark.parametrize("given", [None, ""])
def test_no_fingerprint_is_no_change(given: str | None) -> None:
    """A person without a password is let in as before."""
    with portal() as host:
        passwords = watched(host)
        passwords[host.vic.id] = given
        client = host.protected()

        assert host.lets_in(client, host.vic)
        assert "password_changed" not in names_of_events(host)


@pytest.mark.parametrize("fault", [RuntimeError("broken"), 12])
def test_a_loader_that_fails_lets_nobody_in(fault: object) -> None:
    """An exception, or something that is no text, refuses sessions and logins alike."""
    with portal() as host:
        client = host.protected()

        def load(_user: object) -> object:
            if isinstance(fault, Exception):
                raise fault
            return fault

        host.twofactor.password_fingerprint_loader(load)
        assert client.get("/account").status_code == 503
        assert not host.lets_in(client, host.vic)
        assert host.log_in(host.client(), host.vic).status_code == 503
        host.twofactor.password_fingerprint_loader(lambda _user: "hash")
        assert host.lets_in(client, host.vic)
