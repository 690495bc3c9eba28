"""A day of somebody with a thousand accounts who wants the site to pay for texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from flask_twofactor import two_factor_event
from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.records import Account, Event
from flask_twofactor.core.sending import Errand
from flask_twofactor.core.tokens import mint
from flask_twofactor.flows import sending, setting_up_places
from flask_twofactor.flows.acting import Acting
from flask_twofactor.flows.context import Ports
from flask_twofactor.testing import FrozenClock, frozen_clock
from flask_twofactor.web.state import app_state

from .support.browsing import is_held, send
from .support.guard import CHALLENGE
from .support.texting import E164, TextingHost, press_send

ACCOUNTS, NUMBERS, DAY = 1_000, 10_000, 86_400
ADDRESSES = 700


class Attacker:
    """Signs up accounts, spreads over addresses and the day, and names number after number."""

    def __init__(self, host: TextingHost, clock: FrozenClock) -> None:
        self.ports: Ports = app_state(host.app).ports
        self.clock = clock
        self.refused: Counter[str] = Counter()
        self.setups: list[Errand] = []

    def name(self, at: int, number: str) -> None:
        """Let one of the accounts name a number, and press "send"."""
        self.clock.move(DAY / NUMBERS)
        key = f"attacker:{at % ACCOUNTS}"
        acting = Acting(Account(key, "a", "Host"), 0, required=False, password_at=self.clock.now)
        fields = {"country": "GB", "phone": number}
        try:
            begun = setting_up_places.begin_at(self.ports, acting, "sms", None, fields)
            errand = setting_up_places.errand(self.ports, acting, "sms", begun.token)
            errand = replace(errand, address=f"192.0.2.{at % ADDRESSES}")
            sending.send(self.ports, errand, lambda code: f"{code} {mint()}")
            self.setups.append(errand)
        except RefusedError as refused:
            self.refused[str(refused.evidence.get("sends", refused.code))] += 1


def premium() -> Iterator[str]:
    """Give ten thousand numbers that cost whoever calls them."""
    return (f"0909879{at:04}" for at in range(NUMBERS))


def rented() -> Iterator[str]:
    """Give ten thousand mobile numbers as somebody rents them: side by side, in many ranges."""
    return (f"074{at % 100:02}{at % 7}{at // 100:05}" for at in range(NUMBERS))


def owner(host: TextingHost, clock: FrozenClock) -> None:
    """Let Ann prove her number, three days before."""
    host.with_number(host.ann)
    clock.move(3 * DAY)
    host.phones.texts.clear()


def owner_gets_in(host: TextingHost) -> bool:
    """Let Ann sign in by a code from her phone."""
    client = host.client("198.51.100.7")
    host.log_in(client, host.ann)
    if press_send(client).status_code != 303:
        return False
    assert host.phones.texts[-1][0] == E164
    send(client, CHALLENGE, method="sms", code=host.phones.code())
    return not is_held(client)


def test_ten_thousand_premium_numbers_cost_nothing() -> None:
    """Not one text goes to a premium number, and the owner's arrives."""
    host = TextingHost()
    with frozen_clock(host.app) as clock, host.app.app_context():
        owner(host, clock)
        attacker = Attacker(host, clock)
        for at, number in enumerate(premium()):
            attacker.name(at, number)
        assert attacker.refused == {"phone_not_mobile": NUMBERS}
        assert host.phones.texts == []

        assert owner_gets_in(host)


def test_ten_thousand_rented_numbers_cost_what_is_set() -> None:
    """Numbers that pass for any other cost at most a day's budget, and the owner's text arrives.

    The breaker is off: this is somebody who also types the codes that arrive. A tenth of the
    numbers and of the budget does, because each one is a visit to the database.
    """
    host = TextingHost(TWOFACTOR_SMS_PER_DAY=100, TWOFACTOR_SMS_BREAKER_PERCENT=0)
    with frozen_clock(host.app) as clock, host.app.app_context():
        owner(host, clock)
        attacker = Attacker(host, clock)
        for at, number in zip(range(NUMBERS // 10), rented(), strict=False):
            attacker.name(at, number)
        assert len(host.phones.texts) == 100 - 100 // 20
        assert attacker.refused["day"] > NUMBERS // 10 - 100

        assert owner_gets_in(host)


def test_the_breaker_ends_it_sooner() -> None:
    """Who does not read the codes is stopped long before the day's budget, with an alarm."""
    events: list[Event] = []

    def hear(_app: object, event: Event) -> None:
        events.append(event)

    host = TextingHost()
    hearing = two_factor_event.connected_to(hear, host.app)
    with frozen_clock(host.app) as clock, host.app.app_context(), hearing:
        owner(host, clock)
        attacker = Attacker(host, clock)
        for at, number in zip(range(NUMBERS // 10), rented(), strict=False):
            attacker.name(at, number)
        first, again = 50 + 14, 10 + 14  # so many in the two minutes that people get to type
        assert len(host.phones.texts) <= first + 2 * again
        assert [one.name for one in events].count("sends_paused") == 3
        assert owner_gets_in(host)


@pytest.mark.parametrize("accounts", [20])
def test_the_owner_s_number_cannot_be_used_up(accounts: int) -> None:
    """Strangers who name the owner's number all day do not keep the owner's texts away."""
    host = TextingHost()
    with frozen_clock(host.app) as clock, host.app.app_context():
        owner(host, clock)
        attacker = Attacker(host, clock)
        for at in range(accounts * 10):
            attacker.name(at % accounts, E164)
            clock.move(60)

        assert attacker.refused["strangers"] > 0
        assert len(host.phones.texts) <= 10
        assert owner_gets_in(host)


def test_who_knows_the_password_cannot_use_up_the_owner_s_texts() -> None:
    """All day somebody signs in with Ann's password and has codes sent; Ann's browser gets one."""
    host = TextingHost()
    with frozen_clock(host.app) as clock:
        anns = host.with_number(host.ann)
        anns.post("/logout")
        clock.move(3 * DAY)
        host.phones.texts.clear()
        for _ in range(20):
            clock.move(61)
            thief = host.client("192.0.2.66")
            host.log_in(thief, host.ann)
            press_send(thief)
        assert len(host.phones.texts) == 7

        host.log_in(anns, host.ann)
        assert press_send(anns).status_code == 303
        send(anns, CHALLENGE, method="sms", code=host.phones.code())
        assert host.lets_in(anns, host.ann)
