"""What a page and a login cost, counted: statements, transactions, calls, bytes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pyotp
import pytest
from flask import Flask
from sqlalchemy import Engine, event, text

from benchmarks.client import Client
from benchmarks.host import User, make_host
from benchmarks.measure import calls
from flask_twofactor.core.clock import SystemClock
from flask_twofactor.methods.totp import PERIOD
from flask_twofactor.stores.sqlalchemy import SQLStore
from flask_twofactor.testing import set_up_totp
from flask_twofactor.web.qr import svg
from flask_twofactor.web.state import app_state

MOST_CALLS = 10
MOST_STATEMENTS = 10
MOST_COOKIE_BYTES = 350
MOST_QR_BYTES = 8192


class Counted:
    """The protected host, and what its store was asked."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.statements: list[str] = []
        self.transactions = 0
        self.listen(self._note)

    @property
    def engine(self) -> Engine:
        """The store's engine."""
        return cast("SQLStore", app_state(self.app).ports.store).opened().engine

    def listen(self, note: Callable[..., None]) -> None:
        """Hear of every statement, of reads and of transactions."""
        opened = cast("SQLStore", app_state(self.app).ports.store).opened()
        for engine in (opened.engine, opened.reader):
            event.listen(engine, "before_cursor_execute", note)

    def during(self, work: Callable[[], object]) -> list[str]:
        """Give the statements of some work, without those that begin transactions."""
        self.statements, self.transactions = [], 0
        work()
        return self.statements

    def _note(self, _c: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("BEGIN"):
            self.transactions += 1
        else:
            self.statements.append(statement)


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Flask]:
    """The host without the extension."""
    app = make_host(tmp_path / "bare", protected=False)
    yield app
    app.extensions["engine"].dispose()


@pytest.fixture
def counted(tmp_path: Path) -> Iterator[Counted]:
    """The host with the extension, its store a file."""
    app = make_host(tmp_path / "ours", protected=True)
    counted = Counted(app)
    yield counted
    counted.engine.dispose()
    app.extensions["engine"].dispose()


