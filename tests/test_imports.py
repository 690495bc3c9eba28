"""What the import of the package costs a host."""

import subprocess
import sys

SLOW = ["PIL", "phonenumbers", "qrcode", "redis", "vonage", "vonage_sms", "webauthn"]


def test_the_import_loads_no_slow_library() -> None:
    """`import flask_twofactor` loads no library that only a configured or later feature needs."""
    report = f"import sys, flask_twofactor; print(*(n for n in {SLOW} if n in sys.modules))"

    loaded = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, check=True
    )

    assert loaded.stdout.split() == []


def test_a_worker_loads_nothing_of_an_operator() -> None:
    """An app that only serves loads no command, no audit reading and no mail client."""
    report = (
        "import sys, flask, flask_login, flask_twofactor\n"
        "app = flask.Flask('host')\n"
        "app.config.update(SECRET_KEY='a', TESTING=True)\n"
        "flask_login.LoginManager(app)\n"
        "flask_twofactor.TwoFactor(app)\n"
        "start = 'flask_twofactor.'\n"
        "parts = ['web.cli.common', 'web.doctor', 'stores.upkeep', 'senders.smtp']\n"
        "print(*(part for part in parts if start + part in sys.modules))"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, check=True
    )

    assert loaded.stdout.split() == []
