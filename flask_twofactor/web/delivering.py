"""What pages say about codes that are sent, and the words of the message itself."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlsplit

from flask import current_app, request

from flask_twofactor.core.ports import Delivering, Method
from flask_twofactor.core.records import Authenticator, Data, Step
from flask_twofactor.core.rules import Terms
from flask_twofactor.core.sending import LIFETIME, Errand, Sent, mask
from flask_twofactor.flows import sending

from . import i18n, languages, people, tenancy, who
from .state import app_state

log = logging.getLogger("flask_twofactor")
LONGEST_PROPOSAL = 40


def send(method: Method, errand: Errand) -> dict[str, Any]:
    """Send a code now, from this visitor's address; give what JSON clients are told."""
    ports = app_state().ports
    words = cast("Delivering", method)
    sending.send(ports, _from_here(errand), lambda code: text(words, code))
    return {"to": mask(errand.number), "resend_after": ports.send_limits.cooldown_seconds}


def tell_changed(replaced: Authenticator, user_key: str) -> None:
    """Tell the old number that it was replaced; that it fails changes nothing."""
    method = app_state().ports.method(replaced.method)
    if method is None or not method.needs_delivery:
        return
    words = cast("Delivering", method)
    place = words.place(replaced.data)
    if place is None:
        return
    told = Errand(user_key, words.name, "", place, replaced.created_at, replaced.id)
    with i18n.in_language(languages.of_person(who.user(), i18n.language())):
        written = i18n.gettext(words.changed_text, name=people.issuer())
    try:
        sending.tell(app_state().ports, _from_here(told), written)
    except Exception:
        log.exception("the old number could not be told; the change stands")


def text(words: Delivering, code: str) -> str:
    """Write the message. Its last line lets phones fill the code in, on our own host only."""
    written = i18n.gettext(words.text, code=code, name=people.issuer(), minutes=LIFETIME // 60)
    host = domain()
    return written if host is None else f"{written}\n\n@{host} #{code}"


def domain() -> str | None:
    """Give the host that the message may name: never one that a stranger can choose."""
    config, base = current_app.config, app_state().settings.base_url
    name = urlsplit(base).hostname if base is not None else config.get("SERVER_NAME")
    if name is None and (current_app.testing or current_app.debug or config.get("TRUSTED_HOSTS")):
        name = request.host
    return None if name is None else str(name).partition(":")[0]


def facts(method: Method, step: Step, sent: Sent | None) -> dict[str, Any]:
    """Say where a code goes, whether one was sent, and the seconds: till the next, and of its life."""
    if not method.needs_delivery:
        return {}
    now, wait = app_state().ports.clock(), app_state().ports.send_limits.cooldown_seconds
    out = sent is not None and not sent.spent and sent.expires_at > now
    after, works = (
        (sent.sent_at + wait, sent.expires_at) if sent is not None and out else (now, now)
    )
    return {
        "to": step.shown.get("to"),
        "sent": out,
        "resend_after": max(0, math.ceil(after - now)),
        "expires_in": math.ceil(works - now),
    }


def missing(usable: Iterable[Method], terms: Terms | None) -> Sequence[Method]:
    """Give the methods that send, that the rules allow, and that this person has not set up."""
    names, ports = {method.name for method in usable}, app_state().ports
    allowed = (terms or ports.site_terms).methods
    methods = [one for one in ports.methods if one.needs_delivery and one.name in allowed]
    return [one for one in methods if one.name not in names]


def place_of(one: Authenticator) -> str | None:
    """Give where an authenticator's codes go, as people may see it."""
    method = app_state().ports.method(one.method)
    if method is None or not method.needs_delivery:
        return None
    place = cast("Delivering", method).place(one.data)
    return None if place is None else mask(place)


def form(method: Method, typed: Mapping[str, str]) -> dict[str, Any]:
    """Give the choices and values of the form that asks where codes shall go."""
    words, allowed = cast("Delivering", method), app_state().ports.send_limits.countries
    values: Data = dict(typed) if any(typed.values()) else dict(_proposed(words, allowed))
    values["country"] = values.get("country") or allowed[0]
    return {"choices": words.choices(allowed, i18n.language()), "typed": values}


def _proposed(words: Delivering, allowed: Sequence[str]) -> Mapping[str, str]:
    callback = app_state().callbacks.phone_loader
    try:
        proposed = callback(who.user()) if callback is not None else None
        return words.propose(str(proposed)[:LONGEST_PROPOSAL], allowed) if proposed else {}
    except Exception:
        log.exception("phone_loader failed; no number is proposed")
        return {}


def _from_here(errand: Errand) -> Errand:
    tenants = tenancy.known_tenants(errand.user_key)
    return replace(errand, address=request.remote_addr, tenants=tenants)