def code(app: Flask, secret: str) -> str:
    """Give the code of now."""
    return pyotp.TOTP(secret).generate_otp(int(app_state(app).ports.clock()) // PERIOD)


def log_in(client: Client, secret: str | None = None, email: str = "ann") -> None:
    """Log in as a browser does, up to the account page."""
    client.get("/login")
    client.post("/login", email=email)
    if secret is not None:
        client.get("/two-factor/challenge")
        client.post("/two-factor/challenge", method="totp", code=code(client.app, secret))
    status, _, _ = client.get("/account")
    assert status == "200 OK"


@pytest.mark.parametrize("path", ["/", "/static/missing.css"])
def test_strangers_cost_nothing(path: str, bare: Flask, counted: Counted) -> None:
    """An anonymous page and a static file: no statement, ten calls more at most, same headers."""
    theirs, ours = Client(bare), Client(counted.app)

    assert counted.during(lambda: ours.get(path)) == []
    assert ours.get(path)[:2] == theirs.get(path)[:2]
    more = calls(lambda: ours.get(path)) - calls(lambda: theirs.get(path))
    assert more <= MOST_CALLS


def test_a_static_file_costs_nothing_for_somebody_signed_in(counted: Counted) -> None:
    """A static file asks the store nothing, also when a session says who one is."""
    client = Client(counted.app)
    log_in(client)

    assert counted.during(lambda: client.get("/static/missing.css")) == []


@pytest.mark.parametrize("protected", [True, False])
def test_a_page_costs_one_statement(counted: Counted, *, protected: bool) -> None:
    """A signed-in page asks the store once, whether or not two-factor is on."""
    secret = set_up_totp(counted.app, User(id=1, email="ann")) if protected else None
    client = Client(counted.app)
    log_in(client, secret)

    assert len(counted.during(lambda: client.get("/account"))) == 1


def test_the_last_use_is_written_ten_times_an_idle_time(counted: Counted) -> None:
    """A proof's last use is written after a tenth of the idle time, not before."""
    secret = set_up_totp(counted.app, User(id=1, email="ann"))
    client = Client(counted.app)
    log_in(client, secret)
    ports = app_state(counted.app).ports
    tenth, clock, start = (
        ports.limits.proof_idle / 10,
        cast("SystemClock", ports.clock),
        time.time(),
    )

    clock.source = lambda: start + tenth - 5
    assert len(counted.during(lambda: client.get("/account"))) == 1
    clock.source = lambda: start + tenth + 5
    assert len(counted.during(lambda: client.get("/account"))) == 2
    assert len(counted.during(lambda: client.get("/account"))) == 1


def test_a_login_costs_ten_statements(counted: Counted) -> None:
    """A full login: ten statements, three write transactions, five requests, a small cookie."""
    secret = set_up_totp(counted.app, User(id=1, email="ann"))
    client = Client(counted.app)

    seen = counted.during(lambda: log_in(client, secret))

    assert len(seen) <= MOST_STATEMENTS
    assert counted.transactions <= 3
    assert client.requests == 5
    assert len("session") + len(client.cookies["session"]) <= MOST_COOKIE_BYTES


def test_a_backup_code_is_spent_by_one_statement(counted: Counted) -> None:
    """A right backup code is looked up and spent by one UPDATE beside the reservation."""
    client, codes = _with_codes(counted)
    client.get("/two-factor/challenge")
    seen = counted.during(
        lambda: client.post("/two-factor/challenge", method="backup_code", code=codes[0])
    )
    table = "twofactor_single_use_code"

    assert len([one for one in seen if one.startswith(f"UPDATE {table}")]) == 1


def test_a_set_of_codes_is_written_by_two_executions(counted: Counted) -> None:
    """Ten new codes: one DELETE of the old set and one INSERT of many rows."""
    executions = counted.during(lambda: _with_codes(counted))
    table = "twofactor_single_use_code"
    writes = [one for one in executions if table in one and not one.startswith("SELECT")]

    assert [one.split()[0] for one in writes] == ["DELETE", "INSERT"]


def test_a_qr_code_is_small() -> None:
    """A QR code with a long label is at most 8 kB of SVG."""
    uri = f"otpauth://totp/Meridian:{'a' * 40}@maple.test?secret={'A' * 32}&issuer=Meridian"

    assert len(svg(uri, "QR code").encode()) <= MOST_QR_BYTES


def test_no_statement_of_a_login_scans_a_table_on_sqlite(counted: Counted) -> None:
    """SQLite finds every row of a login by a key; only the one-row store needs none."""
    secret = set_up_totp(counted.app, User(id=1, email="ann"))
    plans: list[str] = []

    def explain(connection: Any, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            cursor = connection.connection.cursor()
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            plans.extend(str(row[-1]) for row in cursor.fetchall())

    counted.listen(explain)
    log_in(Client(counted.app), secret)

    assert plans
    assert [plan for plan in plans if "SCAN twofactor" in plan] == []


def test_no_statement_of_a_login_scans_a_table_on_postgresql(
    tmp_path: Path, postgresql_uri: str
) -> None:
    """PostgreSQL finds every row of a login by an index when it may."""
    app = make_host(tmp_path / "postgresql", protected=False)
    app.debug = True
    app.config.update(TWOFACTOR_DATABASE_URI=postgresql_uri, TWOFACTOR_KEYS=["a:" + "A" * 43])
    from flask_twofactor import TwoFactor  # noqa: PLC0415

    TwoFactor(app)
    engine = cast("SQLStore", app_state(app).ports.store).opened().engine
    secret = set_up_totp(app, User(id=1, email="ann"))
    plans: list[str] = []

    def explain(connection: Any, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")) and "twofactor_" in statement:
            raw = connection.connection.cursor()
            raw.execute("SET enable_seqscan = off")
            raw.execute(f"EXPLAIN {statement}", values)
            plans.extend(str(row[0]) for row in raw.fetchall())

    event.listen(engine, "before_cursor_execute", explain)
    log_in(Client(app), secret)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM twofactor_proof")).scalar() == 1
    engine.dispose()
    app.extensions["engine"].dispose()

    assert plans
    assert [plan for plan in plans if "Seq Scan" in plan] == []


def _with_codes(counted: Counted) -> tuple[Client, list[str]]:
    app, client = counted.app, Client(counted.app)
    log_in(client)
    _, _, page = client.get("/two-factor/setup/totp")
    secret = page.split('id="tf-key"')[1].split(">")[1].split("<")[0].replace(" ", "")
    _, _, shown = client.post("/two-factor/setup/totp", code=code(app, secret))
    codes = [part.split("</code>")[0] for part in shown.split("<code>")[1:]]
    held = Client(app)
    held.get("/login")
    held.post("/login", email="ann")
    return held, codes
