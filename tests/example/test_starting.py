"""The example app at its start: what it puts into its folder, and what its command says."""

from __future__ import annotations

import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from sqlalchemy import select

from example_app.__main__ import _usable_port, _welcome
from example_app.database import session
from example_app.models import Account, Tenant
from example_app.seed import DEMO_PASSWORD, PEOPLE
from tests.example.hosting import emails, make_app

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask


def test_first_start_seeds(app: Flask) -> None:
    """All tenants and accounts are there after the first start, with their roles."""
    with app.app_context():
        accounts = session().scalars(select(Account)).unique().all()
        roles = {a.email: {m.tenant_slug: m.role for m in a.memberships} for a in accounts}
        tenants = set(session().scalars(select(Tenant.slug)))

    assert tenants == {"maple", "orchid", "indus", "atrium"}
    assert roles == {
        "ann@maple.test": {"maple": "member"},
        "omar@orchid.test": {"orchid": "member"},
        "ines@indus.test": {"indus": "member"},
        "ada@atrium.test": {"atrium": "admin"},
        "adam@atrium.test": {"atrium": "admin"},
        "mia@atrium.test": {"atrium": "member"},
        "support@example.test": dict.fromkeys(tenants, "admin"),
    }


def test_second_start_does_not_seed(app: Flask, tmp_path: Path) -> None:
    """An account deleted since the first start does not come back at the second."""
    with app.app_context():
        mia = session().scalars(select(Account).where(Account.email == "mia@atrium.test")).unique()
        account = mia.one()
        for membership in account.memberships:
            session().delete(membership)
        session().delete(account)
        session().commit()
    left = emails(app)

    assert len(left) == 6
    assert left == emails(make_app(tmp_path))


def test_secret_key_is_made_and_kept(tmp_path: Path) -> None:
    """The secret key is made once, readable by its owner only, and differs between folders."""
    first, second = make_app(tmp_path / "one"), make_app(tmp_path / "one")
    other = make_app(tmp_path / "two")
    mode = (tmp_path / "one" / "secret_key").stat().st_mode

    assert first.secret_key == second.secret_key != other.secret_key
    assert len(first.config["SECRET_KEY"]) >= 43
    assert stat.S_IMODE(mode) == 0o600


def test_given_secret_key_wins(tmp_path: Path) -> None:
    """A configured secret key is used, and none is written."""
    assert make_app(tmp_path, SECRET_KEY="given").secret_key == "given"
    assert not (tmp_path / "secret_key").exists()


def test_starts_at_once_do_not_collide(tmp_path: Path) -> None:
    """Several first starts in one folder leave one set of accounts and one secret key."""
    with ThreadPoolExecutor(4) as starts:
        apps = list(starts.map(make_app, [tmp_path] * 4))

    assert len({app.secret_key for app in apps}) == 1
    assert len(emails(apps[0])) == len(PEOPLE)


def test_taken_port_gives_a_free_one() -> None:
    """Where something listens already, the command takes another port and says so."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        port = _usable_port(taken)

    assert port not in {0, taken}
    assert f"port {taken} is taken" in _welcome(port, taken)


def test_welcome_names_every_account() -> None:
    """The command prints its address, all accounts and their password."""
    text = _welcome(5000, 5000)

    assert "http://127.0.0.1:5000/" in text
    assert all(person.email in text for person in PEOPLE)
    assert DEMO_PASSWORD in text
    assert "taken" not in text
