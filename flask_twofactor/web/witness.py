"""What a request knows of the events that happen in it, and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence

from flask import g, has_app_context, has_request_context, request

from flask_twofactor.core import notices as rules
from flask_twofactor.core.notices import Notice
from flask_twofactor.core.records import Event, Surroundings

from . import i18n, mailing, people, signals, tenancy
from .state import app_state, visit

REQUEST_ID = "X-Request-ID"


class RequestWitness:
    """See `core.ports.Witness`; outside a request there is nothing to see."""

    def surroundings(self, event: Event) -> Surroundings:
        """Give the address as the app's proxy set-up has it, the browser, and the request."""
        tenants = _tenants(event)
        if not has_request_context():
            return Surroundings(tenants=tenants)
        return Surroundings(
            tenants=tenants,
            address=request.remote_addr,
            agent=request.headers.get("User-Agent"),
            request_id=request.headers.get(REQUEST_ID),
        )

    def label(self, user_key: str) -> str:
        """Give the label of who signs in or acts in this request, or of a command, else nothing."""
        if not has_request_context():
            return people.introduced(user_key)
        pending = visit().pending
        if pending is not None and pending.user_key == user_key:
            return pending.label
        user = people.unwrap(g.get("_login_user"))
        known = user is not None and user.is_authenticated and user.get_id() is not None
        return people.label(user) if known and people.user_key(user) == user_key else ""

    def notice(self, event: Event) -> Notice | None:
        """Make the notice of an event, if it has one and mails have a way out."""
        rule = rules.rule_for(event)
        if rule is None or not has_app_context() or not mailing.can_send(app_state()):
            return None
        return rules.notice_of(rule, event, self.surroundings(event), i18n.language())

    def tell(self, events: Sequence[Event], notices: Sequence[Notice]) -> None:
        """Send each event as a signal; mail the notices at the end of the request, or at once."""
        for event in events:
            signals.send(event)
        if not notices:
            return
        if has_request_context():
            visit().notices.extend(notices)
        else:
            mailing.deliver(notices)


def _tenants(event: Event) -> tuple[str, ...]:
    # Only what is known by now: no callback of the host runs inside a transaction.
    if event.tenant is not None:
        return (event.tenant,)
    return tenancy.known_tenants(event.user_key) or tenancy.known_tenants(event.actor or "")
