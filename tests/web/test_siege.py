"""Thirty days with an attacker who knows the password, by every road at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_twofactor.core.throttle import DAY

from .support.host import cookie, put_cookie
from .support.portal import CANCEL, CHALLENGE, Portal, form, portal, send

HOUR = 3600
DAYS = 30
WRONG_BACKUP = "0" * 25
EVALUATED = frozenset({"wrong_code", "not_six_digits", "not_a_backup_code"})


class Try(NamedTuple):
    """One guess that was looked at."""

    at: float
    method: str


@dataclass(slots=True)
class Attacker:
    """Somebody with the password, many browsers and addresses, and all the time."""

    host: Portal
    looked_at: list[Try] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    number: count[int] = field(default_factory=count)

    def spree(self) -> None:
        """Guess by each road until each one is refused."""
        for road in (self._fresh_browser, self._same_browser, self._old_cookie, self._backup_code):
            for _ in range(40):
                if not road():
                    break

    def _browser(self) -> FlaskClient:
        number = next(self.number)
        client = self.host.client(address=f"203.0.113.{number % 250}", agent=f"Agent/{number}")
        self.host.log_in(client, self.host.vic)
        self.kept = [*self.kept[-20:], cookie(client)]
        return client

    def _fresh_browser(self) -> bool:
        return self._guess(self._browser(), "totp", f"{next(self.number) % 1_000_000:06}")

    def _same_browser(self) -> bool:
        client = self._browser()
        going_on = self._guess(client, "totp", "letters")
        form(client, CANCEL)
        return going_on

    def _old_cookie(self) -> bool:
        client = self._browser()
        put_cookie(client, self.kept[0])
        return self._guess(client, "totp", f"{next(self.number) % 1_000_000:06}")

    def _backup_code(self) -> bool:
        return self._guess(self._browser(), "backup_code", WRONG_BACKUP)

    def _guess(self, client: FlaskClient, method: str, code: str) -> bool:
        answer = send(client, CHALLENGE, method=method, code=code)
        assert not self.host.lets_in(client, self.host.vic), "the attacker got in"
        if answer.get_json()["error"] in EVALUATED:
            self.looked_at.append(Try(self.host.clock.now, method))
            return True
        return False

    def busiest_day(self) -> int:
        """Count the tries in the 24 hours that have most of them."""
        times = [one.at for one in self.looked_at]
        return max(sum(start <= at < start + DAY for at in times) for start in times)

    def most_in_a_row(self, method: str) -> int:
        """Count the tries by one method."""
        return sum(one.method == method for one in self.looked_at)


def sign_in(host: Portal, owner: FlaskClient) -> TestResponse:
    """Sign the owner in, in the browser they always use."""
    owner.post("/logout")
    host.log_in(owner, host.vic)
    return send(owner, CHALLENGE, method="totp", code=host.code())


def besieged(host: Portal, owner: FlaskClient | None, pause: int, days: int = DAYS) -> Attacker:
    """Let the attacker try every `pause` hours for some days; the owner comes once a day."""
    attacker = Attacker(host)
    for hour in range(0, days * 24, pause):
        attacker.spree()
        if owner is not None and hour % 24 < pause:
            assert sign_in(host, owner).status_code == 200, f"the owner stood outside at {hour} h"
            assert host.lets_in(owner, host.vic)
        host.clock.move(pause * HOUR)
    return attacker


@pytest.mark.parametrize("pause", [1, 5])
def test_the_owner_gets_in_every_day_and_the_attacker_guesses_little(pause: int) -> None:
    """At most 20 guesses in any 24 hours are looked at, and the owner never stands outside."""
    with portal() as host:
        attacker = besieged(host, host.protected(), pause)

        assert attacker.busiest_day() <= 20
        assert len(attacker.looked_at) <= 20 * DAYS


def test_an_account_whose_owner_is_away_is_shut_after_a_hundred_guesses() -> None:
    """With nobody to answer rightly, each method takes 100 guesses and no more."""
    with portal() as host:
        host.protected()
        attacker = besieged(host, None, 3)

        assert attacker.most_in_a_row("totp") == 100
        assert attacker.most_in_a_row("backup_code") <= 100


def test_the_siege_would_see_a_weak_limit() -> None:
    """The simulation bites: with a cap of 100 the same attacker gets more than 20 a day."""
    with portal(TWOFACTOR_THROTTLE_PER_DAY=100) as host:
        attacker = besieged(host, host.protected(), 1, days=2)

        assert attacker.busiest_day() > 20
