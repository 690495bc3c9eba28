"""What we keep in the host's session, and how a held login's own keys are put aside."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from operator import attrgetter
from typing import Any

import flask
from flask import Flask, Request, session
from flask.globals import request_ctx
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SessionMixin

from flask_twofactor.core.records import Mark

HOLD = "_tf_hold"
PROOF = "_tf_proof"
MARK = "_tf_mark"
SETUP = "_tf_setup"
NOTE = "_tf_note"
LED = "_tf_led"
STEP_UP = "_tf_step_up"
TICKED = "_tf_ticked"
REFUSED = "_tf_refused"
PENDING = "_tf_pending"
OURS = frozenset({HOLD, PROOF, MARK, SETUP, NOTE, LED, STEP_UP, TICKED, REFUSED, PENDING})
CSRF = "csrf_token"

MOST_BYTES = 16 * 1024
_serializer = TaggedJSONSerializer()
PLACE = "_session" if hasattr(flask.ctx.RequestContext, "session") else "session"
raw: Callable[[Any], SessionMixin] = attrgetter(PLACE)
"""Gives a request's session without marking it as read, which would add `Vary: Cookie`."""


class UnkeepableError(Exception):
    """A session key cannot be kept while the login is held; `key` names it."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def replace(context: Any, fresh: SessionMixin) -> None:
    """Give a request another session object."""
    setattr(context, PLACE, fresh)


def as_it_came(app: Flask, request: Request) -> Any:
    """Open the session once more as it came with the request, before anybody changed it."""
    opened = app.session_interface.open_session(app, request)
    return {} if opened is None else opened


def is_the_open_one(came: object) -> bool:
    """Say whether an interface gave the very session of this request, so that nothing differs."""
    return came is raw(request_ctx._get_current_object())  # type: ignore[attr-defined] # noqa: SLF001


def leave_as_it_came(app: Flask, request: Request) -> None:
    """Undo every change to the session in this request, so that nothing of it is sent."""
    context: Any = request_ctx._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001
    opened = app.session_interface.open_session(app, request)
    if opened is not None:
        opened.modified = False
        replace(context, opened)


def leave_cookie_alone(app: Flask) -> None:
    """Send no session cookie at all with this answer, not even the same one again."""
    context: Any = request_ctx._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001
    replace(context, app.session_interface.make_null_session(app))


def put_aside(original: Mapping[str, Any], keep_out: Collection[str]) -> dict[str, Any]:
    """Take out of the session what differs from how it came, and give it.

    A key that was removed is among it with None; nested changes count. What came with a
    session that was logged in goes too: it belonged to that login.
    """
    everything = set(original) | set(session)
    changed = {key for key in everything if original.get(key) != session.get(key)}
    aside = {key: session.get(key) for key in changed - set(keep_out)}
    for key in aside:
        session.pop(key, None)
        if key in original:
            session[key] = original[key]
    return aside


def take_all(keep_out: Collection[str]) -> dict[str, Any]:
    """Take every key out of the session that is the host's, and give them."""
    return {key: session.pop(key) for key in list(session) if key not in keep_out}


def serialise(aside: Mapping[str, Any]) -> str:
    """Write put-aside keys as text; UnkeepableError names the one that cannot be."""
    kept = {}
    for key, value in aside.items():
        try:
            kept[key] = _serializer.dumps(value)
        except (TypeError, ValueError) as error:
            raise UnkeepableError(key) from error
        if sum(map(len, kept.values())) > MOST_BYTES:
            raise UnkeepableError(key)
    return _serializer.dumps(kept)


def give_back(text: str, removed: Collection[str]) -> None:
    """Put the kept keys back; they win over what the session holds by now."""
    for key in removed:
        session.pop(key, None)
    for key, value in _serializer.loads(text).items():
        session[key] = _serializer.loads(value)


def read_mark() -> Mark | None:
    """Give the session's mark of a login that needed no second factor."""
    found = session.get(MARK)
    if not isinstance(found, list) or len(found) != len(Mark.__slots__):
        return None
    key, epoch, at = found
    numbers = isinstance(epoch, int) and isinstance(at, int | float)
    return Mark(key, epoch, float(at)) if isinstance(key, str) and numbers else None


def write_mark(mark: Mark) -> None:
    """Note in the signed session that a login needed no second factor."""
    session[MARK] = [mark.user_key, mark.epoch, int(mark.password_at)]
