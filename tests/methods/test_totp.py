"""Codes from an authenticator app, against the vectors of the RFCs and to the second."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest

from flask_twofactor.core.records import Account, Authenticator, Claim, Enrolment, Refusal, Step
from flask_twofactor.methods.totp import TOTP, import_data

SEED = base64.b32encode(b"12345678901234567890").decode()
OTHER = base64.b32encode(b"09876543210987654321").decode()
NOW = 1_234_567_890.0  # a step begins here
STEP = int(NOW) // 30
ACCOUNT = Account("user:1", "ann@host.test", "Host & Co")

# RFC 4226 appendix D, counters 0 to 9.
HOTP = [
    "755224",
    "287082",
    "359152",
    "969429",
    "338314",
    "254676",
    "287922",
    "162583",
    "399871",
    "520489",
]
# RFC 6238 appendix B, SHA-1; a code of six digits is the end of the one of eight.
RFC_6238 = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]


def phone(name: str = "a", secret: str | None = SEED, counter: int = -1) -> Authenticator:
    """Give an authenticator that was set up."""
    data = None if secret is None else {"secret": secret}
    return Authenticator(name, "totp", name, 0, counter=counter, data=data)


def answer(code: str, now: float, *phones: Authenticator) -> Claim | Refusal:
    """Answer a challenge."""
    return TOTP().complete_challenge(phones or (phone(),), Step(), code, now)


def confirm(code: str, now: float) -> Enrolment | Refusal:
    """Confirm a setup."""
    return TOTP().complete_setup(Step(kept={"secret": SEED}), code, now)


def code_at(step: int) -> str:
    """Give the code of a time step; the vectors above vouch for this generator too."""
    return pyotp.TOTP(SEED).generate_otp(step)


@pytest.mark.parametrize(("counter", "code"), list(enumerate(HOTP)))
def test_rfc_4226_vectors(counter: int, code: str) -> None:
    """The time step is the counter of RFC 4226, from the first one."""
    assert answer(code, counter * 30.0) == Claim("a", counter=counter)
    assert confirm(code, counter * 30.0) == Enrolment({"secret": SEED}, counter)


@pytest.mark.parametrize(("now", "code"), RFC_6238)
def test_rfc_6238_vectors(now: int, code: str) -> None:
    """SHA-1, thirty seconds, six digits."""
    assert answer(code[-6:], now) == Claim("a", counter=now // 30)
    assert confirm(code[-6:], now) == Enrolment({"secret": SEED}, now // 30)
    assert answer(code, now) == Refusal("not_six_digits")


@pytest.mark.parametrize(
    ("seconds", "accepted"),
    [(-31, False), (-30, True), (0, True), (29, True), (59, True), (60, False)],
)
def test_one_step_of_drift_to_the_second(seconds: int, accepted: bool) -> None:  # noqa: FBT001
    """A code counts in its step and in the ones beside it, not one second longer."""
    now, code = NOW + seconds, code_at(STEP)

    assert answer(code, now) == (Claim("a", counter=STEP) if accepted else Refusal("wrong_code"))
    assert isinstance(confirm(code, now), Enrolment) is accepted


def test_a_code_is_good_once() -> None:
    """A step that was used, or is older than the one used, is told as used."""
    for used, code in [(STEP, STEP), (STEP, STEP - 1), (STEP + 1, STEP), (STEP + 1, STEP + 1)]:
        assert answer(code_at(code), NOW, phone(counter=used)) == Refusal("code_used")


def test_the_trailing_interval_is_refused_and_the_next_code_accepted() -> None:
    """After the code of this step neither it nor the one before counts; the next one does."""
    used, later = phone(counter=STEP), NOW + 30

    assert answer(code_at(STEP), later, used) == Refusal("code_used")
    assert answer(code_at(STEP - 1), NOW, used) == Refusal("code_used")
    assert answer(code_at(STEP + 1), later, used) == Claim("a", counter=STEP + 1)
    assert answer(code_at(STEP - 1), later, used) == Refusal("wrong_code")


def test_every_authenticator_is_tried() -> None:
    """Nobody is asked which phone is used; an unreadable one does not stop the others."""
    owned = (phone("broken", secret=None), phone("other", secret=OTHER), phone("mine"))

    assert answer(code_at(STEP), NOW, *owned) == Claim("mine", counter=STEP)
    assert answer(code_at(STEP), NOW, *reversed(owned)) == Claim("mine", counter=STEP)
    assert answer("000000", NOW, *owned) == Refusal("wrong_code")


@pytest.mark.parametrize("order", [1, -1])
def test_a_code_is_good_once_over_all_phones_with_its_secret(order: int) -> None:
    """A secret that two authenticators hold does not make its codes good twice."""
    used, copy, other = phone("used", counter=STEP), phone("copy"), phone("b", secret=OTHER)
    owned = (used, copy, other)[::order]

    assert answer(code_at(STEP), NOW, *owned) == Refusal("code_used")
    assert answer(code_at(STEP - 1), NOW, *owned) == Refusal("code_used")
    claim = answer(code_at(STEP + 1), NOW + 30, *owned)
    assert isinstance(claim, Claim)
    assert (claim.authenticator_id, claim.counter) in {("used", STEP + 1), ("copy", STEP + 1)}


def test_an_unreadable_secret_is_not_a_missing_one() -> None:
    """What cannot be unsealed is never verified, and is told apart from a wrong code."""
    assert answer(code_at(STEP), NOW, phone(secret=None)) == Refusal("unreadable")


def test_nobody_without_an_authenticator_is_right() -> None:
    """No authenticator, no claim."""
    found = TOTP().complete_challenge((), Step(), code_at(STEP), NOW)

    assert isinstance(found, Refusal)


@pytest.mark.parametrize(
    ("steps", "minutes", "ahead"),
    [
        (2, 1, True),
        (-2, 1, False),
        (8, 4, True),
        (-8, 4, False),
        (120, 60, True),
        (-120, 60, False),
    ],
)
def test_a_wrong_clock_is_told_at_setup_and_never_accepted(
    steps: int,
    minutes: int,
    ahead: bool,  # noqa: FBT001
) -> None:
    """Within an hour the minutes are told; no such code is ever let through."""
    code = code_at(STEP + steps)

    assert confirm(code, NOW) == Refusal("clock_off", {"minutes": minutes, "ahead": ahead})
    assert answer(code, NOW) == Refusal("wrong_code")


@pytest.mark.parametrize("steps", [121, -121, 10_000])
def test_a_clock_off_by_more_than_an_hour_is_only_wrong(steps: int) -> None:
    """Beyond an hour nothing is told."""
    assert confirm(code_at(STEP + steps), NOW) == Refusal("wrong_code")


def test_a_setup_shows_the_same_secret_again() -> None:
    """The secret has 160 random bits, and a reload shows the same one."""
    method = TOTP()
    step, other = method.begin_setup(ACCOUNT), method.begin_setup(ACCOUNT)
    again = method.resume_setup(ACCOUNT, step.kept)

    assert again == step
    assert step.kept["secret"] != other.kept["secret"]
    assert len(base64.b32decode(step.kept["secret"])) == 20
    assert step.shown["key"].replace(" ", "") == step.kept["secret"]


def test_the_address_for_the_app_names_issuer_and_account() -> None:
    """Authenticator apps read secret, issuer and label from the `otpauth:` address."""
    step = TOTP().begin_setup(ACCOUNT)
    parts = urlsplit(step.shown["uri"])

    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/Host & Co:ann@host.test"
    assert parse_qs(parts.query) == {"secret": [step.kept["secret"]], "issuer": ["Host & Co"]}


@pytest.mark.parametrize(
    "secret",
    ["", "ABCDEFGH", SEED[:16], SEED[:22], "not base32!", "1" * 32, "\u00e4" * 32, "=" * 32],
)
def test_a_weak_secret_is_not_imported(secret: str) -> None:
    """Under 112 bits, or no base32, is refused with what to do; the secret is not repeated."""
    with pytest.raises(ValueError, match="ask them to set up their app again") as caught:
        import_data(secret)

    assert "112 bits" in str(caught.value)
    assert not secret or secret not in str(caught.value)


@pytest.mark.parametrize(
    ("secret", "tidy"),
    [
        (SEED, SEED),
        (SEED.lower(), SEED),
        (" ".join([SEED[:16], SEED[16:]]), SEED),
        (f"{SEED[:16]}-{SEED[16:]}\n", SEED),
        (SEED[:23], SEED[:23]),
        (f"{SEED[:23]}=", SEED[:23]),
    ],
)
def test_a_secret_of_112_bits_is_imported(secret: str, tidy: str) -> None:
    """However it is written, and down to 23 characters."""
    assert import_data(secret) == {"secret": tidy}
