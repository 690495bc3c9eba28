"""What happened, as blinker signals, sent after the commit; each carries one typed `event`."""

from __future__ import annotations

import logging

from blinker import Namespace
from flask import current_app

from flask_twofactor.core.records import Event

log = logging.getLogger("flask_twofactor")
_signals = Namespace()

two_factor_event = _signals.signal("two-factor-event")
"""Sent with the app and `event=Event(...)` after each event was committed."""


def send(event: Event) -> None:
    """Send an event; a receiver that raises changes no outcome."""
    try:
        app = current_app._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001
        two_factor_event.send(app, event=event)
    except Exception:
        log.exception("a receiver of two_factor_event failed on %s", event.name)
