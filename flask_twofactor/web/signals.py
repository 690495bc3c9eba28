"""What happened, as blinker signals, sent after the commit; each carries one typed `event`."""

from __future__ import annotations

import logging

from blinker import Namespace

from flask_twofactor.core.records import Event

from .state import app_state, this_app

log = logging.getLogger("flask_twofactor")
_signals = Namespace()

two_factor_event = _signals.signal("two-factor-event")
"""Sent with the app and `event=Event(...)` after each event was committed."""


def send(event: Event) -> None:
    """Send an event; a receiver that raises changes no outcome."""
    try:
        two_factor_event.send(this_app(), event=event)
    except Exception:
        log.exception("a receiver of two_factor_event failed on %s", event.name)


def guard_failed(where: str) -> None:
    """Tell that somebody could not be checked, and was not let in.

    Only as a signal: what failed may be the store, and the audit with it.
    """
    send(Event("guard_error", "", app_state().ports.clock(), reason=where))
