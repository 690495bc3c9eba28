"""A fault at any step of the store: before or after, nobody in, nothing lost, no restart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from werkzeug.test import TestResponse

from flask_twofactor.testing import FrozenClock, frozen_clock

from .support.browsing import OurHost, is_held, send
from .support.guard import CHALLENGE
from .support.trouble import TROUBLES
from .support.troubled import (
    FROM_INSIDE,
    FROM_OUTSIDE,
    Browser,
    Prepare,
    answer,
    begin_setup,
    code_of,
    confirm_setup,
    shape,
)

MOST_STEPS = 200
ALL = FROM_OUTSIDE | FROM_INSIDE


@dataclass(frozen=True, slots=True)
class Accident:
    """One fault: where it was, what the browser got, and the store before and after."""

    where: str
    browser: Browser
    response: TestResponse
    before: Counter[str]
    after: Counter[str]
    clock: FrozenClock

    @property
    def host(self) -> OurHost:
        """The host it happened to."""
        return self.browser.host


def accidents(prepare: Prepare, kind: str, **config: str) -> Iterator[Accident]:
    """Do the deed again and again on fresh hosts, with the fault one step later each time."""
    for number in range(1, MOST_STEPS):
        host = OurHost(**config)
        trouble = TROUBLES[kind](host.app)
        with frozen_clock(host.app) as clock:
            browser = prepare(host)
            before = shape(host)
            with trouble.at(number):
                response = browser.act()
            if not trouble.hit:
                assert number > 1, "the deed took no step"
                assert response.status_code < 400
                return
            yield Accident(trouble.hit, browser, response, before, shape(host), clock)
    pytest.fail("the deed never ends")


def wanted(prepare: Prepare, **config: str) -> Counter[str]:
    """Give what the store holds after the deed."""
    host = OurHost(**config)
    with frozen_clock(host.app):
        assert prepare(host).act().status_code < 400
        return shape(host)


def come_back(accident: Accident) -> None:
    """Get in with the same browser by what its pages offer, once the store works again."""
    host, client, user = accident.host, accident.browser.client, accident.browser.user
    accident.clock.move(60)
    if not host.lets_in(client, user):
        page = client.get("/account", follow_redirects=True)
        if page.request.path != CHALLENGE:
            assert page.text == "the login page", accident.where
            host.log_in(client, user)
        if is_held(client):
            passed = send(client, CHALLENGE, method="totp", code=code_of(host, user))
            assert passed.status_code < 400, accident.where
    assert host.lets_in(client, user), accident.where


def assert_plain(accident: Accident) -> None:
    """The answer says in plain words, without anything of the fault, what is the matter."""
    response = accident.response
    assert response.status_code == 503, accident.where
    assert response.headers["Retry-After"] == "30"
    assert "Nothing was lost." in response.text
    assert "went away" not in response.text
    assert "Traceback" not in response.text


def assert_outside(accident: Accident) -> None:
    """Whoever was not in is not in, not even if the fault came after the commit."""
    client, user = accident.browser.client, accident.browser.user
    assert not accident.host.lets_in(client, user), accident.where


@pytest.mark.parametrize("kind", TROUBLES)
@pytest.mark.parametrize("deed", ALL)
def test_a_fault_leaves_all_or_nothing(deed: str, kind: str) -> None:
    """Whatever step fails: a plain 503, before or after, nobody in, and all works again."""
    after = wanted(ALL[deed])
    for accident in accidents(ALL[deed], kind):
        assert_plain(accident)
        assert accident.after in (accident.before, after), accident.where
        if deed in FROM_OUTSIDE:
            assert_outside(accident)
        come_back(accident)
        accident.clock.move(60)
        if accident.after == accident.before:
            assert ALL[deed](accident.host).act().status_code < 400, accident.where


@pytest.mark.parametrize("kind", TROUBLES)
@pytest.mark.parametrize("deed", ["answer", "answer by backup code"])
def test_a_fault_makes_no_code_good_twice(deed: str, kind: str) -> None:
    """A code counts once: not again if it was used up, and once if it was not."""
    for accident in accidents(FROM_OUTSIDE[deed], kind):
        sent = accident.browser.data or {}
        tries = [answer(accident.host, sent["method"], sent["code"]).act() for _ in range(2)]
        good = [response.status_code < 400 for response in tries]
        assert good == [accident.after == accident.before, False], accident.where


@pytest.mark.parametrize("kind", TROUBLES)
@pytest.mark.parametrize("prepare", [begin_setup, confirm_setup])
def test_a_fault_in_a_required_setup_lets_nobody_in(prepare: Prepare, kind: str) -> None:
    """Somebody held until they set up is in only after they did, and is never locked out."""
    config = {"TWOFACTOR_REQUIRED_FOR": "all"}
    after = wanted(prepare, **config)
    for accident in accidents(prepare, kind, **config):
        assert_plain(accident)
        assert accident.after in (accident.before, after), accident.where
        assert_outside(accident)
        if accident.after == after != accident.before and prepare is confirm_setup:
            come_back(accident)
        else:
            again = confirm_setup(accident.host)
            assert again.act().status_code < 400, accident.where
            assert accident.host.lets_in(again.client, again.user), accident.where
