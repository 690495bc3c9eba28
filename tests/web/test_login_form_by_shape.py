"""Which method a code belongs to that was typed without being asked for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from flask_twofactor.core.records import Authenticator
from flask_twofactor.flows.answering import method_of
from flask_twofactor.methods.backup_codes import BackupCodes
from flask_twofactor.methods.sms import SMS
from flask_twofactor.methods.totp import TOTP

PORTS: Any = SimpleNamespace(methods=(TOTP(), SMS(), BackupCodes(10)))
SIX, CODE, WORD = "123456", "AE6E6-03S0T-RM1Q1-EV4BQ-M93ND", "hello"


@pytest.mark.parametrize(
    ("owned", "typed", "meant"),
    [
        (("totp", "backup_code"), SIX, "totp"),
        (("totp", "backup_code"), CODE, "backup_code"),
        (("totp", "backup_code"), WORD, "totp"),
        (("totp", "sms"), SIX, "totp"),
        (("sms", "backup_code"), SIX, None),
        (("sms", "backup_code"), WORD, None),
        (("sms", "backup_code"), CODE, "backup_code"),
        ((), SIX, None),
    ],
)
def test_the_shape_decides(owned: tuple[str, ...], typed: str, meant: str | None) -> None:
    """Digits are an app's, 25 characters a backup code's; for texts the challenge has to ask."""
    has = [Authenticator(name, name, "", 0) for name in owned]
    found = method_of(PORTS, has, typed)

    assert (found.name if found else None) == meant
