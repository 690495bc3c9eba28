"""Six digits that are sent to a proven phone number (NIST SP 800-63B-4 3.1.3, ASVS 6.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from flask_twofactor.core.codes import read_digits
from flask_twofactor.core.records import (
    Account,
    Authenticator,
    Claim,
    Data,
    Enrolment,
    Refusal,
    Step,
)
from flask_twofactor.core.sending import SentCode, mask
from flask_twofactor.core.texts import mark


class SMS:
    """A code by text message; it exists only where a sender is configured.

    It is weaker than an app: whoever takes over the number gets the codes, so it comes after
    TOTP and says so (ASVS 6.6.1). Codes go to a number that was proven by a code, and to no
    other; a new number takes the old one's place once it is proven.
    """

    name = "sms"
    title = mark("Text message")
    summary = mark(
        "We send a code to your cell phone. This is weaker than an app: "
        "a phone number can be taken over."
    )
    prompt = mark("Get a six-digit code by text message, and enter it here.")
    code_label = mark("Code from the text message")
    code_hint = mark("Six digits, for example 123 456")
    use_label = mark("Use a text message")
    setup_steps: Sequence[str] = (mark("Number"), mark("Confirm"))
    input_mode = "numeric"
    setup_fields: Sequence[str] = ("country", "phone")
    fallback_only = False
    phishing_resistant = False
    needs_delivery = True
    limit = 1

    send_label = mark("Send SMS code")
    again_label = mark("Send a new code")
    sent_to = mark("We sent a code to %(to)s.")
    missing = mark(
        "No button to get a code by text message? Add your cell phone number under "
        "“Text message” in your security settings, once you are signed in."
    )
    weakness = mark(
        "Codes by text message are weaker than an authenticator app: "
        "messages can be intercepted, and phone numbers taken over."
    )
    change_label = mark("Change the phone number")
    setup_title = mark("Your cell phone number")
    setup_intro = mark("We send a code to this number to make sure that it is yours.")
    country_label = mark("Country code")
    place_label = mark("Cell phone")
    place_hint = mark("With the area code, as you would dial it")
    text = mark("%(code)s is your %(name)s code. It works for %(minutes)s minutes. Never share it.")
    changed_text = mark(
        "The phone number for your %(name)s sign-in codes was changed. "
        "If that was not you, contact support now."
    )
    changed_title = mark("Your phone number was changed")
    changed_intro = mark("From now on codes go to your new number, and none to the old one.")

    def begin_setup(self, account: Account) -> Step:
        """Ask for the number."""
        return self.resume_setup(account, {})

    def resume_setup(self, account: Account, kept: Data) -> Step:
        """Ask for the number, or show where the code went."""
        del account
        number = self.place(kept)
        return Step(shown={} if number is None else {"to": mask(number)}, kept=kept)

    def complete_setup(self, step: Step, answer: str, now: float) -> Enrolment | Refusal:
        """Name the sent code that proves the number; the store knows whether it is right."""
        del now
        number = self.place(step.kept)
        if number is None:
            return Refusal("phone_missing")
        claimed = _claimed(step, number, answer)
        if isinstance(claimed, Refusal):
            return claimed
        return Enrolment(data={"number": number}, sent=claimed)

    def begin_challenge(self, authenticators: Sequence[Authenticator], now: float) -> Step:
        """Say where a code can be sent."""
        del now
        numbers = [number for one in authenticators if (number := self.place(one.data))]
        return Step(shown={"to": mask(numbers[0])} if numbers else {})

    def reads(self, answer: str) -> bool:
        """Six digits, blanks and dashes left out."""
        return read_digits(answer) is not None

    def complete_challenge(
        self, authenticators: Sequence[Authenticator], step: Step, answer: str, now: float
    ) -> Claim | Refusal:
        """Name the sent code to be used up, for the number that this person has now."""
        del now
        for one in authenticators:
            number = self.place(one.data)
            if number is None:
                continue
            claimed = _claimed(step, number, answer)
            return claimed if isinstance(claimed, Refusal) else Claim(one.id, sent=claimed)
        return Refusal("unreadable" if authenticators else "wrong_code")

    # -- what a method that sends is asked besides --------------------------------------

    def place(self, data: Data | None) -> str | None:
        """Give the number in an authenticator's or a setup's data."""
        return None if data is None or "number" not in data else str(data["number"])

    def read_place(self, fields: Mapping[str, str], allowed: Sequence[str]) -> Data | Refusal:
        """Read the number of a form."""
        country, typed = fields.get("country", ""), fields.get("phone", "")
        found = _numbers().read(country, typed, allowed)
        return found if isinstance(found, Refusal) else {"number": found}

    def propose(self, proposed: str, allowed: Sequence[str]) -> Mapping[str, str]:
        """Fill the fields of the form from a number that the host knows."""
        country, phone = _numbers().split(proposed, allowed)
        return {"country": country, "phone": phone}

    def choices(self, allowed: Sequence[str], language: str) -> Sequence[Any]:
        """Give the countries of the form's drop-down."""
        countries: Sequence[Any] = _numbers().choices(allowed, language)
        return countries


def unknown_countries(codes: Sequence[str]) -> list[str]:
    """Give those that are no country with phone numbers; this loads the libraries."""
    return [code for code in codes if code not in _numbers().REGIONS]


def _claimed(step: Step, number: str, answer: str) -> SentCode | Refusal:
    code = read_digits(answer)
    binding = step.kept.get("binding")
    if code is None:
        return Refusal("not_six_sent_digits")
    return SentCode(str(binding), number, code) if binding else Refusal("nothing_sent")


def _numbers() -> Any:
    return import_module(".numbers", __package__)
