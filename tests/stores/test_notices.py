"""Notices in the store: queued with their event, claimed by one, whoever else tries."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from flask_twofactor.core.clock import SystemClock
from flask_twofactor.core.notices import Message, Notice
from flask_twofactor.core.records import Event
from flask_twofactor.flows import changing, notices
from flask_twofactor.flows.context import Ports
from flask_twofactor.stores import schema
from flask_twofactor.stores.sqlalchemy import SQLStore

from .support.contests import ports_of
from .support.places import ANN, BOB, NOW, Bystander, Where, dispose, throttle
from .support.racing import Processes

LATER = NOW + 600
COUNT, WORKERS = 20, 8


@dataclass(frozen=True)
class FileMail:
    """Mail that leaves a line in a file for each sending, and is slow enough to meet others."""

    file: Path

    def write(self, notice: Notice) -> Message | None:
        """Put the notice's id into the subject."""
        return Message(notice.kind, "ann@host.test", notice.id, "", "")

    def send(self, message: Message) -> None:
        """Append, which is atomic for a line."""
        with self.file.open("a") as out:
            out.write(message.subject + "\n")

    def sent(self) -> list[str]:
        """Give all that was sent."""
        return self.file.read_text().split() if self.file.exists() else []


def writing_store(where: Where) -> SQLStore:
    """Open a store whose events give notices."""
    clock = SystemClock(lambda: NOW)
    return SQLStore(where.place, clock, throttle(), Bystander(writes=True))


def ports_at(store: SQLStore, mail: FileMail, now: float) -> Ports:
    """Give the flows their ports, at another time."""
    return replace(ports_of(store), clock=lambda: now, mail=mail)


def queue(store: SQLStore, count: int = 1, user: str = ANN, name: str = "disabled") -> None:
    """Record events that give notices."""
    store.ensure_account(user)
    for _ in range(count):
        with store.transaction() as transaction:
            transaction.record(Event(name, user, NOW, reason="per_day"))


def deliver_together(where: Where, file: str) -> int:
    """Deliver what is due from a fresh store, as a worker of `prune` does."""
    store = where.store()
    done = notices.deliver_due(ports_at(store, FileMail(Path(file)), LATER), COUNT)
    dispose(store)
    return done.sent


def test_a_notice_is_read_as_it_was_queued(where: Where) -> None:
    """All of a notice comes back, once it is due."""
    store = writing_store(where)
    queue(store)
    (queued,) = [one for one in store.due_notices(LATER, 100) if one.user_key == ANN][-1:]

    assert (queued.kind, queued.at, queued.language, queued.tries) == ("turned_off", NOW, "fr", 1)
    assert queued.facts == {"address": "192.0.2.7", "agent": "Browser/1.0"}
    assert store.due_notices(NOW + 299, 100) == ()
    changing.forget(ports_of(store), ANN)
    assert store.due_notices(LATER, 100) == ()
    dispose(store)


def test_workers_in_threads_send_each_once(where: Where, tmp_path: Path) -> None:
    """Many threads that deliver at the same moment send every notice, and none twice."""
    store, mail = writing_store(where), FileMail(tmp_path / "sent")
    queue(store, COUNT)
    gate = threading.Barrier(WORKERS, timeout=60)

    def work(_number: int) -> int:
        gate.wait()
        return notices.deliver_due(ports_at(store, mail, LATER), COUNT).sent

    with ThreadPoolExecutor(WORKERS) as threads:
        counted = sum(threads.map(work, range(WORKERS)))
    dispose(store)

    assert counted == COUNT
    assert len(mail.sent()) == len(set(mail.sent())) == COUNT


def test_workers_in_processes_send_each_once(
    where: Where, four_processes: Processes, tmp_path: Path
) -> None:
    """Four processes that deliver at the same moment send every notice, and none twice."""
    store, mail = writing_store(where), FileMail(tmp_path / "sent")
    queue(store, COUNT)
    counted = four_processes.together(deliver_together, where, str(mail.file))
    dispose(store)

    assert sum(counted) == COUNT
    assert len(mail.sent()) == len(set(mail.sent())) == COUNT


def test_without_its_condition_the_claim_would_send_twice(
    where: Where, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above bites: a claim that always says yes sends some notices more than once."""
    store, mail = writing_store(where), FileMail(tmp_path / "sent")
    queue(store, COUNT)
    gate = threading.Barrier(2, timeout=60)
    read = SQLStore.due_notices

    def read_together(self: SQLStore, now: float, limit: int) -> tuple[Notice, ...]:
        found = read(self, now, limit)
        gate.wait()
        return found

    monkeypatch.setattr(SQLStore, "due_notices", read_together)
    monkeypatch.setattr("flask_twofactor.stores.queueing.claim", lambda *_: True)
    with ThreadPoolExecutor(2) as threads:
        list(
            threads.map(
                lambda _: notices.deliver_due(ports_at(store, mail, LATER), COUNT), range(2)
            )
        )
    dispose(store)

    assert len(mail.sent()) > COUNT


def test_a_claim_moves_the_next_try(where: Where) -> None:
    """A claimed notice is nobody else's until its next try, which is later each time."""
    store = writing_store(where)
    queue(store, user=BOB)
    (one,) = store.due_notices(LATER, 100)
    with store.transaction() as transaction:
        assert transaction.claim_notice(one, LATER)
        assert not transaction.claim_notice(one, LATER)
    assert store.due_notices(LATER + 599, 100) == ()
    (again,) = store.due_notices(LATER + 600, 100)
    assert again.tries == 2
    with store.transaction() as transaction:
        assert transaction.finish_notice(one.id)
        assert not transaction.finish_notice(one.id)
    dispose(store)


def test_a_kind_for_once_a_day_is_queued_once_in_24_hours(where: Where) -> None:
    """One conditional write decides, in threads at the same moment too."""
    store = writing_store(where)
    gate = threading.Barrier(WORKERS, timeout=60)
    store.ensure_account(ANN)
    with store.opened().engine.begin() as connection:
        connection.execute(update(schema.account).values(noticed_at=0))

    def reach(_number: int) -> None:
        gate.wait()
        queue(store, name="throttled")

    with ThreadPoolExecutor(WORKERS) as threads:
        list(threads.map(reach, range(WORKERS)))
    assert [one.kind for one in store.due_notices(LATER, 100)] == ["locked"]
    with store.transaction() as transaction:
        transaction.record(Event("throttled", ANN, NOW + 86400, reason="per_day"))
    assert len(store.due_notices(NOW + 2 * 86400, 100)) == 2
    changing.forget(ports_of(store), ANN)
    dispose(store)


def test_long_texts_are_cut(where: Where) -> None:
    """What a client sent, however long, fits."""
    store = writing_store(where)
    with store.transaction() as transaction:
        transaction.record(Event("disabled", ANN, NOW, authenticator_name="a" * 5000))
    with store.opened().engine.connect() as connection:
        body = connection.execute(select(schema.notice.c.body)).scalars().all()[-1]
    assert len(body) < 2000
    changing.forget(ports_of(store), ANN)
    dispose(store)
