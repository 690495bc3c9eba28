"""Real servers that go away, hang, fill up or lose an answer, at the deeds that matter."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from flask_twofactor.testing import frozen_clock

from .support.browsing import is_held
from .support.outages import CUTS, OUTAGES, WAIT_SECONDS, Backend, backend, store_of
from .support.troubled import (
    FROM_OUTSIDE,
    Browser,
    Prepare,
    answer,
    app_answer,
    backup_answer,
    confirm_setup,
    protected_login,
    shape,
    visit,
)
from .test_faults import Accident, assert_outside, assert_plain, come_back

MOST_STEPS = 60
DEEDS: dict[str, Prepare] = {
    "login": protected_login,
    "challenge": FROM_OUTSIDE["held visit"],
    "release": app_answer,
    "setup": confirm_setup,
    "visit": visit,
}
# Statement by statement test_faults.py has it for every deed; here the wire is a real one.
CUT_DEEDS = (
    ("release", "cut before"),
    *((deed, "answer of the commit lost") for deed in ("login", "release", "setup")),
)
# What a deed does at an outage is decided by whether it reads or writes: each kind of outage
# meets one of each that it can hurt, and the release meets all that leave the server half alive.
PAIRS = (
    ("release", "slow"),
    ("release", "read-only"),
    ("release", "disk full"),
    ("login", "read-only"),
    ("setup", "disk full"),
    ("challenge", "stopped"),
    ("visit", "killed"),
)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
)
def there(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """A server that these tests may treat as they like."""
    with backend(request.param) as found:
        yield found


def accidents(there: Backend, prepare: Prepare, kind: str) -> Iterator[Accident]:
    """Do the deed again and again, with the wire cut one step later each time."""
    for number in range(1, MOST_STEPS):
        host = there.host()
        cut = CUTS[kind](host.app)
        with frozen_clock(host.app) as clock:
            browser = prepare(host)
            before = shape(host)
            with cut.at(number):
                response = browser.act()
            if not cut.hit:
                assert number > 1, "the deed took no step"
                assert response.status_code < 400
                store_of(host.app).opened().engine.dispose()
                return
            yield Accident(cut.hit, browser, response, before, shape(host), clock)
            store_of(host.app).opened().engine.dispose()
    pytest.fail("the deed never ends")


def wanted(there: Backend, prepare: Prepare) -> object:
    """Give what the store holds after the deed."""
    host = there.host()
    with frozen_clock(host.app):
        assert prepare(host).act().status_code < 400
        found = shape(host)
    store_of(host.app).opened().engine.dispose()
    return found


@pytest.mark.parametrize(("deed", "kind"), CUT_DEEDS)
def test_a_cut_leaves_all_or_nothing(there: Backend, deed: str, kind: str) -> None:
    """Whatever statement meets a cut wire: a plain 503, nobody in, all or nothing, no restart."""
    prepare = DEEDS[deed]
    whole = wanted(there, prepare)
    for accident in accidents(there, prepare, kind):
        assert_plain(accident)
        assert accident.after in (accident.before, whole), accident.where
        if kind != "cut before" and "commit" in accident.where and deed == "login":
            assert accident.after == whole, accident.where
        if deed != "setup":
            assert_outside(accident)
        come_back(accident)


@pytest.mark.parametrize("prepare", [app_answer, backup_answer])
def test_a_cut_makes_no_code_good_twice(there: Backend, prepare: Prepare) -> None:
    """Once committed a code counts as used, also where nobody heard of it."""
    for accident in accidents(there, prepare, "answer of the commit lost"):
        sent = accident.browser.data or {}
        tries = [answer(accident.host, sent["method"], sent["code"]).act() for _ in range(2)]
        good = [response.status_code < 400 for response in tries]
        assert good == [accident.after == accident.before, False], accident.where


@pytest.mark.parametrize(("deed", "outage"), PAIRS)
def test_an_outage_lets_nobody_in(there: Backend, deed: str, outage: str) -> None:
    """Whatever befalls the server: at most a plain 503 in limited time; then all goes on."""
    host = there.host()
    with frozen_clock(host.app) as clock:
        browser: Browser = DEEDS[deed](host)
        before, was_in = shape(host), host.lets_in(browser.client, browser.user)
        began = time.monotonic()
        with OUTAGES[outage](there):
            response = browser.act()
            took = time.monotonic() - began
            second = browser.client.get("/account")
        assert took < 2 * WAIT_SECONDS + 4
        if response.status_code >= 400:
            accident = Accident(outage, browser, response, before, before, clock)
            assert_plain(accident)
        if not was_in:
            assert second.text != browser.user.email
        wait_until_it_answers(host)
        after = shape(host)
        lost = {fact for fact in before - after if "authenticator" in fact}
        assert not lost
        clock.move(60)
        come_back(Accident(outage, browser, response, before, after, clock))
    store_of(host.app).opened().engine.dispose()


@pytest.mark.parametrize("outage", ["stopped", "paused"])
def test_an_outage_is_a_503(there: Backend, outage: str) -> None:
    """While the server is away a right code releases nobody, and nobody waits after the first."""
    host = there.host()
    with frozen_clock(host.app) as clock:
        browser = app_answer(host)
        before = shape(host)
        with OUTAGES[outage](there):
            response = browser.act()
            seen = browser.client.get("/account")
            began = time.monotonic()
            others = [host.log_in(host.client(), host.vic).status_code for _ in range(10)]
            # Each by itself would wait as long as the first: half a minute.
            assert time.monotonic() - began < 5 * WAIT_SECONDS
        assert set(others) == {503}
        assert_plain(Accident(outage, browser, response, before, before, clock))
        assert seen.status_code in {302, 503}
        wait_until_it_answers(host)
        assert is_held(browser.client)
        assert browser.act().status_code < 400
        assert host.lets_in(browser.client, browser.user)
    store_of(host.app).opened().engine.dispose()


def wait_until_it_answers(host: object) -> None:
    """Wait as long as a silent server is left alone, and a crashed one recovers."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            store_of(host.app).codes_left("nobody")  # type: ignore[attr-defined]
        except Exception:  # noqa: BLE001
            time.sleep(0.1)
        else:
            return
    pytest.fail("the store does not come back")
