"""A real Redis server for the tests."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.support.need import program

START_SECONDS = 30


@contextmanager
def server() -> Iterator[str]:
    """Give the address of a server that the tests may fill: the developer's or ours."""
    if given := os.environ.get("TWOFACTOR_TEST_REDIS"):
        yield given
        return
    found = program("redis-server", package="redis-server")
    with tempfile.TemporaryDirectory(prefix="twofactor-redis-") as folder:
        # A socket in a folder of our own: no port that another program could take.
        place = Path(folder) / "redis.sock"
        command = [found, "--port", "0", "--unixsocket", place, "--save", "", "--dir", folder]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            _wait(process, uri := f"unix://{place}")
            yield uri
        finally:
            process.terminate()
            process.wait()


def _wait(process: subprocess.Popen[bytes], uri: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    with redis.Redis.from_url(uri) as client:
        while True:
            try:
                client.ping()
            except redis.ConnectionError:
                assert process.poll() is None, "redis-server ended"
                assert time.monotonic() < deadline, "redis-server does not answer"
                time.sleep(0.02)
            else:
                return
