"""The servers that other tests stand on."""

import asyncio
import ssl
import urllib.request
from collections.abc import Callable

import pytest
import trustme
from flask import Flask, request
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool


@pytest.mark.postgresql
@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_gets_an_empty_database(postgresql_uri: str, turn: str) -> None:
    """What one test writes to PostgreSQL the next one does not see."""
    engine = create_engine(postgresql_uri, poolclass=NullPool)

    with engine.begin() as connection:
        assert inspect(connection).get_table_names() == []
        connection.execute(text(f"CREATE TABLE {turn} (id integer)"))


def test_an_app_is_served_over_tls(
    live_server: Callable[..., str], certificate_authority: trustme.CA
) -> None:
    """A client that trusts our authority reaches the app by https, and the app knows it."""
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: request.scheme)
    trusting = ssl.create_default_context()
    certificate_authority.configure_trust(trusting)

    with urllib.request.urlopen(live_server(app, tls=True), context=trusting) as answer:
        assert answer.read() == b"https"


def test_the_browser_leaves_the_event_loop_free() -> None:
    """Async code runs in a test that comes after the browser tests."""
    assert asyncio.run(asyncio.sleep(0, "ran")) == "ran"
