"""Checking one answer: pay for the guess, ask the method, use up what was accepted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from flask_twofactor.core import throttle
from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.ports import Method, Transaction
from flask_twofactor.core.records import (
    Authenticator,
    Claim,
    Event,
    KnownBrowser,
    Paid,
    Step,
    Wait,
)
from flask_twofactor.core.repeating import repeated
from flask_twofactor.core.tokens import mint, reference

from . import sending
from .context import Ports

REPLAYS = frozenset({"code_used", "spent"})


@dataclass(frozen=True, slots=True)
class Accepted:
    """A right answer, not used up yet: whose, by which method, and who paid for the guess."""

    user_key: str
    method: Method
    claim: Claim
    paid: Paid
    failures: int = 0
    left: int | None = None


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


def other_kind(asked: Method, others: Sequence[Method], typed: str) -> Method | None:
    """Give the other way that a code has the shape of, where it has not that of the asked one."""
    if asked.reads(typed):
        return None
    return next((one for one in others if one.reads(typed) and not one.needs_delivery), None)


def method_of(ports: Ports, owned: Sequence[Authenticator], typed: str) -> Method | None:
    """Give the method that a code typed without being asked for belongs to, by its shape.

    What has no known shape goes to the first method, whose error says what it wants. To one
    whose codes have to be sent goes nothing: nothing was sent so far.
    """
    usable = [one for one in ports.methods if of_method(owned, one)]
    fitting = [one for one in usable if one.reads(typed)] or usable[:1]
    return next((one for one in fitting if not one.needs_delivery), None)


def check(
    ports: Ports,
    user_key: str,
    owned: Sequence[Authenticator],
    wanted: object,
    typed: str,
    browsers: Sequence[str],
    binding: str,
) -> Accepted:
    """Give what this answer claims, or raise RefusedError. Unknown methods are never right.

    The guess is paid for, and that is committed, before the answer is looked at; an empty
    field costs nothing. A code that was sent counts only where it was asked for: `binding`.
    """
    # A script that names none is asked what the page asks first.
    method = choose(ports, owned)[0] if wanted is None else ports.method(wanted)
    mine = of_method(owned, method) if method is not None else []
    if method is None or not mine:
        raise RefusedError("unknown_method")
    if not typed:
        raise RefusedError("code_missing")
    failures = min(one.failures for one in mine)
    _refuse_disabled(ports, user_key, failures, browsers)
    paid = pay(ports, user_key, browsers, binding if method.needs_delivery else None)
    step = Step(kept={"binding": binding})
    verdict = method.complete_challenge(mine, step, typed, ports.clock())
    if isinstance(verdict, Claim):
        # Counted before: once the code is spent, nothing may fail that the release needs.
        left = ports.store.codes_left(user_key) - 1 if method.fallback_only else None
        return Accepted(user_key, method, verdict, paid, failures, left)
    report(ports, user_key, method, verdict.code)
    raise RefusedError(verdict.code, **verdict.evidence)


@contextmanager
def accepting(ports: Ports, accepted: Accepted, now: float) -> Iterator[Transaction]:
    """Use up a claim and do what follows from it, as one transaction.

    RefusedError, with nothing done, if the code is none of the user's or somebody was faster.
    """
    try:
        with ports.store.transaction() as transaction:
            _use_up(transaction, accepted, now)
            yield transaction
            _record_use(ports, transaction, accepted, now)
    except RefusedError as refused:
        report(ports, accepted.user_key, accepted.method, refused.code)
        raise


def know_browser(transaction: Transaction, user_key: str, paid: Paid, now: float) -> KnownBrowser:
    """Know this browser from now on, under a new token; knownness is not trust."""
    known = KnownBrowser(mint(), paid.browser)
    row = reference(known.token) or ""
    transaction.know_browser(user_key, row, now, replaces=known.replaces)
    return known


@repeated
def report(
    ports: Ports, user_key: str, method: Method, code: str, *, at_setup: bool = False
) -> None:
    """Record that an answer was refused; a replayed code is an event of its own.

    Wrong answers in a row are counted for the method, but not while it is being set up.
    """
    now = ports.clock()
    with ports.store.transaction() as transaction:
        failures = None if at_setup else transaction.count_failure(user_key, method.name)
        name = "replay_seen" if code in REPLAYS else "failed"
        transaction.record(
            Event(name, user_key, now, method=method.name, reason=code, failures=failures)
        )
        if failures == ports.throttle.disable_after:
            transaction.record(Event("disabled_authenticator", user_key, now, method=method.name))


@repeated
def pay(ports: Ports, user_key: str, browsers: Sequence[str], binding: str | None = None) -> Paid:
    """Pay for one guess; RefusedError `throttled` with `retry_after` if there is none left.

    An answer to a code that was sent pays a second time, out of the tries of its `binding`;
    where it has none left, RefusedError says so and nothing is paid.
    """
    now = ports.clock()
    try:
        with ports.store.transaction() as transaction:
            paid = transaction.reserve(user_key, browsers, now)
            if isinstance(paid, Wait):
                if paid.first:
                    transaction.record(Event("throttled", user_key, now, reason=paid.reason))
            elif binding is not None:
                sending.count_try(transaction.sends, user_key, binding, now)
    except sending.NoTryError as none:
        raise sending.explain(ports.store.sent_code(user_key, none.binding)) from None
    if isinstance(paid, Wait):
        raise RefusedError("throttled", retry_after=throttle.retry_after(paid.until, now))
    return paid


def _refuse_disabled(ports: Ports, user_key: str, failures: int, browsers: Sequence[str]) -> None:
    # NIST SP 800-63B-4 3.2.2: 100 wrong answers in a row at most. The owner's browsers go on.
    if failures < ports.throttle.disable_after:
        return
    if not ports.store.knows_browser(user_key, browsers):
        raise RefusedError("method_disabled")


def _use_up(transaction: Transaction, accepted: Accepted, now: float) -> None:
    user_key, claim = accepted.user_key, accepted.claim
    if not transaction.claim(user_key, claim, now):
        if claim.sent is not None:
            raise RefusedError("wrong_code")
        if claim.spent is None:
            raise RefusedError("code_used")
        spent = transaction.was_spent(user_key, claim.spent)
        raise RefusedError("spent" if spent else "wrong_code")
    transaction.clear_failures(user_key, accepted.paid.browser)
    if accepted.failures:
        transaction.enable_method(user_key, accepted.method.name)


def _record_use(ports: Ports, transaction: Transaction, accepted: Accepted, now: float) -> None:
    user_key, name = accepted.user_key, accepted.method.name
    if accepted.left is not None:
        used = Event("code_used", user_key, now, method=name, remaining=accepted.left)
        transaction.record(used)
    if accepted.failures >= ports.throttle.disable_after:
        transaction.record(Event("enabled_authenticator", user_key, now, method=name))
