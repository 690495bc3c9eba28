"""Single-use codes to keep on paper."""

from __future__ import annotations

import pytest

from flask_twofactor.core.codes import CROCKFORD, read_backup_code
from flask_twofactor.core.records import Account, Authenticator, Claim, Enrolment, Refusal, Step
from flask_twofactor.methods.backup_codes import BackupCodes

ACCOUNT = Account("user:1", "ann@host.test", "Host")
SET = Authenticator("set", "backup_code", "Backup code", 0, protects=False, data={})
CODE = "7ZK3M-0QW1X-ABCDE-FGHJK-MNPQR"


@pytest.mark.parametrize("count", [1, 5, 10, 50])
def test_a_set_has_as_many_codes_as_asked(count: int) -> None:
    """Each has 125 bits in five groups of five, and no two are alike."""
    step = BackupCodes(count).begin_setup(ACCOUNT)

    assert len(set(step.kept["codes"])) == count
    for shown, kept in zip(step.shown["codes"], step.kept["codes"], strict=True):
        assert [len(group) for group in shown.split("-")] == [5] * 5
        assert set(kept) <= set(CROCKFORD)
        assert read_backup_code(shown) == kept


def test_ten_codes_unless_told_otherwise() -> None:
    """The usual number is ten."""
    assert len(BackupCodes().begin_setup(ACCOUNT).kept["codes"]) == 10


def test_a_set_is_confirmed_by_being_shown() -> None:
    """The codes are kept nowhere but in the digests that the store makes of them."""
    step = BackupCodes(3).begin_setup(ACCOUNT)
    found = BackupCodes(3).complete_setup(step, "", 0)

    assert found == Enrolment({}, codes=tuple(step.kept["codes"]))
    assert BackupCodes(3).resume_setup(ACCOUNT, step.kept) == step


@pytest.mark.parametrize("typed", [CODE, CODE.lower(), CODE.replace("-", " "), f" {CODE} "])
def test_a_code_is_claimed_as_it_is_kept(typed: str) -> None:
    """Case, blanks and dashes do not matter; the store says whether it is one."""
    found = BackupCodes().complete_challenge([SET], Step(), typed, 0)

    assert found == Claim("set", spent=CODE.replace("-", ""))


@pytest.mark.parametrize("typed", ["", "123456", CODE[:-1], CODE + "0", "U" * 25, "\uff11" * 25])
def test_what_cannot_be_a_code_is_told(typed: str) -> None:
    """A code of another kind or length never reaches the store."""
    found = BackupCodes().complete_challenge([SET], Step(), typed, 0)

    assert found == Refusal("not_a_backup_code")


def test_who_has_no_codes_has_no_right_one() -> None:
    """Without a set, nothing can be claimed."""
    assert BackupCodes().complete_challenge([], Step(), CODE, 0) == Refusal("wrong_code")


def test_codes_alone_protect_nobody() -> None:
    """Backup codes come with another method, and never stand in its place."""
    assert BackupCodes.fallback_only
