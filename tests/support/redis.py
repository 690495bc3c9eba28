"""A real Redis server for the tests, in a folder of its own."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.support.need import program
from tests.support.servers import Server, hand_over


@contextmanager
def server() -> Iterator[str]:
    """Give the address of a server that the tests may fill: the developer's or ours."""
    if given := os.environ.get("TWOFACTOR_TEST_REDIS"):
        yield given
        return
    with own_server() as (_, uri):
        yield uri


@contextmanager
def own_server(*options: str) -> Iterator[tuple[Server, str]]:
    """Start a server that nobody else uses, with options like `name value`; give its address."""
    program_file = program("redis-server", package="redis-server")
    with tempfile.TemporaryDirectory(prefix="twofactor-redis-") as name:
        folder, password = Path(name), secrets.token_urlsafe()
        settings = folder / "redis.conf"
        lines = ("bind 127.0.0.1", f'requirepass "{password}"', 'save ""', *options)
        settings.write_text("\n".join(lines) + "\n")
        hand_over(folder, settings)

        def address(port: int) -> str:
            return f"redis://:{password}@127.0.0.1:{port}/0"

        def answers(port: int) -> None:
            with redis.Redis.from_url(address(port)) as client:
                client.ping()

        own = Server(folder, lambda port: [program_file, settings, "--port", str(port)], answers)
        own.start()
        try:
            yield own, address(own.port)
        finally:
            own.stop()
