"""What a page and a login cost, counted: statements, transactions, calls, bytes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.measure import counting
from benchmarks.site import CHALLENGE, Site
from flask_twofactor.testing import frozen_clock
from flask_twofactor.web.qr import svg

from .support.costs import CODES, PAGE, more_calls, statements

MOST_CALLS = 10
MOST_STATEMENTS = 15
MOST_STATEMENTS_REMEMBERED = 6
MOST_COOKIE_BYTES = 350
MOST_QR_BYTES = 8000
MINUTE = 60
SLOW = ["PIL", "alembic", "limits", "phonenumbers", "qrcode", "redis", "vonage", "webauthn"]
SCRIPT = f"""
import sys, flask, flask_login, flask_sqlalchemy, flask_wtf, sqlalchemy.orm
app = flask.Flask("host")
app.config.update(SECRET_KEY="a", TESTING=True)
flask_login.LoginManager(app)
before = set(sys.modules)
import flask_twofactor
flask_twofactor.TwoFactor(app)
loaded = set(sys.modules) - before
print(*(name for name in {SLOW} if name in loaded))
"""


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Site]:
    """The host without the extension."""
    site = Site(tmp_path / "bare", protected=False)
    yield site
    site.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The host with the extension, its store a file; ann is set up and bob is not."""
    site = Site(tmp_path / "ours", protected=True)
    yield site
    site.close()


@pytest.fixture
def demanding(tmp_path: Path) -> Iterator[Site]:
    """The same, where a rule asks everybody for a second factor."""
    site = Site(tmp_path / "demanding", protected=True, TWOFACTOR_REQUIRED_FOR="all")
    yield site
    site.close()


@pytest.mark.parametrize("path", ["/", "/static/style.css", "/static/missing.css", "/nothing"])
def test_strangers_cost_no_statement_and_few_calls(path: str, bare: Site, site: Site) -> None:
    """A stranger's page and a static file ask the store nothing and take ten calls more at most."""
    theirs, ours = bare.stranger(), site.stranger()
    ours.get(path)

    found = statements(site, lambda: ours.get(path))
    assert (found.seen, found.begun) == ([], 0)
    assert more_calls(lambda: ours.get(path), lambda: theirs.get(path)) <= MOST_CALLS


@pytest.mark.parametrize("path", ["/", "/static/style.css", "/static/missing.css", "/nothing"])
def test_strangers_get_the_same_answer(path: str, bare: Site, site: Site) -> None:
    """Status, headers and body of a stranger's page are byte for byte those of the bare host."""
    assert site.stranger().get(path) == bare.stranger().get(path)


@pytest.mark.parametrize("email", ["ann", "bob"])
def test_a_static_file_costs_nothing_when_signed_in(site: Site, email: str) -> None:
    """A static file asks the store nothing, also when the session says who one is."""
    client = site.log_in(email)

    found = statements(site, lambda: client.get("/static/style.css"))
    assert (found.seen, found.begun) == ([], 0)


@pytest.mark.parametrize("email", ["ann", "bob"])
def test_a_page_costs_one_statement(site: Site, email: str) -> None:
    """A signed-in page asks the store once, whether or not a second factor is set up."""
    client = site.log_in(email)

    found = statements(site, lambda: client.get(PAGE))
    assert (len(found.seen), found.begun) == (1, 0)


def test_a_page_costs_one_statement_where_a_rule_asks(demanding: Site) -> None:
    """A rule that requires a second factor adds no statement to the page of who has one."""
    client = demanding.log_in("ann")

    found = statements(demanding, lambda: client.get(PAGE))
    assert (len(found.seen), found.begun) == (1, 0)


def test_the_last_use_is_written_once_in_a_tenth_of_the_idle_time(tmp_path: Path) -> None:
    """Somebody who reads a page each minute costs one write in a tenth of PROOF_IDLE_MINUTES."""
    site = Site(tmp_path / "idle", protected=True, TWOFACTOR_PROOF_IDLE_MINUTES=50)
    with frozen_clock(site.app) as clock:
        client, written = site.log_in(), []
        for minute in range(1, 51):
            clock.move(MINUTE)
            found = statements(site, lambda: client.get(PAGE))
            assert len(found.seen) == 1 + found.begun
            written += [minute] * found.begun
    site.close()

    assert written == [5, 10, 15, 20, 25, 30, 35, 40, 45, 50]


