"""One peer in a process of its own: it does the work that its standard input names.

`python -m benchmarks.peers.worker FOLDER NAME [--without] [--count | --load]`. Each line of input
is a kind of work and a number of times; each line of output is the mean CPU seconds, or with
`--count` the statements, the writes begun and the requests of one run. `--load` says at once what
wiring and a first login cost a fresh process.
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import resource
import sqlite3.dbapi2
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

START = time.process_time()
ENDS = ("COMMIT", "PRAGMA", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET")

from benchmarks.client import Client  # noqa: E402 - the clock is read first
from benchmarks.peers import peer as peers  # noqa: E402
from benchmarks.timing import Work, timed  # noqa: E402


def main(folder: Path, name: str, *options: str) -> None:
    """Wire the peer and answer until the input ends."""
    logging.disable()
    second_factor = "--without" not in options
    seen: list[str] = []
    _open_alike(seen.append if "--count" in options else None)
    before = _memory()
    peer = importlib.import_module(f"benchmarks.peers.{name}").Peer(
        folder, second_factor=second_factor
    )
    if "--load" in options:
        _load(peer, second_factor, before)
        peer.forget()
        return
    peer.fill()
    works = _works(peer, second_factor)
    _tell(list(works))
    if "--count" not in options:
        gc.freeze()
        gc.disable()
    for line in sys.stdin:
        kind, times = json.loads(line)
        if "--count" in options:
            _tell(_count(works[kind], seen))
        else:
            gc.collect()
            _tell(timed(works[kind], times))
    peer.forget()


def _works(peer: peers.Peer, second_factor: bool) -> dict[str, Work]:  # noqa: FBT001 - one caller
    def again() -> None:
        peers.await_steady_code()
        peer.forget()

    again()
    log_in = partial(peer.log_in, second_factor=second_factor)
    stranger, member = Client(peer.app), log_in()
    works = {
        "anonymous page": Work(partial(stranger.get, "/")),
        "signed-in page": Work(lambda: peers.expect_landing(member.get("/account"))),
        "login": Work(log_in, again),
    }
    if second_factor:
        return works | _checks(peer, again)
    # What a remembered login is compared with must run in the same turns.
    return works | {"remembered login": works["login"]}


def _checks(peer: peers.Peer, again: Callable[[], None]) -> dict[str, Work]:
    codes: list[str] = []

    def renew() -> None:
        again()
        codes[:] = peer.make_codes()

    def check(test: Callable[[str], bool], code: Callable[[], str], *, right: bool) -> None:
        assert test(code()) is right

    works = {
        "right TOTP code": Work(
            partial(check, peer.check_totp, peers.right_code, right=True), again
        ),
        "wrong TOTP code": Work(
            partial(check, peer.check_totp, peers.wrong_code, right=False), again
        ),
        "right backup code": Work(
            partial(check, peer.check_backup, lambda: codes[0], right=True), renew
        ),
        "wrong backup code": Work(
            partial(check, peer.check_backup, lambda: "2" * len(codes[0]), right=False), renew
        ),
        "a set of codes": Work(peer.make_codes, again),
    }
    again()
    try:
        peer.remember()
    except peers.NotOfferedError:
        return works
    return works | {"remembered login": _come_back(peer, again)}


def _come_back(peer: peers.Peer, again: Callable[[], None]) -> Work:
    browsers: list[Client] = []

    def trust() -> None:
        # New codes end the trust of some peers: each time a device is trusted anew.
        again()
        browsers[:] = [peer.remember()]
        again()

    return Work(lambda: peer.come_back(browsers[0]), trust)


def _count(work: Work, seen: list[str]) -> dict[str, int]:
    timed(work, 1)
    work.prepare()
    seen.clear()
    before = Client.asked
    work.run()
    begun = sum(one.startswith("BEGIN") for one in seen)
    ends = sum(one.upper().startswith(ENDS) for one in seen)
    return {
        "statements": len(seen) - begun - ends,
        "begun": begun,
        "requests": Client.asked - before,
    }


def _load(peer: peers.Peer, second_factor: bool, before: float) -> None:  # noqa: FBT001 - one caller
    wired, wired_memory = time.process_time(), _memory()
    peers.await_steady_code()
    peer.log_in(second_factor=second_factor)
    done = time.process_time()
    spent = [(at - START) * 1000 for at in (wired, done)]
    _tell([spent[0], wired_memory - before, spent[1], _memory() - before])


def _memory() -> float:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize() / 2**20


def _open_alike(note: Callable[[str], object] | None) -> None:
    """Give every database of the process the same journal, and listen to it if wanted."""
    connect = sqlite3.dbapi2.connect

    def opened(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **options)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.set_trace_callback(note)
        return connection

    sqlite3.dbapi2.connect = opened


def _tell(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
