"""Mail by what the app has: Flask-Mail, Flask-Mailman, or neither."""

from __future__ import annotations

import subprocess
import sys
from email.message import EmailMessage

import flask_mail
import flask_mailman
import pytest
from flask import Flask

from flask_twofactor.core.notices import Message
from flask_twofactor.senders import host_mail
from tests.support.smtp import HOST, smtp_server

MESSAGE = Message("set_up", "vic@host.test", "It is on", "As text\n", "<p>As HTML</p>\n")


def app_with(kind: str, port: int, *, testing: bool = False) -> Flask:
    """Make an app whose mail goes to this port."""
    app = Flask(__name__)
    app.config.update(
        MAIL_SERVER=HOST,
        MAIL_PORT=port,
        MAIL_DEFAULT_SENDER="app@host.test",
        MAIL_USE_LOCALTIME=False,
        TESTING=testing,
    )
    {"mail": flask_mail.Mail, "mailman": flask_mailman.Mail}[kind](app)
    return app


@pytest.mark.parametrize("kind", ["mail", "mailman"])
@pytest.mark.parametrize("sender", [None, "Portal <support@host.test>"])
def test_the_apps_own_extension_sends(kind: str, sender: str | None) -> None:
    """Both bodies go by the app's own settings, from its sender or the one that is set for us."""
    with smtp_server() as inbox:
        app = app_with(kind, inbox.port)
        with app.app_context():
            send = host_mail.find(app.extensions, sender)
            assert send is not None
            send(MESSAGE)
    (mail,) = inbox.mails

    assert (mail["To"], mail["Subject"]) == ("vic@host.test", "It is on")
    assert mail["From"] == (sender or "app@host.test")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert [_body(mail, one) for one in ("plain", "html")] == ["As text", "<p>As HTML</p>"]


def _body(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    return "" if found is None else found.get_content().strip()


def test_another_extension_of_that_name_is_left_alone() -> None:
    """What calls itself "mail" and is none of the two is not used."""
    assert host_mail.find({"mail": object(), "mailman": object()}, None) is None
    assert host_mail.find({}, None) is None


def test_neither_is_loaded_unasked() -> None:
    """An app without them never imports them."""
    code = (
        "import sys, flask, flask_login\n"
        "from flask_twofactor import TwoFactor\n"
        "app = flask.Flask('a'); app.config.update(SECRET_KEY='a', TESTING=True)\n"
        "flask_login.LoginManager(app); TwoFactor(app)\n"
        "app.extensions['twofactor'].find_sender()\n"
        "print('flask_mail' in sys.modules, 'flask_mailman' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False", "False"]