def test_a_login_costs_fifteen_statements_of_ours(site: Site) -> None:
    """A full login with TOTP, audit and known browser: 15 statements, 3 write transactions.

    The host's own user loader is asked once more, when the hold is released.
    """
    with counting(site.host_engine) as host:
        found = statements(site, site.log_in)

    assert len(found.seen) <= MOST_STATEMENTS
    assert found.begun <= 3
    assert len(host.seen) == 3


def test_a_login_takes_five_requests_and_leaves_a_small_cookie(site: Site, bare: Site) -> None:
    """A full login with TOTP takes two requests more than bare; its cookie has 350 bytes at most."""
    client = site.log_in()

    assert client.requests == 5
    assert bare.log_in().requests == 3
    assert client.cookie_bytes() <= MOST_COOKIE_BYTES


def test_a_remembered_device_costs_six_statements_of_ours(site: Site) -> None:
    """A login from a trusted device: 6 statements up to its first page, 1 write transaction.

    Rotation, proof and event are in it; no request more than bare, no statement of the host's.
    """
    client = site.remember()
    site.come_back(client)
    before = client.requests
    with counting(site.host_engine) as host:
        found = statements(site, lambda: site.come_back(client))

    assert len(found.seen) <= MOST_STATEMENTS_REMEMBERED
    assert found.begun == 1
    assert client.requests - before == 3
    assert len(host.seen) == 2


def test_a_right_backup_code_is_spent_by_one_statement(site: Site) -> None:
    """A right backup code is found and spent by one UPDATE; the table is asked nothing else.

    The one SELECT counts the codes that are left, for the page that follows.
    """
    code, client = site.give_codes()[0], site.give_password()

    found = statements(site, lambda: client.post(CHALLENGE, method="backup_code", code=code))
    assert [one.split()[0] for one in found.seen if CODES in one] == ["SELECT", "UPDATE"]
    assert client.get(PAGE)[0] == "200 OK"


def test_a_wrong_backup_code_is_refused_by_one_statement(site: Site) -> None:
    """A wrong backup code takes the same UPDATE, which finds nothing.

    The SELECT before counts codes, the one after tells a spent code from a wrong one; then the
    page is shown again.
    """
    site.give_codes()
    client = site.give_password()

    found = statements(site, lambda: client.post(CHALLENGE, method="backup_code", code="0" * 25))
    assert [one.split()[0] for one in found.seen if CODES in one] == ["SELECT", "UPDATE", "SELECT"]
    assert client.get(PAGE)[0] == "302 FOUND"


def test_a_new_set_of_codes_takes_two_executions(site: Site) -> None:
    """Ten new backup codes: one DELETE of the old set and one INSERT of all rows."""
    site.give_codes()
    client = site.log_in()
    client.get("/two-factor/backup-codes")

    found = statements(site, lambda: client.post("/two-factor/backup-codes"))
    assert [one.split()[0] for one in found.seen if CODES in one] == ["DELETE", "INSERT"]


@pytest.mark.parametrize(
    ("length", "most"), [(10, MOST_QR_BYTES), (180, MOST_QR_BYTES), (255, 9600)]
)
def test_a_qr_code_is_small(length: int, most: int) -> None:
    """A QR code is at most 8 kB of SVG, up to a label of 180 characters.

    The longest label we keep, 255 characters, makes a symbol of 85 x 85 modules: 9.6 kB.
    """
    issuer = "Meridian%20Client%20Area"
    label = f"{'a' * (length - 7)}%40a.test"
    uri = f"otpauth://totp/{issuer}:{label}?secret={'A' * 32}&issuer={issuer}"

    assert len(svg(uri, "QR code").encode()) <= most


def test_nothing_slow_is_loaded_before_it_is_used() -> None:
    """After the Flask and SQLAlchemy stack, `import` and `init_app` load no slow library."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == []
