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
