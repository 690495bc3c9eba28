"""The fixtures that every test may ask for; what they do is in tests/support."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import hypothesis
import pytest
import trustme
from flask import Flask
from sqlalchemy import URL

from tests.support import mariadb, postgresql, redis
from tests.support.serving import serving

# A busy machine is slow, not wrong.
hypothesis.settings.register_profile("twofactor", deadline=None)
hypothesis.settings.load_profile("twofactor")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[URL]:
    """Address of a real server, by an account that may create databases."""
    with postgresql.server() as url:
        yield url


@pytest.fixture
def postgresql_uri(postgresql_server: URL) -> Iterator[str]:
    """Address of a fresh, empty database."""
    with postgresql.database(postgresql_server) as uri:
        yield uri


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[URL]:
    """Address of a real server, by an account that may create databases."""
    with mariadb.server() as url:
        yield url


@pytest.fixture
def mariadb_uri(mariadb_server: URL) -> Iterator[str]:
    """Address of a fresh, empty database."""
    with mariadb.database(mariadb_server) as uri:
        yield uri


@pytest.fixture(scope="session")
def redis_uri() -> Iterator[str]:
    """Address of a real server, which tests share: each store has names of its own there."""
    with redis.server() as uri:
        yield uri


@pytest.fixture(scope="session")
def certificate_authority() -> trustme.CA:
    """Whoever signs the certificates of this run; clients may be told to trust it."""
    return trustme.CA()


@pytest.fixture
def live_server(certificate_authority: trustme.CA) -> Iterator[Callable[..., str]]:
    """Serve an app and give its address: `live_server(app)`, `live_server(app, tls=True)`."""
    with ExitStack() as servers:

        def serve(app: Flask, *, tls: bool = False) -> str:
            context = None
            if tls:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                certificate_authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
            return servers.enter_context(serving(app, context))

        yield serve
