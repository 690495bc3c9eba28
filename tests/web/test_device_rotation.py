"""What a value of a trusted device is worth when it comes back: lost answers, tabs, copies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flask_twofactor.stores import schema, statements

from .support.portal import (
    CHALLENGE,
    OVERVIEW,
    Portal,
    on_disk,
    portal,
    read,
)
from .support.trust import (
    come_back,
    copy,
    names_of_events,
    put,
    remember,
    value,
)


def test_a_lost_answer_is_no_theft() -> None:
    """The answer with the new value never arrives, up to three times: the old one still works."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        kept = value(host, client)
        for _ in range(3):
            put(host, client, kept)
            assert come_back(host, client)

        assert come_back(host, client)
        assert "device_stale_used" not in names_of_events(host)


def test_four_lost_answers_ask_for_the_code() -> None:
    """A value that was used four times and whose successors were never seen is worn, no theft."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        kept = value(host, client)
        passed = []
        for _ in range(6):
            put(host, client, kept)
            passed.append(come_back(host, client))

        assert passed == [True] * 4 + [False] * 2
        assert "device_stale_used" not in names_of_events(host)
        assert len(read(host.enter(), OVERVIEW)["trusted_devices"]) == 1


def test_two_tabs_with_one_value_both_pass() -> None:
    """Two logins with the same value each get a successor; whichever is kept goes on."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        other = copy(host, value(host, client))

        assert come_back(host, client)
        assert come_back(host, other)
        put(host, client, value(host, other))
        assert come_back(host, client)
        assert "device_stale_used" not in names_of_events(host)


def let_in_at_once(host: Portal, kept: str | None, times: int = 8) -> int:
    """Log in by one value from several browsers at the same moment; give how many pass."""

    def come(_: int) -> bool:
        browser = copy(host, kept)
        passed = host.log_in(browser, host.vic).location != CHALLENGE
        assert passed == host.lets_in(browser, host.vic)
        return passed

    with ThreadPoolExecutor(times) as browsers:
        return sum(browsers.map(come, range(times)))


def test_logins_at_once_with_one_value(tmp_path: Path) -> None:
    """Four pass, however many come at the same moment, and none is taken for a theft."""
    with portal(**on_disk(tmp_path)) as host:
        host.guard.protect(host.vic)
        client = remember(host)
        client.post("/logout")

        assert let_in_at_once(host, value(host, client)) == 4
        assert names_of_events(host).count("device_used") == 4
        assert "device_stale_used" not in names_of_events(host)


def test_that_race_bites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the condition in the one write, all of them pass."""
    careless = schema.trusted_device.update().values(last_used_at=1.0)
    monkeypatch.setattr(statements, "ROTATE_DEVICE", careless)
    with portal(**on_disk(tmp_path)) as host:
        host.guard.protect(host.vic)
        client = remember(host)
        client.post("/logout")

        assert let_in_at_once(host, value(host, client)) > 4


def test_a_copy_that_comes_back_ends_the_device() -> None:
    """A thief's copy of an older value asks for a code, ends the device, and is recorded."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        stolen = value(host, client)
        assert come_back(host, client)
        assert come_back(host, client)

        thief = copy(host, stolen)
        assert host.log_in(thief, host.vic).location == CHALLENGE
        assert not host.lets_in(thief, host.vic)
        assert names_of_events(host).count("device_stale_used") == 1
        assert not host.lets_in(client, host.vic)
        assert not come_back(host, client)
        again = copy(host, stolen)
        assert host.log_in(again, host.vic).location == CHALLENGE
        assert names_of_events(host).count("device_stale_used") == 1


def test_the_loser_of_a_stolen_value_ends_it() -> None:
    """Thief and owner both got a successor: the second of the two to come back ends the device."""
    with portal() as host:
        host.guard.protect(host.vic)
        client = remember(host)
        thief = copy(host, value(host, client))
        assert come_back(host, client)
        assert come_back(host, thief)
        assert come_back(host, client)

        assert not come_back(host, thief)
        assert "device_stale_used" in names_of_events(host)
        assert not come_back(host, client)
