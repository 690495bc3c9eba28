"""Each built-in method is held to the contract that a host's own method is held to."""

from __future__ import annotations

from typing import Any

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_twofactor.core.ports import Method
from flask_twofactor.core.records import Enrolment, Refusal, Step
from flask_twofactor.methods.backup_codes import BackupCodes
from flask_twofactor.methods.sms import SMS
from flask_twofactor.methods.totp import TOTP
from flask_twofactor.testing.method_contract import ACCOUNT, NOW, ODD_ANSWERS, MethodContract
from flask_twofactor.web.messages import TEXTS


class TestTOTP(MethodContract):
    """Codes from an app."""

    def make_method(self) -> Method:
        return TOTP()

    def right_answer(self, step: Step, now: float) -> str:
        return str(pyotp.TOTP(step.kept["secret"]).at(int(now)))


class TestBackupCodes(MethodContract):
    """Codes on paper."""

    def make_method(self) -> Method:
        return BackupCodes(3)

    def right_answer(self, step: Step, now: float) -> str:
        del now
        return str(step.shown["codes"][0])


class TestSMS(MethodContract):
    """Codes that are sent to a phone."""

    numbers = iter(range(10, 10_000))

    def make_method(self) -> Method:
        return SMS()

    def begin(self, method: Method) -> Step:
        kept = {"number": f"+44740012{next(self.numbers):04}"}
        step = method.resume_setup(ACCOUNT, kept)
        return Step(step.shown, kept | {"binding": "setup:1"})

    def right_answer(self, step: Step, now: float) -> str:
        del step, now
        return "123456"


CONTRACTS = [TestTOTP(), TestBackupCodes(), TestSMS()]
NAMES = [name for name in vars(MethodContract) if name.startswith("test_")]


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda one: one.make_method().name)
@given(typed=st.text(max_size=200))
def test_answering_never_raises(contract: MethodContract, typed: str) -> None:
    """Neither a challenge nor a setup raises on any text."""
    method = contract.make_method()
    step, made = contract.set_up(method)

    assert method.complete_challenge([made], Step(), typed, NOW) is not None
    assert method.complete_setup(step, typed, NOW) is not None


@pytest.mark.parametrize("typed", ODD_ANSWERS, ids=lambda typed: f"{ascii(typed)[:16]}")
@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda one: one.make_method().name)
def test_a_page_has_words_for_each_refusal(contract: MethodContract, typed: str) -> None:
    """Whatever is typed, the refusal's code is one that our pages can explain."""
    method = contract.make_method()
    _, made = contract.set_up(method)
    found = method.complete_challenge([made], Step(), typed, NOW)

    assert isinstance(found, Refusal)
    assert found.code in TEXTS


class Careless(TOTP):
    """A method that takes anything, twice, and tells its secret."""

    title = " "
    limit = 0

    def begin_setup(self, account: Any) -> Step:
        return Step(shown={"key": "S3CRET", "set": object()}, kept={"secret": "S3CRET"})

    def resume_setup(self, account: Any, kept: Any) -> Step:
        return Step(shown={"key": "another"}, kept=kept)

    def complete_setup(self, step: Step, answer: str, now: float) -> Any:
        found = Enrolment(data=step.kept)
        return answer if answer in ODD_ANSWERS else _Telling(found)

    def begin_challenge(self, authenticators: Any, now: float) -> Step:
        return Step(shown={"secret": "S3CRET"})

    def complete_challenge(self, authenticators: Any, step: Step, answer: str, now: float) -> Any:
        return None


class _Telling(Enrolment):
    def __init__(self, found: Enrolment) -> None:
        super().__init__(data=found.data)

    def __repr__(self) -> str:
        return str(self.data)


class _OfCareless(MethodContract):
    def make_method(self) -> Method:
        return Careless()

    def right_answer(self, step: Step, now: float) -> str:
        return "right"


@pytest.mark.parametrize("name", NAMES)
def test_each_promise_bites(name: str) -> None:
    """A careless method breaks every promise of the contract."""
    with pytest.raises((AssertionError, AttributeError)):
        getattr(_OfCareless(), name)()
