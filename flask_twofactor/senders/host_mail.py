"""Mail by what the app already has: Flask-Mail or Flask-Mailman, imported only if it is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any

from flask_twofactor.core.notices import Message

HEADERS = {"Auto-Submitted": "auto-generated"}
Sender = Callable[[Message], object]


def find(extensions: Mapping[str, Any], sender: str | None) -> Sender | None:
    """Give a sender by the app's own mail extension, or None. `sender` replaces its default."""
    if _is_from("flask_mail", mail := extensions.get("mail")):
        return partial(_by_flask_mail, mail, sender)
    if _is_from("flask_mailman", mailman := extensions.get("mailman")):
        return partial(_by_flask_mailman, mailman, sender)
    return None


def _is_from(package: str, extension: object) -> bool:
    # Other extensions call themselves "mail" too.
    return type(extension).__module__.partition(".")[0] == package


def _by_flask_mail(mail: Any, sender: str | None, message: Message) -> None:
    flask_mail = import_module("flask_mail")
    mail.send(
        flask_mail.Message(
            subject=message.subject,
            recipients=[message.to],
            body=message.text,
            html=message.html,
            sender=sender,
            extra_headers=HEADERS,
        )
    )


def _by_flask_mailman(mailman: Any, sender: str | None, message: Message) -> None:
    flask_mailman = import_module("flask_mailman")
    mail = flask_mailman.EmailMultiAlternatives(
        message.subject,
        message.text,
        sender,
        [message.to],
        headers=HEADERS,
        connection=mailman.get_connection(),
    )
    mail.attach_alternative(message.html, "text/html")
    mail.send()
