"""What each kind of notice says: a subject and one or two plain sentences."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from flask_twofactor.core.agents import describe
from flask_twofactor.core.notices import Notice

from . import tenancy
from .agents import together
from .i18n import gettext, mark, ngettext

LINK_LIKE = re.compile(r"[/\\@]|\w\.[^\W\d_]{2}")


@dataclass(frozen=True, slots=True)
class Words:
    """The subject, and what happened; `what` is asked in the reader's language.

    `doubt` asks whether it was the reader: not where only an operator can have done it.
    """

    subject: str
    what: Callable[[Notice], str]
    doubt: bool = True


def _always(text: str) -> Callable[[Notice], str]:
    return lambda _notice: gettext(text)


def _codes_left(notice: Notice) -> str:
    return ngettext(
        "One of your backup codes was used, %(number)s is left.",
        "One of your backup codes was used, %(number)s are left.",
        int(notice.facts.get("remaining", 0)),
    )


def _codes_retiring(notice: Notice) -> str:
    return ngettext(
        "Your backup code will stop working soon. Make a new one in your two-factor settings.",
        "Your %(number)s backup codes will stop working soon. Make new ones in your two-factor "
        "settings.",
        int(notice.facts.get("remaining", 0)),
    )


def _codes_refused(notice: Notice) -> str:
    return ngettext(
        "After your password came %(number)s wrong code. Nobody got in by it.",
        "After your password came %(number)s wrong codes. Nobody got in by them.",
        int(notice.facts.get("failures", 0)),
    )


def _will_be_required(notice: Notice) -> str:
    return ngettext(
        "In %(number)s day %(name)s will require two-factor authentication for your account.",
        "In %(number)s days %(name)s will require two-factor authentication for your account.",
        int(notice.facts.get("days", 1)),
        name=tenancy.name(str(notice.facts.get("tenant", ""))),
    )


WORDS = {
    "set_up": Words(
        mark("Two-factor authentication is on"),
        _always(mark("Signing in to your account now also takes a code from your phone.")),
    ),
    "authenticator_added": Words(
        mark("An authenticator was added"),
        _always(mark("Codes from one more authenticator can now be used for your account.")),
    ),
    "number_changed": Words(
        mark("Your phone number for codes was changed"),
        _always(mark("Codes by text message now go to another number.")),
    ),
    "authenticator_removed": Words(
        mark("An authenticator was removed"),
        _always(mark("Its codes can no longer be used for your account.")),
    ),
    "turned_off": Words(
        mark("Two-factor authentication was turned off"),
        _always(mark("Signing in to your account now takes only your password.")),
    ),
    "backup_code_used": Words(mark("A backup code was used"), _codes_left),
    "codes_renewed": Words(
        mark("New backup codes were made"),
        _always(mark("The older backup codes of your account no longer work.")),
    ),
    "codes_retiring": Words(mark("Please make new backup codes"), _codes_retiring, doubt=False),
    "codes_ended": Words(
        mark("Please make new backup codes"),
        _always(
            mark(
                "The backup codes you saved no longer work. Make new ones in your two-factor "
                "settings."
            )
        ),
        doubt=False,
    ),
    "code_refused": Words(mark("Wrong codes were typed for your account"), _codes_refused),
    "signed_in_after_wrong_codes": Words(
        mark("Somebody signed in after many wrong codes"),
        _always(mark("A right code came after five or more wrong ones. That may have been you.")),
    ),
    "locked": Words(
        mark("Codes for your account are limited for a day"),
        _always(
            mark(
                "Somebody who knows your password typed too many wrong codes. New browsers may "
                "have to wait up to a day; those you signed in with before still work."
            )
        ),
    ),
    "method_locked": Words(
        mark("Codes are taken only from browsers you know"),
        _always(
            mark(
                "Somebody who knows your password typed very many wrong codes. A right code from "
                "a browser you signed in with before opens your account to new ones again."
            )
        ),
    ),
    "method_unlocked": Words(
        mark("Codes are taken from every browser again"),
        _always(mark("A right code came from a browser you signed in with before.")),
    ),
    "reset": Words(
        mark("Two-factor authentication was reset"),
        _always(
            mark(
                "Support removed your authenticators and backup codes and signed you out "
                "everywhere. Until you set it up again, your password may be all it takes to "
                "sign in."
            )
        ),
    ),
    "device_trusted": Words(
        mark("A device is trusted"),
        _always(mark("For some days no code is asked when you sign in on this browser.")),
    ),
    "device_copied": Words(
        mark("A trusted device was copied"),
        _always(
            mark(
                "Something that only one browser of yours should have came from a second one, "
                "together with your password. That device is not trusted any more, and a code "
                "is asked again. Please change your password."
            )
        ),
    ),
    "password_changed": Words(
        mark("Your password was changed"),
        _always(mark("Everybody else who was signed in to your account was signed out.")),
    ),
    "reminder": Words(mark("Please set up two-factor authentication"), _will_be_required),
}


def browser(notice: Notice) -> str | None:
    """Give the browser and system in words of ours; None if neither is known."""
    return together(*describe(notice.facts.get("agent")))


def authenticator(notice: Notice) -> str | None:
    """Give the authenticator's name, unless it looks like a link: anybody may have typed it."""
    name = notice.facts.get("authenticator")
    return name if isinstance(name, str) and not LINK_LIKE.search(name) else None
