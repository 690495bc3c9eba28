"""On each database, every statement of what many people do all day finds its rows by an index."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import text

from benchmarks.scale import crowd
from benchmarks.site import CHALLENGE, Site
from flask_twofactor.methods.totp import PERIOD
from flask_twofactor.testing import frozen_clock
from flask_twofactor.web.state import app_state

from .support.costs import PAGE
from .support.plans import explained, scans

SETUP, CODES = "/two-factor/setup/totp", "/two-factor/backup-codes"
KEY = re.compile(r'id="tf-key"[^>]*>([A-Z2-7 ]+)<')
SERVERS = [
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]
"""Servers with a fixture `NAME_uri`, which gives the address of an empty database."""


@pytest.fixture(params=["sqlite", *SERVERS])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """The benchmark's host among 300 users, its store on each kind of database."""
    place = {}
    if request.param != "sqlite":
        uri: str = request.getfixturevalue(f"{request.param}_uri")
        place = {"TWOFACTOR_DATABASE_URI": uri, "TWOFACTOR_KEYS": ["a:" + "A" * 43]}
    site = Site(tmp_path / "host", protected=True, **place)
    crowd.gather(site, 300)
    yield site
    site.close()


def _log_in(site: Site) -> None:
    site.log_in()


def _come_back(site: Site) -> None:
    site.come_back(site.remember())


def _read_a_page(site: Site) -> None:
    client = site.log_in()
    with frozen_clock(site.app) as clock:
        clock.move(3600)
        client.get(PAGE)


def _set_up(site: Site) -> None:
    client = site.give_password("bob")
    _, _, page = client.get(SETUP)
    key = KEY.search(page)
    assert key, page
    step = int(app_state(site.app).ports.clock()) // PERIOD
    code = pyotp.TOTP(key[1].replace(" ", "")).generate_otp(step)
    status, _, page = client.post(SETUP, code=code, name="Phone")
    assert status == "200 OK", page


def _guess_wrong(site: Site) -> None:
    client = site.give_password()
    client.post(CHALLENGE, method="totp", code="000000")
    client.post(CHALLENGE, method="backup_code", code="0" * 25)


def _use_a_backup_code(site: Site) -> None:
    code, client = site.give_codes()[0], site.give_password()
    client.post(CHALLENGE, method="backup_code", code=code)
    assert client.get(PAGE)[0] == "200 OK"


def _make_codes(site: Site) -> None:
    client = site.log_in()
    client.get(CODES)
    assert client.post(CODES)[0] == "200 OK"


@pytest.mark.parametrize(
    ("deed", "least"),
    [
        (_log_in, 11),
        (_come_back, 15),
        (_read_a_page, 1),
        (_set_up, 10),
        (_guess_wrong, 8),
        (_use_a_backup_code, 8),
        (_make_codes, 8),
    ],
    ids=lambda one: one.__name__ if callable(one) else "",
)
def test_no_statement_scans_a_table(site: Site, deed: Callable[[Site], None], least: int) -> None:
    """A login, a page, a setup and the like read no whole table; at least so many are looked at."""
    with explained(site) as plans:
        deed(site)

    assert len(plans) >= least
    assert scans(site, plans) == {}


def test_a_scan_would_be_seen(site: Site) -> None:
    """A statement that no index serves is told, and so is one that walks a whole index."""
    for order in ("", " ORDER BY id"):
        with explained(site) as plans, site.store.opened().engine.connect() as connection:
            statement = f"SELECT id FROM twofactor_authenticator WHERE name = 'a'{order}"
            connection.execute(text(statement))

        assert scans(site, plans)
