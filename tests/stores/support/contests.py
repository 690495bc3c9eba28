"""What competitors race for: each contest is prepared once, then tried by all at one moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyotp

from flask_twofactor.core.devices import Presented
from flask_twofactor.core.errors import HoldGoneError, RefusedError
from flask_twofactor.core.policy import Limits
from flask_twofactor.core.records import Account, Claim, Origin, Standing
from flask_twofactor.core.throttle import Throttle
from flask_twofactor.core.tokens import mint, mint_for, new_id, reference
from flask_twofactor.flows import changing, logging_in, remembered, setting_up
from flask_twofactor.flows.acting import Acting
from flask_twofactor.flows.context import Ports
from flask_twofactor.methods.backup_codes import BackupCodes
from flask_twofactor.methods.totp import PERIOD, TOTP
from flask_twofactor.stores.sqlalchemy import SQLStore

from .places import NOW, authenticator, device, hold, pending_setup, proof, reserve, step_up

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
MANY = 64
STEP = int(NOW) // PERIOD


@dataclass(frozen=True, slots=True)
class Contest:
    """`prepare` gives what each of n competitors needs; `attempt` says whether it counted.

    `write` is the conditional write that decides it.
    """

    prepare: Callable[[SQLStore, str, int], list[Any]]
    attempt: Callable[[SQLStore, str, Any], bool]
    write: str
    free: int = MANY


def ports_of(store: SQLStore) -> Ports:
    """Give the flows their ports, at a time that stands still."""
    methods = [TOTP(), BackupCodes(MANY)]
    return Ports(store, lambda: NOW, methods, Limits(), Throttle(), MANY)


def code_now() -> str:
    """Give the code that the authenticator app shows."""
    return str(pyotp.TOTP(SECRET).generate_otp(STEP))


def enrol(store: SQLStore, user: str) -> list[str]:
    """Give a user an authenticator app and backup codes; give the codes."""
    ports = ports_of(store)
    changing.import_authenticator(ports, user, "totp", {"secret": SECRET}, "Phone")
    acting = Acting(Account(user, "ann", "Host"), 1, required=False)
    with store.transaction() as transaction:
        return list(setting_up.give_codes(ports, transaction, acting, NOW))


def open_hold(store: SQLStore, user: str) -> str:
    """Let a browser give the right password; it is held, and this is its token."""
    token = mint()
    held = hold(reference(token) or "", user_key=user, epoch=1)
    with store.transaction() as transaction:
        transaction.open_hold(held, replaces=None)
    return token


def answer(store: SQLStore, _user: str, given: Any) -> bool:
    """Answer a challenge as the page does."""
    token, method, code = given
    try:
        logging_in.answer(ports_of(store), token, method, code)
    except (RefusedError, HoldGoneError):
        return False
    return True


def one_code_many_browsers(store: SQLStore, user: str, count: int) -> list[Any]:
    """Let many browsers be held, all knowing the code the app shows now."""
    enrol(store, user)
    return [(open_hold(store, user), "totp", code_now()) for _ in range(count)]


def one_backup_code_many_browsers(store: SQLStore, user: str, count: int) -> list[Any]:
    """Let many browsers be held, all knowing the same backup code."""
    code = enrol(store, user)[0]
    return [(open_hold(store, user), "backup_code", code) for _ in range(count)]


def one_hold_many_codes(store: SQLStore, user: str, count: int) -> list[Any]:
    """Let one browser be held, and answer by many codes that are all right."""
    codes, token = enrol(store, user), open_hold(store, user)
    return [(token, "backup_code", code) for code in codes[:count]]


def phone(store: SQLStore, user: str, count: int) -> list[Any]:
    """Write an authenticator and a code, and let all claim the same step, or the same code."""
    made = authenticator(new_id(), counter=STEP - 1)
    with store.transaction() as transaction:
        transaction.add_authenticator(user, made)
        transaction.replace_codes(user, made.id, ["C0DE"], NOW)
    return [made.id] * count


def claim_step(store: SQLStore, user: str, made: Any) -> bool:
    """Claim a time step."""
    with store.transaction() as transaction:
        return transaction.claim(user, Claim(made, counter=STEP), NOW)


def claim_code(store: SQLStore, user: str, made: Any) -> bool:
    """Claim a backup code."""
    with store.transaction() as transaction:
        return transaction.claim(user, Claim(made, spent="C0DE"), NOW)


def held(store: SQLStore, user: str, count: int) -> list[Any]:
    """Open one hold for all."""
    return [reference(open_hold(store, user))] * count


def consume(store: SQLStore, _user: str, hold_id: Any) -> bool:
    """Use a hold up."""
    with store.transaction() as transaction:
        return transaction.consume_hold(hold_id, NOW, released=True)


def begun(store: SQLStore, user: str, count: int) -> list[Any]:
    """Begin one setup, shown in as many tabs as there are competitors."""
    token = mint()
    kept = {setting_up.STEP: {"secret": SECRET}, setting_up.EPOCH: 0}
    pending = pending_setup(reference(token) or "", user_key=user, kept=kept)
    store.ensure_account(user)
    with store.transaction() as transaction:
        transaction.keep_setup(pending)
    return [token] * count


def finish(store: SQLStore, user: str, token: Any) -> bool:
    """Use a begun setup up."""
    with store.transaction() as transaction:
        return transaction.finish_setup(reference(token) or "", user)


def confirm(store: SQLStore, user: str, token: Any) -> bool:
    """Confirm a setup as the page does."""
    acting = Acting(Account(user, "ann", "Host"), 0, required=False, password_at=NOW)
    try:
        setting_up.confirm(ports_of(store), acting, "totp", token, code_now(), "Phone")
    except RefusedError:
        return False
    return True


def proven(store: SQLStore, user: str, count: int) -> list[Any]:
    """Write the proof of one session, and give each competitor a new token for it."""
    old = reference(mint()) or ""
    with store.transaction() as transaction:
        transaction.add_proof(proof(old, user_key=user))
    return [(old, reference(mint())) for _ in range(count)]


def replace(store: SQLStore, user: str, given: Any) -> bool:
    """Rotate the proof."""
    old, new = given
    with store.transaction() as transaction:
        return transaction.replace_proof(old, proof(new, user_key=user))


def allowed(store: SQLStore, user: str, count: int) -> list[Any]:
    """Give one session leave for one action."""
    made = step_up(reference(mint()) or "", user_key=user)
    with store.transaction() as transaction:
        transaction.allow_action(made)
    return [made.id] * count


def do_action(store: SQLStore, user: str, made: Any) -> bool:
    """Use the leave up."""
    with store.transaction() as transaction:
        return transaction.use_action(
            made, user, "delete-account", shown_at=NOW, now=NOW, changing=True
        )


def counted(store: SQLStore, user: str, count: int) -> list[Any]:
    """Make the account that pays for guesses."""
    store.ensure_account(user)
    return [None] * count


def guess(store: SQLStore, user: str, _given: Any) -> bool:
    """Pay for a guess; true if it may be looked at."""
    return reserve(store, user) is None


def wrong_code_many_browsers(store: SQLStore, user: str, count: int) -> list[Any]:
    """Let many browsers be held, none of which knows a code."""
    enrol(store, user)
    wrong = f"{(int(code_now()) + 1) % 1_000_000:06}"
    return [(open_hold(store, user), "totp", wrong) for _ in range(count)]


def is_evaluated(store: SQLStore, _user: str, given: Any) -> bool:
    """Answer wrongly as the page does; true if the answer was looked at."""
    try:
        logging_in.answer(ports_of(store), *given)
    except RefusedError as refused:
        return refused.code != "throttled"
    message = "a wrong code was taken"
    raise AssertionError(message)


def trusted(store: SQLStore, user: str, count: int) -> list[Any]:
    """Trust one device, and give its one value and a successor to each competitor."""
    store.ensure_account(user)
    row = new_id()
    value = reference(mint_for(row)) or ""
    with store.transaction() as transaction:
        transaction.add_device(device(row, user_key=user, current=value), oldest=0)
    return [(Presented(row, value), reference(mint_for(row))) for _ in range(count)]


def use_device(store: SQLStore, user: str, given: Any) -> bool:
    """Take the value of a device."""
    shown, new = given
    with store.transaction() as transaction:
        return transaction.rotate_device(user, shown, new, oldest=0, now=NOW, address="")


def enter(store: SQLStore, user: str, given: Any) -> bool:
    """Log in by a device, as the end of a login request does."""
    shown, _ = given
    standing = Standing(user, protected=True)
    passed = remembered.enter(ports_of(store), standing, shown, Origin(), password_at=NOW)
    return passed is not None


def end_device(store: SQLStore, user: str, given: Any) -> bool:
    """Revoke a device."""
    shown, _ = given
    with store.transaction() as transaction:
        return transaction.end_device(user, shown.device_id, NOW)


def end_session(store: SQLStore, user: str, given: Any) -> bool:
    """End a session from another browser."""
    with store.transaction() as transaction:
        return transaction.end_session(user, given[0], NOW)


def known_password(store: SQLStore, user: str, count: int) -> list[Any]:
    """Keep a fingerprint, which all competitors find changed."""
    store.ensure_account(user)
    with store.transaction() as transaction:
        transaction.learn_password(user, "first", None)
    kept = store.standing(user, None).password_digest
    return [kept] * count


def notice_password(store: SQLStore, user: str, kept: Any) -> bool:
    """Notice a changed password; true if this one moves the epoch."""
    with store.transaction() as transaction:
        return transaction.learn_password(user, "second", kept)


CONTESTS = {
    "time step": Contest(phone, claim_step, "claim"),
    "backup code": Contest(phone, claim_code, "claim"),
    "hold": Contest(held, consume, "consume_hold"),
    "setup": Contest(begun, finish, "finish_setup"),
    "session proof": Contest(proven, replace, "replace_proof"),
    "action": Contest(allowed, do_action, "use_action"),
    "device revoked": Contest(trusted, end_device, "end_device"),
    "session ended": Contest(proven, end_session, "end_session"),
    "changed password": Contest(known_password, notice_password, "learn_password"),
    "answer by one app code": Contest(one_code_many_browsers, answer, "claim"),
    "answer by one backup code": Contest(one_backup_code_many_browsers, answer, "claim"),
    "answer to one hold": Contest(one_hold_many_codes, answer, "consume_hold"),
}
GUARDED_TWICE = {"setup confirmed": Contest(begun, confirm, "finish_setup")}
GUESSES = {
    "guess": Contest(counted, guess, "reserve", free=5),
    "wrong answer": Contest(wrong_code_many_browsers, is_evaluated, "reserve", free=5),
}
SUCCESSORS = {
    "value of a device": Contest(trusted, use_device, "rotate_device"),
    "login by a device": Contest(trusted, enter, "rotate_device"),
}
ALL = CONTESTS | GUARDED_TWICE | GUESSES | SUCCESSORS
