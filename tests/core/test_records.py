"""The facts that travel between the rings keep their secrets to themselves."""

from __future__ import annotations

import dataclasses

import pytest

from flask_twofactor.core import errors, records
from flask_twofactor.flows.changing import Kept as KeptSession
from flask_twofactor.flows.logging_in import Challenge, Released
from flask_twofactor.flows.setting_up import Begun, Finished
from flask_twofactor.methods.totp import TOTP
from flask_twofactor.web.state import PendingHold, Visit

SECRET = "HIDDEN7HIDDEN7HIDDEN7"
KEPT = records.Kept("1", "ann", "/", session=f'{{"a": "{SECRET}"}}')
HELD = records.Hold("h", "user:1", 0, "challenge", 0, 600, 0, kept=KEPT)
STANDING = records.Standing("user:1")


@pytest.mark.parametrize(
    "value",
    [
        records.Authenticator("a", "totp", "Phone", 0, data={"secret": SECRET}),
        records.Step({"key": SECRET}, {"secret": SECRET}),
        records.Claim("a", spent=SECRET),
        records.Enrolment({"secret": SECRET}, codes=(SECRET,)),
        KEPT,
        HELD,
        records.PendingSetup("p", "user:1", "totp", 600, {"secret": SECRET}),
        Released(SECRET, "user:1", KEPT),
        Challenge(HELD, None, (), records.Step({"key": SECRET})),
        Begun(SECRET, TOTP(), records.Step({"key": SECRET})),
        Finished(SECRET, first=True, codes=[SECRET], kept=KEPT),
        KeptSession(1, SECRET),
        PendingHold("k", "1", "ann", STANDING, "challenge", "login", aside={"a": SECRET}),
        Visit(ends_hold=SECRET, ends_proof=SECRET),
    ],
    ids=lambda value: f"{type(value).__module__}.{type(value).__name__}",
)
def test_no_secret_in_a_repr(value: object) -> None:
    """What lands in a log or a traceback names no secret, code or token."""
    assert SECRET not in repr(value)
    assert SECRET not in str(value)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, found in vars(records).items()
        if dataclasses.is_dataclass(found) and isinstance(found, type)
    ],
)
def test_a_fact_cannot_be_changed(name: str) -> None:
    """Every record is frozen and has no room for more."""
    found = getattr(records, name)

    assert found.__dataclass_params__.frozen
    assert "__slots__" in vars(found)


def test_each_error_has_a_stable_code() -> None:
    """Errors say a code that clients may rely on; two kinds never share one."""
    kinds = set(errors.TwoFactorError.__subclasses__()) - {errors.RefusedError}

    assert len({kind.code for kind in kinds}) == len(kinds)
    assert errors.RefusedError("wrong_code").code == "wrong_code"


def test_a_configuration_error_lists_every_fault() -> None:
    """All faults of the wiring are told at once."""
    error = errors.ConfigurationError("This is wrong.", "That too.")

    assert error.faults == ("This is wrong.", "That too.")
    assert "- This is wrong.\n- That too." in str(error)
