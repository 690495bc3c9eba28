"""Who may enter: every combination, written down."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_twofactor.core import policy
from flask_twofactor.core.policy import Limits, Verdict
from flask_twofactor.core.records import Mark, Proof, Standing

NOW = 1_000_000.0
LIMITS = Limits(hold=600, step_up=300, proof_idle=1000, proof_age=5000)
ANN = "user:1"
PROOF = Proof("p", ANN, 3, "totp", NOW - 100, NOW - 50, NOW - 100, NOW - 100, None)
PROOFS = {
    "none": None,
    "stands": PROOF,
    "revoked": replace(PROOF, revoked_at=NOW - 1),
    "of an older epoch": replace(PROOF, epoch=2),
    "of a later epoch": replace(PROOF, epoch=4),
    "of somebody else": replace(PROOF, user_key="user:2"),
    "idle too long": replace(PROOF, last_used_at=NOW - 1000),
    "too old": replace(PROOF, created_at=NOW - 5000),
}
MARKS = {
    "none": None,
    "of now": Mark(ANN, 3, NOW),
    "of an older epoch": Mark(ANN, 2, NOW),
    "of somebody else": Mark("user:2", 3, NOW),
}


def standing(proof: str = "none", *, protected: bool = False, epoch: int = 3) -> Standing:
    """Give what the store knows of Ann."""
    return Standing(ANN, epoch, protected, PROOFS[proof])


@pytest.mark.parametrize("name", PROOFS)
def test_only_one_proof_stands(name: str) -> None:
    """A proof is of this user and epoch, not revoked and in time, or it is worth nothing."""
    assert policy.proof_stands(PROOFS[name], standing(), LIMITS, NOW) is (name == "stands")


@pytest.mark.parametrize(("seconds", "stands"), [(949, True), (950, False), (-950, True)])
def test_a_proof_ends_at_the_second(seconds: float, stands: bool) -> None:  # noqa: FBT001
    """The idle time counts from the last use, to the second."""
    assert policy.proof_stands(PROOF, standing(), LIMITS, NOW + seconds) is stands


def test_without_an_absolute_limit_only_idling_ends_a_proof() -> None:
    """PROOF_HOURS is off by default."""
    limits, old = replace(LIMITS, proof_age=None), PROOFS["too old"]

    assert policy.proof_stands(old, standing(), limits, NOW)


@pytest.mark.parametrize(
    ("proof", "protected", "required"), list(product(PROOFS, (True, False), (True, False)))
)
def test_every_password_step(proof: str, protected: bool, required: bool) -> None:  # noqa: FBT001
    """A standing proof enters; else protection asks, a rule asks for setup, or it is noted."""
    found = policy.on_login(standing(proof, protected=protected), LIMITS, NOW, required=required)

    if proof == "stands" and (protected or not required):
        assert found == "enter"
    elif protected:
        assert found == "challenge"
    else:
        assert found == ("setup" if required else "mark")


VISITS = [
    # proof, mark, protected, required, epoch at its start -> verdict
    ("stands", "none", True, True, False, "enter"),
    ("stands", "none", True, False, False, "enter"),
    ("stands", "none", False, False, False, "enter"),
    ("stands", "none", False, True, False, "setup"),
    ("none", "none", True, True, False, "challenge"),
    ("none", "none", True, False, False, "challenge"),
    ("none", "none", False, True, False, "setup"),
    ("none", "none", False, False, False, "log_out"),
    ("none", "none", False, False, True, "enter"),
    ("none", "none", True, False, True, "challenge"),
    ("none", "none", False, True, True, "setup"),
    ("none", "of now", False, False, False, "enter"),
    ("none", "of now", True, False, False, "challenge"),
    ("none", "of now", False, True, False, "setup"),
    ("none", "of an older epoch", False, False, False, "log_out"),
    ("none", "of an older epoch", True, True, False, "log_out"),
    ("none", "of somebody else", False, False, False, "log_out"),
    ("none", "of somebody else", False, False, True, "enter"),
    ("none", "of somebody else", True, False, True, "challenge"),
]


@pytest.mark.parametrize(("proof", "mark", "protected", "required", "start", "verdict"), VISITS)
def test_every_visit(
    proof: str,
    mark: str,
    protected: bool,  # noqa: FBT001
    required: bool,  # noqa: FBT001
    start: bool,  # noqa: FBT001
    verdict: Verdict,
) -> None:
    """What a session that says it is logged in leads to."""
    found = policy.on_visit(
        standing(proof, protected=protected, epoch=0 if start else 3),
        LIMITS,
        NOW,
        required=required,
        carries_proof=proof != "none",
        mark=MARKS[mark],
    )

    assert found == verdict


@pytest.mark.parametrize(
    ("proof", "mark", "protected", "required"),
    [row for row in product(PROOFS, MARKS, (True, False), (True, False)) if row[0] != "stands"],
)
def test_a_proof_that_does_not_stand_logs_out(
    proof: str,
    mark: str,
    protected: bool,  # noqa: FBT001
    required: bool,  # noqa: FBT001
) -> None:
    """A session that carries a dead proof is logged out, whatever else is true."""
    found = policy.on_visit(
        standing(proof, protected=protected),
        LIMITS,
        NOW,
        required=required,
        carries_proof=True,
        mark=MARKS[mark],
    )

    assert found == "log_out"


KEYS, EPOCHS = st.sampled_from([ANN, "user:2"]), st.integers(0, 3)
TIMES = st.floats(NOW - 20_000, NOW + 20_000)
SOME_PROOF = st.builds(
    Proof,
    st.just("p"),
    KEYS,
    EPOCHS,
    st.sampled_from(["totp", "backup_code", "none"]),
    TIMES,
    TIMES,
    TIMES,
    st.none() | TIMES,
    st.none() | TIMES,
    st.none() | TIMES,
)
SOME_STANDING = st.builds(Standing, st.just(ANN), EPOCHS, st.booleans(), st.none() | SOME_PROOF)
SOME_MARK = st.none() | st.builds(Mark, KEYS, EPOCHS, TIMES)


@given(SOME_STANDING, SOME_MARK, st.booleans(), st.booleans(), TIMES)
def test_a_protected_user_never_enters_without_a_standing_proof(
    known: Standing,
    mark: Mark | None,
    required: bool,  # noqa: FBT001
    carries: bool,  # noqa: FBT001
    now: float,
) -> None:
    """Whatever the store, the session and the clock say."""
    login = policy.on_login(known, LIMITS, now, required=required)
    visit = policy.on_visit(known, LIMITS, now, required=required, carries_proof=carries, mark=mark)

    assert {login, visit} <= set(get_args(Verdict))
    if not policy.proof_stands(known.proof, known, LIMITS, now):
        assert login != "enter"
        assert visit != "enter" or not (known.protected or required or carries)
    if known.protected:
        assert visit != "enter" or carries
    if required and not known.protected:
        assert "enter" not in {login, visit}


@pytest.mark.parametrize(
    ("at", "recent"),
    [(NOW, True), (NOW - 299, True), (NOW - 300, False), (NOW + 299, True), (NOW + 300, False)],
)
def test_recent_means_within_the_minutes(at: float, recent: bool) -> None:  # noqa: FBT001
    """Recent is less than the given time ago, and a clock set back opens nothing for long."""
    assert policy.is_recent(at, 300, NOW) is recent
    assert not policy.is_recent(None, 300, NOW)
