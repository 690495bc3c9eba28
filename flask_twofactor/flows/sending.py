"""Sending a code: pay from every budget, send once, and settle what became of it."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn, cast

from flask_twofactor.core import sending, throttle
from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.ports import Delivering, Method, Sends
from flask_twofactor.core.records import Authenticator, Event
from flask_twofactor.core.repeating import repeated
from flask_twofactor.core.sending import Budget, Delivery, Errand, Outcome, Sent, SentCode

from .context import Ports

log = logging.getLogger("flask_twofactor")

Text = Callable[[str], str]
"""Puts a code into the words of the message."""

SETUP = "setup"
AGAIN_SECONDS = 30


@dataclass(slots=True)
class Paid:
    """What one errand paid, and which budgets it went over where limits are only recorded."""

    budgets: list[Budget] = field(default_factory=list)
    over: list[Budget] = field(default_factory=list)


class NoTryError(Exception):
    """There is no code to be answered, or no try left."""

    def __init__(self, binding: str) -> None:
        super().__init__(binding)
        self.binding = binding


class _UsedUpError(Exception):
    """A budget has no place; `until` is when it will."""

    def __init__(self, budget: Budget, until: float) -> None:
        super().__init__(budget.scope)
        self.budget = budget
        self.until = until


def errand(
    method: Method,
    owned: Sequence[Authenticator],
    user_key: str,
    binding: str,
    *,
    known: bool,
) -> Errand:
    """Give what is to be sent to a proven place; RefusedError if there is none.

    `known` says that the person signed in with this browser before.
    """
    if method.needs_delivery:
        delivering = cast("Delivering", method)
        for one in owned:
            if (place := delivering.place(one.data)) is not None:
                made = Errand(user_key, method.name, binding, place, one.created_at, one.id)
                return replace(made, known=known)
    raise RefusedError("unknown_method")


def send(ports: Ports, errand: Errand, write: Text) -> None:
    """Send a new code, once; RefusedError says why none was sent.

    All budgets are paid in one transaction before the provider is called, so that many requests
    at once send one text. A code that was not sent counts no more, and its payment is given back.
    """
    now = ports.clock()
    if sending.is_denied(ports.send_limits, errand.number):
        raise _unreachable(errand)
    _ask_breaker(ports, errand, now)
    code = f"{secrets.randbelow(10**6):06}"
    paid = _pay(ports, errand, code, now)
    delivery = deliver(ports, errand.number, write(code))
    _settle(ports, errand, paid, delivery)
    if delivery.outcome != "delivered":
        raise _undelivered(errand, delivery)


def tell(ports: Ports, errand: Errand, text: str) -> None:
    """Tell a number something that is no code, within the shared budgets; never raise."""
    try:
        _pay_shared(ports, errand)
    except _UsedUpError:
        log.warning("no budget is left to tell a number that it was changed")
        return
    deliver(ports, errand.number, text)


def deliver(ports: Ports, number: str, text: str) -> Delivery:
    """Hand a text to the sender; what it raises, or gives that is no `Delivery`, is unknown.

    Neither is logged: it may hold the number or the code.
    """
    if ports.sender is None:
        return Delivery("operator", "no sender")
    try:
        answer: object = ports.sender.send(number, text)
    except Exception as error:  # noqa: BLE001 - a host's sender may raise anything
        return Delivery("unknown", type(error).__name__)
    if answer is None or isinstance(answer, Delivery):
        return answer or Delivery("delivered")
    return Delivery("unknown", type(answer).__name__)


def state(ports: Ports, user_key: str, method: Method, binding: str) -> Sent | None:
    """Read what was sent for a hold, step-up or setup; nothing is asked for other methods."""
    return ports.store.sent_code(user_key, binding) if method.needs_delivery else None


def count_try(sends: Sends, user_key: str, binding: str, now: float) -> None:
    """Count an answer to a sent code; NoTryError if there is none to be answered."""
    if not sends.count_try(user_key, binding, now):
        raise NoTryError(binding)


def explain(sent: Sent | None) -> RefusedError:
    """Say why an answer was not looked at."""
    if sent is None or not sent.expires_at:
        return RefusedError("nothing_sent")
    return RefusedError("sent_too_often" if sent.tries >= sending.TRIES else "sent_expired")


@repeated
def _ask_breaker(ports: Ports, errand: Errand, now: float) -> None:
    # Only numbers that are not proven yet can run up a bill for whoever owns them.
    limits = ports.send_limits
    if errand.proven_at is not None or not limits.breaker_percent:
        return
    pause = now + limits.breaker_minutes * 60
    with ports.store.transaction() as transaction:
        paused = transaction.sends.paused_until(SETUP)
        since, until, least = sending.measured(limits, paused, now)
        counted = transaction.sends.returned(SETUP, since, until)
        if paused <= now and sending.is_low(limits, least, *counted):
            paused = pause
            if transaction.sends.pause(SETUP, pause, now):
                transaction.record(_event("sends_paused", errand, now))
    if paused > now and not limits.record_only:
        wait = throttle.retry_after(paused, now)
        raise RefusedError("send_paused", retry_after=wait)


@repeated
def _pay_shared(ports: Ports, errand: Errand) -> None:
    now = ports.clock()
    with ports.store.transaction() as transaction:
        shared = sending.shared(ports.send_limits, errand, now)
        _spend(transaction.sends, Paid(), shared, now)


@repeated
def _pay(ports: Ports, errand: Errand, code: str, now: float) -> Paid:
    try:
        with ports.store.transaction() as transaction:
            sends, paid = transaction.sends, Paid()
            # The cool-down comes first: its row makes all errands of a person wait their turn.
            cooldown, *others = sending.budgets(ports.send_limits, errand, now)
            _spend(sends, paid, [cooldown], now)
            _spend(sends, paid, [*_newness(ports, sends, paid, errand, now), *others], now)
            sends.keep(errand.user_key, SentCode(errand.binding, errand.number, code), now)
            for budget in paid.over:
                if sends.is_news(budget, now + budget.seconds, now):
                    transaction.record(_event("send_over_limit", errand, now, budget.scope))
    except _UsedUpError as used_up:
        _refuse(ports, errand, used_up, now)
    return paid


def _newness(ports: Ports, sends: Sends, paid: Paid, errand: Errand, now: float) -> list[Budget]:
    if errand.proven_at is not None:
        return []
    mark, budget = sending.new_number(ports.send_limits, errand)
    if sends.spend(mark, now) is not None:
        return []  # this person named this number today, and paid for it
    paid.budgets.append(mark)
    return [budget]


def _spend(sends: Sends, paid: Paid, wanted: list[Budget], now: float) -> None:
    for budget in wanted:
        until = sends.spend(budget, now)
        if until is not None and budget.enforced:
            raise _UsedUpError(budget, until)
        if until is not None:
            sends.overspend(budget, now)
            paid.over.append(budget)
        paid.budgets.append(budget)


def _refuse(ports: Ports, errand: Errand, used_up: _UsedUpError, now: float) -> NoReturn:
    budget, until = used_up.budget, used_up.until
    if budget.scope != "cooldown":
        _note_refused(ports, errand, used_up, now)
    wait = throttle.retry_after(until, now)
    raise RefusedError("throttled", retry_after=wait, sends=budget.scope) from None


@repeated
def _note_refused(ports: Ports, errand: Errand, used_up: _UsedUpError, now: float) -> None:
    budget = used_up.budget
    with ports.store.transaction() as transaction:
        if transaction.sends.is_news(budget, used_up.until, now):
            transaction.record(_event("send_refused", errand, now, budget.scope))


@repeated
def _settle(ports: Ports, errand: Errand, paid: Paid, delivery: Delivery) -> None:
    now = ports.clock()
    with ports.store.transaction() as transaction:
        sends = transaction.sends
        for budget in _what_comes_back(sends, errand, paid, delivery.outcome, now):
            sends.give_back(budget)
        if delivery.outcome in {"number", "later", "operator"}:
            sends.void(errand.binding)
        transaction.record(_settled(errand, delivery, now))


def _what_comes_back(
    sends: Sends, errand: Errand, paid: Paid, outcome: Outcome, now: float
) -> list[Budget]:
    if outcome == "unknown":
        # It may have been sent: whoever counts texts keeps it, and the person gets it back.
        return [budget for budget in paid.budgets if budget.scope in {"user", "number"}]
    if outcome not in {"later", "operator"}:
        return []
    # Who is in a hurry may try again at once, but not as fast as a program can.
    again = sends.spend(sending.hurry(errand), now) is None
    return [budget for budget in paid.budgets if again or budget.scope != "cooldown"]


def _settled(errand: Errand, delivery: Delivery, now: float) -> Event:
    reason = ": ".join(part for part in (delivery.outcome, delivery.detail) if part)
    match delivery.outcome:
        case "delivered":
            return _event("code_sent", errand, now)
        case "operator":
            return _event("send_alarm", errand, now, reason)
        case _:
            return _event("send_failed", errand, now, reason)


def _unreachable(errand: Errand) -> RefusedError:
    # While it is being set up, the number is what was just typed.
    return RefusedError("phone_refused" if errand.proven_at is None else "number_refused")


def _undelivered(errand: Errand, delivery: Delivery) -> RefusedError:
    match delivery.outcome:
        case "number":
            return _unreachable(errand)
        case "later":
            return RefusedError("send_later", retry_after=AGAIN_SECONDS)
        case "operator":
            return RefusedError("send_failed")
        case _:
            return RefusedError("send_unknown")


def _event(name: str, errand: Errand, now: float, reason: str | None = None) -> Event:
    return Event(
        name,
        errand.user_key,
        now,
        method=errand.method,
        authenticator_id=errand.authenticator_id,
        reason=reason,
    )
