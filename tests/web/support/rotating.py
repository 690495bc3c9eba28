"""Many people who sign in again and again, while somebody changes the keys."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask_twofactor.flows import changing
from flask_twofactor.web.state import app_state

from .guard import CHALLENGE, post
from .host import Person
from .operating import Operated
from .troubled import give_codes, key_of

WORKERS = 3
PATIENCE_SECONDS = 120


class Crowd:
    """Each worker signs its own person in, over and over, by app and by backup code in turn."""

    def __init__(self, host: Operated) -> None:
        self.host = host
        self.people = [Person(f"p{n}", f"p{n}@host.test", f"P {n}") for n in range(WORKERS)]
        host.people += self.people
        for person in self.people:
            host.guard.protect(person)
        self.failed: list[str] = []
        self.logins = 0
        self._changed = threading.Condition()
        self._stop = threading.Event()

    @contextmanager
    def at_the_door(self) -> Iterator[None]:
        """Let everybody sign in all the time inside the block."""
        threads = [threading.Thread(target=self._work, args=(one,)) for one in self.people]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(PATIENCE_SECONDS)

    def wait_for_more(self, number: int) -> None:
        """Wait until so many more came in, or one did not."""
        with self._changed:
            goal = self.logins + number
            self._changed.wait_for(lambda: self.failed or self.logins >= goal, PATIENCE_SECONDS)

    def _work(self, person: Person) -> None:
        codes: list[str] = []
        for number in itertools.count():
            if self._stop.is_set():
                return
            try:
                # New codes are written in the midst of moving older ones.
                codes = codes or give_codes(self.host, person)
                self._sign_in(person, codes.pop() if number % 2 else None)
                with self.host.app.app_context():
                    changing.unlock(app_state().ports, key_of(person), actor="a test")
            except Exception as error:  # noqa: BLE001 (whatever it is, somebody did not get in)
                self.failed.append(f"{person.id}: {error!r}")
            with self._changed:
                self.logins += 1
                self._changed.notify_all()

    def _sign_in(self, person: Person, code: str | None) -> None:
        client = self.host.client()
        assert self.host.log_in(client, person).location == CHALLENGE
        if code is None:
            self.host.guard.pass_second_factor(client, person)
        else:
            answer = post(client, CHALLENGE, method="backup_code", code=code)
            assert answer.status_code == 200, answer.text
        assert self.host.lets_in(client, person)
