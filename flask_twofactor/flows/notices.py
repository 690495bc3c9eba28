"""Sending notices: after the commit by who queued them, later by `flask twofactor prune`."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from flask_twofactor.core.notices import Message, Notice, is_too_old
from flask_twofactor.core.ports import Mail
from flask_twofactor.core.records import Event
from flask_twofactor.core.repeating import repeated

from .context import Ports

log = logging.getLogger("flask_twofactor")
Outcome = Literal["sent", "failed", "dropped", "elsewhere"]


@dataclass(frozen=True, slots=True)
class Delivered:
    """How many due notices were sent, failed and wait for their next try, or were given up."""

    sent: int = 0
    failed: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice in words, ready to be sent."""

    notice_id: str
    message: Message


def write(ports: Ports, notices: Sequence[Notice]) -> list[Letter]:
    """Put queued notices into words. One that fails waits for its next try.

    One that has no reader (no such user, no address) is given up.
    """
    mail, letters = ports.mail, list[Letter]()
    if mail is None:
        return letters
    for notice in notices:
        try:
            message = mail.write(notice)
        except Exception:
            log.exception("a notice (%s) could not be written; it is tried again", notice.kind)
            continue
        if message is None:
            _give_up(ports, notice, "nobody to write to")
        else:
            letters.append(Letter(notice.id, message))
    return letters


def send(ports: Ports, letters: Sequence[Letter], in_time: Callable[[], bool]) -> int:
    """Send letters while there is time, and forget each that was sent. Give their number.

    Nothing is raised: what was not sent is still queued.
    """
    sent = 0
    for letter in letters:
        if ports.mail is None or not in_time():
            break
        sent += _send(ports, ports.mail, letter)
    return sent


def deliver_due(ports: Ports, limit: int = 100) -> Delivered:
    """Try again what was queued and could not be sent; for `prune`, as often as one likes.

    At most `limit` notices, the longest waiting first. Each is claimed by one conditional
    write, so that several workers never send the same one at the same time; one that fails
    waits 5 minutes, then 10, up to an hour, and after three days it is given up with an event
    `notice_dropped`. A process that dies between sending and noting it sends again: once too
    often is better than never. Needs an app context. StoreError if the store cannot answer;
    what the mail server does raises nothing.
    """
    if ports.mail is None:
        return Delivered()
    due = ports.store.due_notices(ports.clock(), limit)
    counted = Counter(_deliver(ports, notice) for notice in due)
    return Delivered(counted["sent"], counted["failed"], counted["dropped"])


def _deliver(ports: Ports, notice: Notice) -> Outcome:
    now = ports.clock()
    if not _claim(ports, notice, now):
        return "elsewhere"
    if is_too_old(notice, now):
        return "dropped" if _drop(ports, notice, now) else "elsewhere"
    letters = write(ports, [notice])
    return "sent" if send(ports, letters, lambda: True) else "failed"


@repeated
def _claim(ports: Ports, notice: Notice, now: float) -> bool:
    with ports.store.transaction() as transaction:
        return transaction.claim_notice(notice, now)


@repeated
def _drop(ports: Ports, notice: Notice, now: float) -> bool:
    log.warning("a notice (%s) could not be sent for three days and is given up", notice.kind)
    with ports.store.transaction() as transaction:
        if not transaction.finish_notice(notice.id):
            return False
        transaction.record(Event("notice_dropped", notice.user_key, now, reason=notice.kind))
    return True


def _give_up(ports: Ports, notice: Notice, why: str) -> None:
    log.warning("a notice (%s) is not sent: %s", notice.kind, why)
    _finish(ports, notice.id)


@repeated
def _finish(ports: Ports, notice_id: str) -> None:
    with ports.store.transaction() as transaction:
        transaction.finish_notice(notice_id)


def _send(ports: Ports, mail: Mail, letter: Letter) -> bool:
    kind = letter.message.kind
    try:
        mail.send(letter.message)
    except Exception:
        log.warning("a notice (%s) could not be sent; it is tried again", kind, exc_info=True)
        return False
    try:
        _finish(ports, letter.notice_id)
    except Exception:
        log.exception("a notice (%s) was sent and could not be taken out of the queue", kind)
    return True
