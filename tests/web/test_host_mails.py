"""From an event to the app's own mail extension."""

from __future__ import annotations

import flask_mail
import flask_mailman
import pytest

from tests.support.smtp import HOST, smtp_server

from .support.mails import mailing_portal, queued, set_up


@pytest.mark.parametrize(
    "extension", [flask_mail.Mail, flask_mailman.Mail], ids=["flask_mail", "flask_mailman"]
)
def test_the_apps_extension_is_used_whenever_it_was_set_up(extension: type) -> None:
    """Flask-Mail and Flask-Mailman send notices, also if they were set up after us."""
    with smtp_server() as inbox, mailing_portal() as host:
        host.app.config.update(
            MAIL_SERVER=HOST, MAIL_PORT=inbox.port, MAIL_DEFAULT_SENDER="app@host.test"
        )
        host.app.testing = False  # both send nothing while the app is testing
        extension(host.app)
        host.app.testing = True
        set_up(host)
        assert queued(host) == 0

    (mail,) = inbox.mails
    assert (mail["To"], mail["From"]) == ("vic@host.test", "app@host.test")
    assert mail.is_multipart()
