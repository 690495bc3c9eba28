"""Which events people hear of, and when a notice is tried again."""

from __future__ import annotations

import pytest

from flask_twofactor.core.agents import describe
from flask_twofactor.core.notices import (
    KEPT_SECONDS,
    Notice,
    is_too_old,
    next_try,
    notice_of,
    rule_for,
)
from flask_twofactor.core.records import Event, Surroundings

NOW = 1_800_000_000.0


def kind(name: str, **values: object) -> str | None:
    """Give the kind of notice that an event gives."""
    rule = rule_for(Event(name, "user:1", NOW, **values))  # type: ignore[arg-type]
    return None if rule is None else rule.kind


@pytest.mark.parametrize(
    ("expected", "name", "values"),
    [
        ("set_up", "enrolled", {"reason": "first"}),
        ("authenticator_added", "enrolled", {}),
        (None, "enrolled", {"reason": "import"}),
        ("number_changed", "replaced", {}),
        ("authenticator_removed", "removed", {}),
        ("turned_off", "disabled", {}),
        ("backup_code_used", "code_used", {"remaining": 7}),
        ("codes_renewed", "codes_regenerated", {}),
        ("codes_retiring", "codes_retiring", {"remaining": 7, "reason": "old"}),
        ("codes_ended", "codes_ended", {"remaining": 7, "actor": "operator:olga"}),
        (None, "store_restored", {"actor": "operator:olga"}),
        ("locked", "throttled", {"reason": "per_day"}),
        (None, "throttled", {"reason": "wait"}),
        ("method_locked", "disabled_authenticator", {}),
        ("method_unlocked", "enabled_authenticator", {}),
        ("reset", "admin_reset", {"actor": "support"}),
        ("password_changed", "password_changed", {}),
        ("device_trusted", "device_trusted", {}),
        ("device_copied", "device_stale_used", {}),
        (None, "device_used", {}),
        (None, "device_revoked", {}),
        (None, "proof_revoked", {}),
        (None, "verified", {}),
        (None, "verified", {"failures": 4}),
        ("signed_in_after_wrong_codes", "verified", {"failures": 5}),
        (None, "challenge_required", {}),
        (None, "forgotten", {}),
        (None, "not_me", {}),
        (None, "notice_dropped", {}),
    ],
)
def test_events_and_their_notices(
    expected: str | None, name: str, values: dict[str, object]
) -> None:
    """Each event gives the notice that the table says, or none."""
    assert kind(name, **values) == expected


@pytest.mark.parametrize("name", ["failed", "replay_seen"])
def test_wrong_codes_are_told_of_at_five_and_each_25(name: str) -> None:
    """5 wrong codes in a row, then each 25: not each of them; wrong ones at setup never."""
    told = [number for number in range(101) if kind(name, failures=number) == "code_refused"]

    assert told == [5, 25, 50, 75, 100]
    assert kind(name, failures=None) is None


def test_a_notice_has_the_facts_and_its_first_try_is_taken() -> None:
    """Who queues a notice tries it first; others find it due five minutes later."""
    event = Event("removed", "user:1", NOW, method="totp", authenticator_name="Pixel 9")
    rule = rule_for(event)
    assert rule is not None
    made = notice_of(rule, event, Surroundings("192.0.2.7", "Firefox/1"), "fr")

    assert (made.tries, made.try_at, made.language) == (1, NOW + 300, "fr")
    assert made.facts == {
        "method": "totp",
        "authenticator": "Pixel 9",
        "address": "192.0.2.7",
        "agent": "Firefox/1",
    }


def test_waits_double_up_to_an_hour() -> None:
    """5, 10, 20, 40 minutes, then each hour, however often."""
    waits = [int(next_try(tries, NOW) - NOW) // 60 for tries in (0, 1, 2, 3, 4, 5, 1000)]

    assert waits == [5, 10, 20, 40, 60, 60, 60]


def test_a_notice_is_given_up_after_three_days() -> None:
    """The age counts from what happened."""
    made = Notice("a", "user:1", "set_up", NOW, "en", 1, NOW)

    assert not is_too_old(made, NOW + KEPT_SECONDS - 1)
    assert is_too_old(made, NOW + 3 * 86400)


FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
CHROME = (
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Mobile Safari/537.36"
)
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0"
)
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (FIREFOX, ("Firefox", "Linux")),
        (CHROME, ("Chrome", "Android")),
        (EDGE, ("Edge", "Windows")),
        (SAFARI, ("Safari", "iPhone")),
        ("Call +1 555 0100 now, http://evil.test", (None, None)),
        ("", (None, None)),
        (None, (None, None)),
    ],
)
def test_browsers_have_names_of_ours(
    agent: str | None, expected: tuple[str | None, str | None]
) -> None:
    """Only names from our own lists are told, whatever a browser calls itself."""
    assert describe(agent) == expected
