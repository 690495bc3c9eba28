"""Throughput and latency of pages and logins under a number of clients, beside the bare host."""

from __future__ import annotations

import queue
import statistics
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

import pyotp

from benchmarks.client import Client
from benchmarks.host import PASSWORD
from benchmarks.site import CHALLENGE
from benchmarks.soak.remote import Remote
from benchmarks.soak.run import PROCESSES, House
from benchmarks.soak.workers import workers
from flask_twofactor.methods.totp import PERIOD

HEAD: tuple[str, ...] = ("", "clients", "bare, a second", "ours, a second", "ours / bare")
HEAD += ("bare p50, p95, p99, ms", "ours p50, p95, p99, ms")
DEEDS = ("page", "login")


@dataclass
class _Taken:
    """Deeds a second, one figure a run, and how long each deed took."""

    rates: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def latency(self) -> str:
        """Give the middle and the tail, in ms."""
        cuts = statistics.quantiles(self.seconds, n=100)
        return ", ".join(f"{cuts[at - 1] * 1e3:.0f}" for at in (50, 95, 99))


class _Visitors:
    """Who visits one host; with a second factor, nobody twice, for a code is good once."""

    def __init__(self, port: int, emails: queue.SimpleQueue[str], secret: str) -> None:
        self.app, self.emails, self.secret = Remote(port), emails, secret

    def log_in(self) -> Client:
        client, email = Client(self.app), self.emails.get_nowait()
        client.get("/login")
        _, headers, _ = client.post("/login", email=email, password=PASSWORD)
        if dict(headers)["Location"] == CHALLENGE:
            client.get(CHALLENGE)
            code = pyotp.TOTP(self.secret).generate_otp(int(time.time()) // PERIOD)
            client.post(CHALLENGE, method="totp", code=code)
        self.read(client)
        return client

    def read(self, client: Client) -> None:
        status, _, text = client.get("/account")
        assert status.startswith("200"), f"{status} {text}"

    def deed(self, name: str) -> Callable[[], object]:
        """Give what one client does again and again."""
        if name == "login":
            return self.log_in
        client = self.log_in()
        return lambda: self.read(client)


def measure(
    house: House, seconds: float, runs: int, levels: tuple[int, ...]
) -> list[tuple[str, ...]]:
    """Let each number of clients read pages and log in, on either host in turn."""
    emails: queue.SimpleQueue[str] = queue.SimpleQueue()
    for email in house.others:
        emails.put(email)
    taken = {(deed, level): (_Taken(), _Taken()) for deed in DEEDS for level in levels}
    with ExitStack() as ends:
        hosts = [
            _Visitors(
                ends.enter_context(workers(PROCESSES, house.folder, house.database.uri, key)).port,
                emails,
                house.secret,
            )
            for key in ("", house.key)
        ]
        for visitors in hosts:
            _press(visitors, "login", max(levels), 1, _Taken())
        for _ in range(runs):
            for (deed, level), both in taken.items():
                for visitors, found in zip(hosts, both, strict=True):
                    _press(visitors, deed, level, seconds, found)
    return [HEAD, *(_row(deed, level, *both) for (deed, level), both in taken.items())]


def _press(visitors: _Visitors, deed: str, clients: int, seconds: float, found: _Taken) -> None:
    took: list[list[float]] = [[] for _ in range(clients)]
    deeds = [visitors.deed(deed) for _ in range(clients)]
    end = time.monotonic() + seconds

    def repeat(do: Callable[[], object], mine: list[float]) -> None:
        while (start := time.monotonic()) < end:
            do()
            mine.append(time.monotonic() - start)

    threads = [threading.Thread(target=repeat, args=pair) for pair in zip(deeds, took, strict=True)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = [one for mine in took for one in mine]
    found.rates.append(len(done) / (time.monotonic() - start))
    found.seconds += done


def _row(deed: str, level: int, bare: _Taken, ours: _Taken) -> tuple[str, ...]:
    ratios = [one / other for one, other in zip(ours.rates, bare.rates, strict=True)]
    middle = statistics.median(ratios)
    return (
        deed,
        str(level),
        f"{statistics.median(bare.rates):.0f}",
        f"{statistics.median(ours.rates):.0f}",
        f"{middle:.2f} ({min(ratios):.2f}-{max(ratios):.2f})",
        bare.latency(),
        ours.latency(),
    )
