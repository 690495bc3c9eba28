"""The how-to about addresses: its code runs, and does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_login import LoginManager

from flask_twofactor import TwoFactor
from flask_twofactor.core.records import Event
from flask_twofactor.web.witness import RequestWitness

PAGE = Path(__file__).parent.parent / "docs/how-to/limit-by-address.md"
PROXY = "10.0.0.1"


@pytest.fixture
def client() -> FlaskClient:
    """A browser of an app that follows the how-to, behind one proxy."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a", TESTING=True, WTF_CSRF_ENABLED=False)
    LoginManager(app).user_loader(lambda _key: None)
    TwoFactor(app)
    app.add_url_rule("/login", "login", lambda: "in", methods=["POST"])
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert code
    exec(code[1], {"app": app})
    return app.test_client()


def statuses(client: FlaskClient, path: str, forwarded: str, times: int) -> list[int]:
    """Post some times, as the proxy passes requests on."""
    headers = {"X-Forwarded-For": forwarded}
    where = {"REMOTE_ADDR": PROXY}
    posts = [client.post(path, headers=headers, environ_base=where) for _ in range(times)]
    return [answer.status_code for answer in posts]


@pytest.mark.parametrize("path", ["/login", "/two-factor/challenge", "/two-factor/step-up"])
def test_each_address_has_its_own_limit(client: FlaskClient, path: str) -> None:
    """Thirty tries a minute from one address, and another address is not disturbed."""
    assert 429 not in statuses(client, path, "198.51.100.1", 30)
    assert statuses(client, path, "198.51.100.1", 1) == [429]
    assert 429 not in statuses(client, path, "198.51.100.2", 1)


def test_a_made_up_address_is_not_believed(client: FlaskClient) -> None:
    """What a visitor writes into the header themselves does not give a fresh limit."""
    for number in range(30):
        statuses(client, "/login", f"192.0.2.{number}, 198.51.100.1", 1)

    assert statuses(client, "/login", "192.0.2.99, 198.51.100.1", 1) == [429]


def test_the_audit_has_the_visitors_address(client: FlaskClient) -> None:
    """Behind the proxy set-up, events carry the visitor's address, not the proxy's."""
    seen = []
    witness, event = RequestWitness(), Event("any", "user:1", 0)
    client.application.before_request(lambda: seen.append(witness.surroundings(event).address))
    statuses(client, "/login", "192.0.2.99, 198.51.100.1", 1)

    assert seen == ["198.51.100.1"]
