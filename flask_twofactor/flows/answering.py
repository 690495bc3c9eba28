"""Checking one answer: pay for the guess, ask the method, use up what was accepted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from flask_twofactor.core import throttle
from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.ports import Method, Transaction
from flask_twofactor.core.records import Authenticator, Claim, Event, Step

from .context import Ports


def of_method(owned: Sequence[Authenticator], method: Method) -> list[Authenticator]:
    """Give the user's authenticators of one method."""
    return [authenticator for authenticator in owned if authenticator.method == method.name]


def choose(
    ports: Ports, owned: Sequence[Authenticator], wanted: object = None
) -> tuple[Method | None, list[Method]]:
    """Give the method to ask now and the other ways; the first in the host's order leads."""
    usable = [method for method in ports.methods if of_method(owned, method)]
    chosen = next((method for method in usable if method.name == wanted), None)
    chosen = chosen or (usable[0] if usable else None)
    return chosen, [method for method in usable if method is not chosen]


def check(
    ports: Ports, user_key: str, owned: Sequence[Authenticator], wanted: object, typed: str
) -> tuple[Method, Claim]:
    """Give what this answer claims, or raise RefusedError. Unknown methods are never right.

    The guess is paid for, and that is committed, before the answer is looked at; an empty
    field costs nothing.
    """
    method = ports.method(wanted)
    mine = of_method(owned, method) if method is not None else []
    if method is None or not mine:
        raise RefusedError("unknown_method")
    if not typed:
        raise RefusedError("code_missing")
    pay(ports, user_key)
    verdict = method.complete_challenge(mine, Step(), typed, ports.clock())
    if isinstance(verdict, Claim):
        return method, verdict
    report(ports, user_key, method, verdict.code)
    raise RefusedError(verdict.code, **verdict.evidence)


@contextmanager
def accepting(
    ports: Ports, user_key: str, method: Method, claim: Claim, now: float
) -> Iterator[Transaction]:
    """Use up a claim and do what follows from it, as one transaction.

    RefusedError, with nothing done, if the code is none of the user's or somebody was faster.
    """
    try:
        with ports.store.transaction() as transaction:
            _use_up(transaction, user_key, claim, now)
            yield transaction
    except RefusedError as refused:
        report(ports, user_key, method, refused.code)
        raise


def report(ports: Ports, user_key: str, method: Method, code: str) -> None:
    """Tell that an answer was refused; a replayed code is an event of its own."""
    name = "replay_seen" if code in {"code_used", "spent"} else "failed"
    ports.publish(Event(name, user_key, ports.clock(), method=method.name, reason=code))


def pay(ports: Ports, user_key: str) -> None:
    """Pay for one guess; RefusedError `throttled` with `retry_after` if there is none left."""
    now = ports.clock()
    until = ports.store.reserve(user_key, now)
    if until is not None:
        ports.publish(Event("throttled", user_key, now))
        raise RefusedError("throttled", retry_after=throttle.retry_after(until, now))


def _use_up(transaction: Transaction, user_key: str, claim: Claim, now: float) -> None:
    if not transaction.claim(user_key, claim, now):
        if claim.spent is None:
            raise RefusedError("code_used")
        spent = transaction.was_spent(user_key, claim.spent)
        raise RefusedError("spent" if spent else "wrong_code")
    transaction.clear_failures(user_key)
