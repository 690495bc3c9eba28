"""Setting up a method that sends: the place first, then the code that was sent there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from flask_twofactor.core.errors import RefusedError
from flask_twofactor.core.ports import Delivering, Method
from flask_twofactor.core.records import Refusal
from flask_twofactor.core.sending import Errand, binding

from . import answering
from .acting import Acting, ask_for_change
from .context import Ports
from .setting_up import STEP, Begun, begin_anew, find_pending, possible


def begin_at(
    ports: Ports, acting: Acting, wanted: object, token: object, fields: Mapping[str, str]
) -> Begun:
    """Begin a setup of a method that sends, with the place that a form names.

    The same place again goes on with what this session has begun, so that its tries stay
    counted; another one begins anew.
    """
    method, owned = possible(ports, acting, wanted)
    ask_for_change(ports, acting, owned)
    delivering = as_delivering(method)
    found = delivering.read_place(fields, ports.send_limits.countries)
    if isinstance(found, Refusal):
        raise RefusedError(found.code)
    place = delivering.place(found)
    if place in [delivering.place(one.data) for one in answering.of_method(owned, method)]:
        raise RefusedError("phone_same")
    step, begun = (
        method.resume_setup(acting.account, found),
        find_pending(ports, acting, method, token),
    )
    if begun is not None and isinstance(token, str) and delivering.place(begun.kept[STEP]) == place:
        return Begun(token, method, step, expires_at=begun.expires_at)
    return begin_anew(ports, acting, method, step)


def errand(ports: Ports, acting: Acting, wanted: object, token: object) -> Errand:
    """Give what is to be sent for the setup that this session has begun."""
    method, _ = possible(ports, acting, wanted)
    pending = find_pending(ports, acting, method, token)
    place = None if pending is None else as_delivering(method).place(pending.kept[STEP])
    if pending is None or place is None:
        raise RefusedError("phone_missing")
    bound = binding("setup", pending.id)
    return Errand(acting.user_key, method.name, bound, place)


def as_delivering(method: Method) -> Delivering:
    """Give a method as one that sends; RefusedError if it is none."""
    if not method.needs_delivery:
        raise RefusedError("unknown_method")
    return cast("Delivering", method)
