"""What every method owes the flows; each built-in one is held to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import pyotp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask_twofactor.core.ports import Method
from flask_twofactor.core.records import (
    Account,
    Authenticator,
    Claim,
    Enrolment,
    Refusal,
    Step,
)
from flask_twofactor.methods.backup_codes import BackupCodes
from flask_twofactor.methods.totp import TOTP
from flask_twofactor.web.messages import TEXTS

ACCOUNT = Account("user:1", "ann@host.test", "Host")
NOW = 1_800_000_000.0
TEXT = ("name", "title", "summary", "prompt", "code_label", "code_hint", "input_mode")
BAD = [
    "",
    " ",
    "abc",
    "\uff11\uff12\uff13\uff14\uff15\uff16",
    "\u0661\u0662\u0663\u0664\u0665\u0666",
    "12\x0034",
    "123456\n7",
    "1" * 10_000_000,
    "\ud800",
    "'; drop table",
]


@dataclass(frozen=True)
class Case:
    """A method, and how its owner finds the right answer in what was kept at setup."""

    method: Method
    right: Callable[[Step, float], str]


CASES = [
    Case(TOTP(), lambda step, now: pyotp.TOTP(step.kept["secret"]).at(int(now))),
    Case(BackupCodes(3), lambda step, _now: str(step.shown["codes"][0])),
]


@pytest.fixture(params=CASES, ids=lambda case: case.method.name)
def case(request: pytest.FixtureRequest) -> Case:
    """Each built-in method in turn."""
    found: Case = request.param
    return found


def set_up(case: Case, *, at: float = NOW - 3600) -> tuple[Step, Authenticator]:
    """Set a method up an hour ago."""
    step = case.method.begin_setup(ACCOUNT)
    done = case.method.complete_setup(step, case.right(step, at), at)
    assert isinstance(done, Enrolment)
    protects = not case.method.fallback_only
    made = Authenticator(
        "a", case.method.name, "A", at, None, done.counter, protects, data=done.data
    )
    return step, made


def test_a_method_says_who_it_is(case: Case) -> None:
    """Pages need a name, a title, a prompt and a label in plain words."""
    assert all(isinstance(getattr(case.method, name), str) for name in TEXT)
    assert all(getattr(case.method, name).strip() for name in TEXT)
    assert case.method.name.isidentifier()
    assert case.method.input_mode in {"numeric", "text"}
    assert case.method.limit >= 1


def test_what_is_kept_can_be_sealed_and_shown_again(case: Case) -> None:
    """Kept data survives JSON, and a reload shows the very same step."""
    step = case.method.begin_setup(ACCOUNT)
    kept = json.loads(json.dumps(step.kept))

    assert case.method.resume_setup(ACCOUNT, kept).shown == step.shown


def test_no_two_setups_are_alike(case: Case) -> None:
    """Secrets are fresh at each setup."""
    assert case.method.begin_setup(ACCOUNT).kept != case.method.begin_setup(ACCOUNT).kept


def test_the_right_answer_is_claimed_for_an_owned_authenticator(case: Case) -> None:
    """A claim names what is to be used up, and only something that the user has."""
    step, made = set_up(case)
    asked = case.method.begin_challenge([made], NOW)
    found = case.method.complete_challenge([made], asked, case.right(step, NOW), NOW)

    assert isinstance(found, Claim)
    assert found.authenticator_id == made.id
    assert (found.counter is None) is not (found.spent is None)


def test_a_claim_moves_forward(case: Case) -> None:
    """After its claim was applied, the same answer claims nothing that still moves."""
    step, made = set_up(case)
    typed = case.right(step, NOW)
    first = case.method.complete_challenge([made], Step(), typed, NOW)
    assert isinstance(first, Claim)
    if first.counter is None:
        return  # a single-use code: the store's conditional write tells
    used = replace(made, counter=first.counter)

    again = case.method.complete_challenge([used], Step(), typed, NOW)

    assert isinstance(again, Refusal)
    assert again.code == "code_used"


def test_the_answer_of_somebody_else_is_refused_or_left_to_the_store(case: Case) -> None:
    """An answer never claims by its form alone what the method itself can check."""
    step, _ = set_up(case)
    _, other = set_up(case)
    found = case.method.complete_challenge([other], Step(), case.right(step, NOW), NOW)

    assert isinstance(found, Refusal) or found.spent is not None


@pytest.mark.parametrize("typed", BAD, ids=lambda typed: f"{ascii(typed)[:16]} {len(typed)}")
def test_bad_input_is_refused_with_words_for_it(case: Case, typed: str) -> None:
    """Whatever is typed, the refusal has a stable code that a page can explain."""
    _, made = set_up(case)
    found = case.method.complete_challenge([made], Step(), typed, NOW)

    assert isinstance(found, Refusal)
    assert found.code in TEXTS


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.text(max_size=200))
def test_answering_never_raises(case: Case, typed: str) -> None:
    """Neither a challenge nor a setup raises on any text."""
    step, made = set_up(case)

    assert case.method.complete_challenge([made], Step(), typed, NOW) is not None
    assert case.method.complete_setup(step, typed, NOW) is not None


def test_a_challenge_keeps_no_secret(case: Case) -> None:
    """What a challenge shows or keeps has nothing of the secret."""
    step, made = set_up(case)
    asked = repr(case.method.begin_challenge([made], NOW).shown)

    assert all(str(secret) not in asked for secret in step.kept.values())
