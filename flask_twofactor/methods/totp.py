"""Codes from an authenticator app (RFC 6238), computed by pyotp."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence

import pyotp

from flask_twofactor.core.codes import group, read_digits
from flask_twofactor.core.records import (
    Account,
    Authenticator,
    Claim,
    Data,
    Enrolment,
    Refusal,
    Step,
)
from flask_twofactor.core.texts import mark

PERIOD = 30
DRIFT_SHOWN_MINUTES = 60
SECRET_CHARACTERS = 32
LEAST_SECRET_BYTES = 14


class TOTP:
    """Six digits from an app on the phone: SHA-1, 30 seconds, one step of drift either way.

    The secret has 160 random bits (RFC 4226 R6). A code is good once: the matched time step
    must be later than the last one used (RFC 6238 section 5.2; ASVS 6.5.1).
    """

    name = "totp"
    title = mark("Authenticator app")
    summary = mark("An app on your phone shows a new six-digit code every 30 seconds.")
    prompt = mark("Open your authenticator app and enter the six-digit code it shows.")
    code_label = mark("Authentication code")
    code_hint = mark("Six digits, for example 123 456")
    use_label = mark("Use your authenticator app")
    setup_steps: Sequence[str] = (mark("Install"), mark("Scan"), mark("Confirm"))
    input_mode = "numeric"
    setup_fields: Sequence[str] = ("name",)
    fallback_only = False
    phishing_resistant = False
    needs_delivery = False
    limit = 10

    def begin_setup(self, account: Account) -> Step:
        """Make a new secret; it never comes from the client."""
        return self.resume_setup(account, {"secret": pyotp.random_base32(SECRET_CHARACTERS)})

    def resume_setup(self, account: Account, kept: Data) -> Step:
        """Show the same secret again."""
        secret = str(kept["secret"])
        uri = pyotp.TOTP(secret).provisioning_uri(name=account.label, issuer_name=account.issuer)
        return Step(shown={"uri": uri, "key": group(secret, 4, " ")}, kept=kept)

    def complete_setup(self, step: Step, answer: str, now: float) -> Enrolment | Refusal:
        """Accept a first code; tell a phone whose clock is off by up to an hour."""
        code = read_digits(answer)
        if code is None:
            return Refusal("not_six_digits")
        secret = str(step.kept["secret"])
        matched = _matching(secret, code, _around(now, 1))
        if matched:
            return Enrolment(data={"secret": secret}, counter=max(matched))
        return _explain(secret, code, now)

    def reach(self, now: float) -> int:
        """Give the last time step whose code may have been accepted by now."""
        return _around(now, 1)[-1]

    def begin_challenge(self, authenticators: Sequence[Authenticator], now: float) -> Step:
        """Ask; nothing has to be kept."""
        del authenticators, now
        return Step()

    def reads(self, answer: str) -> bool:
        """Six digits, blanks and dashes left out."""
        return read_digits(answer) is not None

    def complete_challenge(
        self, authenticators: Sequence[Authenticator], step: Step, answer: str, now: float
    ) -> Claim | Refusal:
        """Look at every authenticator without asking which one was used."""
        del step
        code = read_digits(answer)
        if code is None:
            return Refusal("not_six_digits")
        hits = [(owner, at) for owner in authenticators for at in _answers(owner, code, now)]
        # One secret may stand in two authenticators: a code used up in either is used.
        used = {at for owner, at in hits if at <= owner.counter}
        fresh = [(owner, at) for owner, at in hits if at not in used]
        if fresh:
            owner, at = max(fresh, key=lambda hit: hit[1])
            return Claim(owner.id, counter=at)
        if hits:
            return Refusal("code_used")
        readable = any(owner.data is not None for owner in authenticators)
        return Refusal("wrong_code" if readable else "unreadable")


def import_data(secret: str) -> Data:
    """Check a secret that another system made and give the data to seal.

    ValueError, with the remedy, under 112 bits (NIST SP 800-63B-4 3.1.4.1) or if it is not
    base32.
    """
    tidy = "".join(secret.split()).replace("-", "").upper().rstrip("=")
    try:
        size = len(pyotp.TOTP(tidy).byte_secret())
    except ValueError as error:
        raise ValueError(_TOO_WEAK) from error
    if size < LEAST_SECRET_BYTES:
        raise ValueError(_TOO_WEAK)
    return {"secret": tidy}


_TOO_WEAK = (
    "This secret is not base32 of at least 112 bits (23 characters), so it cannot be imported. "
    "Leave this user without it and ask them to set up their app again."
)


def _around(now: float, steps: int) -> range:
    current = int(now) // PERIOD
    return range(max(0, current - steps), current + steps + 1)


def _matching(secret: str, code: str, steps: Iterable[int]) -> list[int]:
    app = pyotp.TOTP(secret)
    return [at for at in steps if hmac.compare_digest(app.generate_otp(at), code)]


def _answers(owner: Authenticator, code: str, now: float) -> list[int]:
    if owner.data is None:
        return []
    return _matching(str(owner.data["secret"]), code, _around(now, 1))


def _explain(secret: str, code: str, now: float) -> Refusal:
    far = _matching(secret, code, _around(now, DRIFT_SHOWN_MINUTES * 60 // PERIOD))
    if not far:
        return Refusal("wrong_code")
    current = int(now) // PERIOD
    nearest = min(far, key=lambda at: abs(at - current))
    minutes = round((nearest - current) * PERIOD / 60)
    return Refusal("clock_off", {"minutes": abs(minutes) or 1, "ahead": nearest > current})
