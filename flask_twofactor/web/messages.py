"""What people read for each stable code: short, calm, with what to do next."""

from __future__ import annotations

from flask_twofactor.core.errors import RefusedError

from .i18n import gettext, mark, ngettext

MINUTE, HOUR = 60, 3600

TEXTS = {
    "code_missing": mark("Enter the code."),
    "not_six_digits": mark("Enter the six digits that your app shows, like 123 456."),
    "not_a_backup_code": mark("A backup code has 25 letters and digits. Please check it."),
    "wrong_code": mark("That code is not right. Please check it and try again."),
    "code_used": mark("That code was just used. Wait for the next one."),
    "spent": mark("That backup code was already used. Use another one."),
    "unreadable": mark(
        "Your app's code cannot be checked right now. Use another way or contact support."
    ),
    "method_disabled": mark(
        "Too many wrong codes were typed for your account, so they are taken only from a browser "
        "you signed in with before. Use one of those, another way, or contact support."
    ),
    "unknown_method": mark("That way to sign in is not available. Choose another one."),
    "too_long": mark("That is too long. Nothing of it was read."),
    "csrf": mark("This page was open for too long. Please try again."),
    "setup_expired": mark("This setup took too long or was ended. Here is a new code to scan."),
    "changed_meanwhile": mark("Your settings were changed elsewhere. Please look and try again."),
    "too_many": mark("You have set up as many as you can. Remove one first."),
    "name_missing": mark("Enter a name."),
    "unknown_authenticator": mark("That authenticator is no longer there."),
    "unknown_device": mark("That trusted device is no longer there."),
    "unknown_session": mark("That session has already ended."),
    "not_protected": mark("Two-factor authentication is off. Turn it on first."),
    "required_by_rule": mark("Two-factor authentication is required here and stays on."),
    "password_missing": mark("Enter your password."),
    "wrong_password": mark("That password is not right. Please try again."),
    "hold_gone": mark("This sign-in took too long or was ended. Please sign in again."),
    "signed_out": mark("You are signed out. Please sign in again."),
    "link_gone": mark("This link is not whole, or older than seven days. Nothing was changed."),
    "not_six_sent_digits": mark("Enter the six digits from the message, like 123 456."),
    "nothing_sent": mark("No code was sent yet. Ask for one first."),
    "sent_expired": mark("That code is too old. Ask for a new one."),
    "sent_too_often": mark("Too many wrong codes were typed here. Please start again."),
    "phone_missing": mark("Enter your cell phone number."),
    "phone_invalid": mark("That is not a phone number of this country. Please check it."),
    "phone_extension": mark("Enter a number without an extension: messages reach no extensions."),
    "phone_landline": mark("That is a landline. Enter a cell phone number."),
    "phone_not_mobile": mark(
        "Messages cannot be sent to such a number. Enter a cell phone number."
    ),
    "phone_same": mark("That number is set up already."),
    "country_refused": mark("Messages cannot be sent to that country. Choose one of the list."),
    "phone_refused": mark(
        "Messages do not reach that number. Please check it, or use another one."
    ),
    "number_refused": mark("Messages do not reach your number. Please use another way."),
    "send_later": mark("The message could not be sent just now. Please try again in a moment."),
    "send_paused": mark(
        "Messages to new numbers are paused for now. Use an app, or try again later."
    ),
    "send_failed": mark("Messages cannot be sent right now. Please use another way."),
    "send_unknown": mark(
        "We could not see whether the message was sent. If it arrives, enter its code; "
        "if not, ask for a new one in a minute."
    ),
    "wrong_setup_code": mark(
        "That setup code is not right, or it is too old. Check it, or ask your admin for a new one."
    ),
    "not_allowed": mark("This is not yours to see or change. Nothing was changed."),
    "unknown_member": mark("Nobody of that name is here. Nothing was changed."),
    "rule_changed": mark(
        "Somebody saved this rule while you were looking at it. See what it says now, then save "
        "again if you still want your change."
    ),
    "protect_yourself_first": mark(
        "Set up two-factor authentication for yourself before you require it of others."
    ),
    "mode_unknown": mark("Choose who must use two-factor authentication."),
    "roles_missing": mark("Enter at least one role."),
    "starts_on_wrong": mark("Enter a date, like 2027-01-31."),
    "methods_unknown": mark("Choose at least one of the ways that are offered."),
    "until_wrong": mark("Enter a date within the next year."),
    "reason_missing": mark("Say why, in a few words. It is kept in the record."),
    "unavailable": mark("Sign-in codes cannot be checked right now. Nothing was lost."),
}

WHOLE_PAGE = frozenset(
    {
        "changed_meanwhile",
        "csrf",
        "not_protected",
        "number_refused",
        "send_failed",
        "send_later",
        "send_paused",
        "send_unknown",
        "setup_expired",
        "unavailable",
        "unknown_method",
        "wrong_setup_code",
    }
)
"""What is not about the field of a page that has one, and so stands at its top."""


def is_about_field(refused: RefusedError) -> bool:
    """Say whether a refusal is about what was typed, and stands beside its field."""
    return refused.code not in WHOLE_PAGE and "sends" not in refused.evidence


def message(refused: RefusedError) -> str:
    """Give the text for a refusal."""
    if refused.code == "throttled" and "sends" in refused.evidence:
        return _no_sends(refused)
    if refused.code == "throttled":
        return _throttled(refused.retry_after or 1)
    if refused.code == "clock_off":
        return _clock_off(refused.evidence)
    if refused.code == "number_wrong":
        return gettext("Enter a whole number from %(low)s to %(high)s.", **refused.evidence)
    return gettext(TEXTS.get(refused.code, mark("That did not work. Please try again.")))


def _throttled(seconds: int) -> str:
    if seconds < MINUTE:
        return ngettext(
            "Too many tries. Wait %(number)s second, then enter a new code.",
            "Too many tries. Wait %(number)s seconds, then enter a new code.",
            seconds,
        )
    if seconds <= HOUR:
        return ngettext(
            "Too many tries. Wait %(number)s minute, then enter a new code.",
            "Too many tries. Wait %(number)s minutes, then enter a new code.",
            -(-seconds // MINUTE),
        )
    return ngettext(
        "Too many tries. Wait %(number)s hour, then enter a new code.",
        "Too many tries. Wait %(number)s hours, then enter a new code.",
        -(-seconds // HOUR),
    )


def _no_sends(refused: RefusedError) -> str:
    seconds = refused.retry_after or 1
    if refused.evidence["sends"] == "cooldown":
        return ngettext(
            "Wait %(number)s second before you ask for another code: one was just sent.",
            "Wait %(number)s seconds before you ask for another code: one was just sent.",
            seconds,
        )
    return ngettext(
        "Wait %(number)s hour or use another way: no more messages can be sent for now.",
        "Wait %(number)s hours or use another way: no more messages can be sent for now.",
        -(-seconds // HOUR),
    )


def _clock_off(evidence: dict[str, object]) -> str:
    minutes = int(str(evidence["minutes"]))
    if evidence["ahead"]:
        return ngettext(
            "Your phone's clock is about %(number)s minute ahead. Set it to automatic.",
            "Your phone's clock is about %(number)s minutes ahead. Set it to automatic.",
            minutes,
        )
    return ngettext(
        "Your phone's clock is about %(number)s minute behind. Set it to automatic.",
        "Your phone's clock is about %(number)s minutes behind. Set it to automatic.",
        minutes,
    )
