"""Notices in words and on their way: the app's side of `core.ports.Mail`."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from threading import Thread
from types import SimpleNamespace
from typing import Any

from flask import Flask, current_app

from flask_twofactor.core.notices import Message, Notice
from flask_twofactor.flows import notices as flow
from flask_twofactor.flows.context import Ports

from . import addresses, i18n, languages, links, notice_words, people
from .state import AppState, app_state, this_app

NO_MAIL = (
    "two-factor notices are not mailed: set TWOFACTOR_EMAIL_HOST and TWOFACTOR_EMAIL_FROM, set up "
    "Flask-Mail or Flask-Mailman, or give a mail_sender"
)
log = logging.getLogger("flask_twofactor")


class AppMail:
    """See `core.ports.Mail`; needs an app context."""

    def write(self, notice: Notice) -> Message | None:
        """Put a notice into words, in its reader's language or the one it was queued for."""
        user = addresses.person(notice.user_key)
        to = None if user is None else addresses.address(user)
        if to is None:
            return None
        with i18n.in_language(languages.of_person(user, notice.language)):
            return _message(notice, to, people.label(user))

    def send(self, message: Message) -> None:
        """Hand a message over by the way that the app has."""
        sender = sender_of(app_state())
        if sender is None:
            raise LookupError(NO_MAIL)
        sender(message)


def can_send(state: AppState) -> bool:
    """Say whether mails have a way out; if not, the log says so, once."""
    if sender_of(state) is not None:
        return True
    if not state.told_of_no_mail:
        state.told_of_no_mail = True
        log.warning(NO_MAIL)
    return False


def deliver(queued: Sequence[Notice]) -> None:
    """Send what was queued just now, waiting for it `limits.mail` seconds in all; never raises.

    A thread sends, so that no sender, name server or mail server can hold an answer up for
    longer; what is late goes on there, and what fails is tried again by `prune`.
    """
    try:
        ports, app = app_state().ports, this_app()
        letters = flow.write(ports, queued)
        if letters:
            ends = time.monotonic() + ports.limits.mail
            worker = Thread(target=_send, args=(app, ports, letters, ends), daemon=True)
            worker.start()
            worker.join(ports.limits.mail)
            if worker.is_alive():
                log.warning("mails take too long; the answer no longer waits for them")
    except Exception:
        log.exception("notices could not be sent; they are tried again")


def _send(app: Flask, ports: Ports, letters: Sequence[flow.Letter], ends: float) -> None:
    try:
        with app.app_context():
            flow.send(ports, letters, lambda: time.monotonic() < ends)
    except Exception:
        log.exception("the end of a context failed after notices were sent")


def sender_of(state: AppState) -> Any:
    """Give what takes a message, by the way that the app has; None if it has none."""
    return state.callbacks.mail_sender or state.find_sender()


def _message(notice: Notice, to: str, label: str) -> Message:
    words, values = notice_words.WORDS[notice.kind], _values(notice, label)
    subject = f"{values['tf'].issuer}: {i18n.gettext(words.subject)}"
    return Message(
        kind=notice.kind,
        to=to,
        subject=_one_line(subject),
        text=_render(notice.kind, "txt", values),
        html=_render(notice.kind, "html", values),
        language=i18n.language(),
    )


def _values(notice: Notice, label: str) -> dict[str, Any]:
    words = notice_words.WORDS[notice.kind]
    facts = SimpleNamespace(
        kind=notice.kind,
        language=i18n.language(),
        direction=i18n.direction(),
        issuer=people.issuer(),
        title=i18n.gettext(words.subject),
        what=words.what(notice),
        doubt=words.doubt,
        label=_one_line(label),
        setup_link=links.setup(),
        when=i18n.moment(notice.at),
        browser=notice_words.browser(notice),
        address=notice.facts.get("address"),
        authenticator=notice_words.authenticator(notice),
        link=links.not_me(notice.user_key, notice.id),
        support_url=links.absolute(app_state().settings.support_url),
    )
    return {"tf": facts, "tf_": i18n.gettext, "tf_n": i18n.ngettext}


def _render(kind: str, form: str, values: dict[str, Any]) -> str:
    # Not by `render_template`: the host's context processors may need a request.
    names = [f"twofactor/mail/{kind}.{form}", f"twofactor/mail/notice.{form}"]
    return current_app.jinja_env.select_template(names).render(values)


def _one_line(text: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
