"""One soak: people walk through the host while workers and the database are restarted."""

from __future__ import annotations

import itertools
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.scale import crowd
from benchmarks.site import Site
from benchmarks.soak.app import settings
from benchmarks.soak.database import Database, own_database
from benchmarks.soak.person import Person
from benchmarks.soak.remote import Remote
from benchmarks.soak.trouble import Trouble
from benchmarks.soak.walker import Walker
from benchmarks.soak.workers import Workers, workers
from flask_twofactor.core.codes import make_backup_code
from flask_twofactor.core.records import Authenticator
from flask_twofactor.stores.keys import new_key

PROCESSES = 4
RECOVERY_SECONDS = 5
"""After a restart of the database; a killed worker only takes its own request with it."""
WORKER_SECONDS = 2


@dataclass
class Result:
    """What was done, and what should not have been."""

    done: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class House:
    """The host's folder, database and people.

    `members` are set up and have codes, `new` are not set up yet, and `others`, who are set up
    too, are only there to log in once.
    """

    folder: Path
    database: Database
    key: str
    secret: str
    members: list[Person]
    new: list[Person]
    others: list[str]


@contextmanager
def house(folder: Path, members: int, new: int, others: int = 0) -> Iterator[House]:
    """Fill a database of its own."""
    with own_database() as database:
        key, uri = new_key(), database.uri
        site = Site(folder, protected=True, uri=uri, **settings(uri, key))
        crowd.gather(site, members + others + 2)
        people = [_with_codes(site, number) for number in range(3, members + 3)]
        secret = site.secret or ""
        site.close()
        bare, first = Site(folder, protected=False, uri=uri), members + others + 3
        crowd.gather(bare, first + new - 1, first=first)
        bare.close()
        later = [Person(crowd.email(first + at)) for at in range(new)]
        once = [crowd.email(members + 3 + at) for at in range(others)]
        yield House(folder, database, key, secret, people, later, once)


def _with_codes(site: Site, number: int) -> Person:
    key, now, codes = f"member:{number}", time.time(), [make_backup_code() for _ in range(10)]
    made = Authenticator(f"codes {number}", "backup_code", "Codes", now, protects=False, data={})
    with site.store.transaction() as transaction:
        transaction.add_authenticator(key, made)
        transaction.replace_codes(key, made.id, codes, now)
    return Person(crowd.email(number), secret=site.secret or "", codes=codes)


def soak(house: House, seconds: float, clients: int, pause: float) -> Result:
    """Let so many clients walk for a time, with trouble of each kind in turn between pauses.

    Each kind comes once at least. At the end, when all is well again, everybody does everything.
    """
    trouble, stop = Trouble(), threading.Event()
    with workers(PROCESSES, house.folder, house.database.uri, house.key) as running:
        walkers = [
            Walker(
                Remote(running.port), house.members[at::clients], house.new[at::clients], trouble
            )
            for at in range(clients)
        ]
        threads = [threading.Thread(target=_walk, args=(one, trouble, stop)) for one in walkers]
        for thread in threads:
            thread.start()
        result = Result()
        _make_trouble(running, house.database, trouble, seconds, pause, result)
        stop.set()
        for thread in threads:
            thread.join()
    for one in walkers:
        result.done += one.done
        result.wrong += one.wrong
    return result


def _walk(walker: Walker, trouble: Trouble, stop: threading.Event) -> None:
    try:
        while not stop.is_set():
            walker.walk()
        while trouble.since(time.monotonic()):
            time.sleep(0.1)
        for story in (walker.visit, walker.log_in, walker.use_a_code, walker.set_up):
            walker.take(story)
    except Exception as error:  # noqa: BLE001 - whatever it was, it must be seen
        walker.wrong.append(repr(error))


def _make_trouble(
    running: Workers,
    database: Database,
    trouble: Trouble,
    seconds: float,
    pause: float,
    result: Result,
) -> None:
    end = time.monotonic() + seconds
    kinds: list[tuple[str, Callable[[], None], float]] = [
        ("databases stopped", lambda: _restart(database, signal.SIGINT), RECOVERY_SECONDS),
        ("workers killed", running.kill_one, WORKER_SECONDS),
        ("databases crashed", lambda: _restart(database, signal.SIGQUIT), RECOVERY_SECONDS),
        ("all workers replaced", running.replace_all, WORKER_SECONDS),
    ]
    for name, make, recovery in itertools.cycle(kinds):
        time.sleep(pause * random.uniform(0.8, 1.2))
        if result.done[name] and time.monotonic() > end:
            return
        with trouble.of(recovery):
            make()
        result.done[name] += 1


def _restart(database: Database, how: signal.Signals) -> None:
    database.stop(how)
    time.sleep(0.5)
    database.start()
