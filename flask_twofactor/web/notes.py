"""What a change brought about, or still needs, said once on the next page of ours.

Not by `flash`: a host's template that shows no flashes would swallow it, and one that shows
them would say it a second time.
"""

from __future__ import annotations

from flask import session

from . import session as keys
from .i18n import gettext, mark

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
