"""What a change brought about, or still needs, said once on the next page of ours.

Not by `flash`: a host's template that shows no flashes would swallow it, and one that shows
them would say it a second time.
"""

from __future__ import annotations

import math

from flask import request, session

from flask_twofactor.core.errors import RefusedError

from . import session as keys
from .courtesy import wants_json
from .i18n import gettext, mark
from .state import app_state

OTHERS_ENDED = "others_ended"
ONCE_MORE = "once_more"
TEXTS = {
    OTHERS_ENDED: mark("Your other sessions were signed out."),
    ONCE_MORE: mark("Thank you. Nothing was changed yet: please choose it once more."),
}


def leave(note: str) -> None:
    """Keep a note for the page that this answer leads to."""
    session[keys.NOTE] = note


def take() -> str | None:
    """Give the text of the note that was left, if any; it is not given again."""
    text = TEXTS.get(str(session.pop(keys.NOTE, None)))
    return None if text is None else gettext(text)


def leave_refusal(refused: RefusedError, method: str) -> None:
    """Keep the error of a code that was typed beside the password, for the challenge."""
    until = None
    if refused.retry_after is not None:
        until = app_state().ports.clock() + refused.retry_after
    session[keys.REFUSED] = [refused.code, method, until]


def take_refusal() -> tuple[RefusedError, str] | None:
    """Give that error and its method to the first page that shows it; it is not given again."""
    if request.method != "GET" or wants_json() or keys.REFUSED not in session:
        return None
    code, method, until = session.pop(keys.REFUSED)
    wait = None if until is None else math.ceil(until - app_state().ports.clock())
    if wait is not None and wait <= 0:
        return None
    return RefusedError(code, retry_after=wait), method
