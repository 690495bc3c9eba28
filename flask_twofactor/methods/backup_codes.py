"""Single-use codes to keep on paper, for the day the phone is gone."""

from __future__ import annotations

from collections.abc import Sequence

from flask_twofactor.core.codes import group, make_backup_code, read_backup_code
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


class BackupCodes:
    """A set of codes of 125 random bits each, shown once and good once.

    So many bits let a keyed hash be compliant and instant (ASVS 6.5.2). `count` is how many
    a set has; None takes the setting BACKUP_CODES. Codes alone never count as protection.
    """

    name = "backup_code"
    title = mark("Backup code")
    summary = mark("Single-use codes to print or keep in a password manager.")
    prompt = mark("Enter one of the backup codes you saved. Each works once.")
    code_label = mark("Backup code")
    code_hint = mark("25 letters and digits; dashes and capitals do not matter")
    use_label = mark("Use a backup code")
    setup_steps: Sequence[str] = ()
    input_mode = "text"
    setup_fields: Sequence[str] = ()
    fallback_only = True
    phishing_resistant = False
    needs_delivery = False
    limit = 1

    def __init__(self, count: int | None = None) -> None:
        self.count = count

    def begin_setup(self, account: Account) -> Step:
        """Make a set of codes; `shown` has them in groups of five."""
        del account
        codes = [make_backup_code() for _ in range(self.count or 10)]
        return Step(shown={"codes": [group(code) for code in codes]}, kept={"codes": codes})

    def resume_setup(self, account: Account, kept: Data) -> Step:
        """Show the same set again."""
        del account
        return Step(shown={"codes": [group(code) for code in kept["codes"]]}, kept=kept)

    def complete_setup(self, step: Step, answer: str, now: float) -> Enrolment | Refusal:
        """Take the set as it is: showing it is all the proof there can be."""
        del answer, now
        return Enrolment(data={}, codes=tuple(step.kept["codes"]))

    def begin_challenge(self, authenticators: Sequence[Authenticator], now: float) -> Step:
        """Ask; nothing has to be kept."""
        del authenticators, now
        return Step()

    def reads(self, answer: str) -> bool:
        """25 characters of the right alphabet, however they are spaced."""
        return read_backup_code(answer) is not None

    def complete_challenge(
        self, authenticators: Sequence[Authenticator], step: Step, answer: str, now: float
    ) -> Claim | Refusal:
        """Name the code to be spent; the store knows whether it is one, and unspent."""
        del step, now
        code = read_backup_code(answer)
        if code is None:
            return Refusal("not_a_backup_code")
        if not authenticators:
            return Refusal("wrong_code")
        return Claim(authenticators[0].id, spent=code)
