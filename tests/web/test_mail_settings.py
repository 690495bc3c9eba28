"""The settings of mail: what does not go together is said at the start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flask_twofactor import ConfigurationError
from flask_twofactor.settings import read_settings

HOST = {"EMAIL_HOST": "mail.host.test", "EMAIL_FROM": "Portal <support@host.test>"}
LOGIN = {"EMAIL_USERNAME": "portal", "EMAIL_PASSWORD": "hush-hush"}


def read(**values: Any) -> Any:
    """Read settings by their names without the prefix."""
    return read_settings({f"TWOFACTOR_{name}": value for name, value in values.items()})


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"EMAIL_HOST": "mail.host.test"}, "EMAIL_FROM is required"),
        ({**HOST, "EMAIL_USE_TLS": True, "EMAIL_USE_SSL": True}, "exclude one another"),
        ({**HOST, **LOGIN}, "in clear"),
        ({**HOST, "EMAIL_USE_TLS": True, "EMAIL_USERNAME": "portal"}, "go together"),
        ({"EMAIL_PORT": 25}, "EMAIL_HOST is missing"),
        ({"EMAIL_USE_TLS": True}, "EMAIL_HOST is missing"),
        ({**HOST, "EMAIL_USE_TLS": "yes"}, "True or False"),
        ({**HOST, "EMAIL_PORT": 0}, "whole number"),
        ({**HOST, "EMAIL_FROM": "nobody"}, "must be an address"),
        ({**HOST, "EMAIL_FROM": "a@b.test\nBcc: c@d.test"}, "must be an address"),
        ({**HOST, "EMAIL_CA": "no/such/file.pem"}, "must name a file"),
        ({"BASE_URL": "portal.example.com"}, "BASE_URL must be an address"),
        ({"BASE_URL": "ftp://portal.example.com"}, "BASE_URL must be an address"),
        ({"BASE_URL": "https://portal.example.com/?a=1"}, "BASE_URL must be an address"),
        ({"BASE_URL": "javascript:alert(1)"}, "BASE_URL must be an address"),
    ],
)
def test_faults_are_told(values: dict[str, Any], told: str) -> None:
    """Each fault is named with its remedy, and never with the password."""
    with pytest.raises(ConfigurationError, match=told) as caught:
        read(**values)

    assert "hush-hush" not in str(caught.value)


def test_all_faults_are_told_together() -> None:
    """Two faults of mail are reported at once."""
    with pytest.raises(ConfigurationError) as caught:
        read(EMAIL_HOST="mail.host.test", **LOGIN)

    assert len(caught.value.faults) == 2


@pytest.mark.parametrize(
    ("values", "port"),
    [
        ({}, 25),
        ({"EMAIL_USE_TLS": True}, 587),
        ({"EMAIL_USE_SSL": True}, 465),
        ({"EMAIL_USE_SSL": True, "EMAIL_PORT": 2465}, 2465),
    ],
)
def test_the_port_follows_how_it_is_spoken(values: dict[str, Any], port: int) -> None:
    """The usual ports, unless one is named."""
    assert read(**HOST, **values).mail_port == port


def test_a_password_may_go_in_clear_to_this_machine() -> None:
    """A relay on loopback needs no TLS; the password is in no repr."""
    settings = read(**{**HOST, **LOGIN, "EMAIL_HOST": "127.0.0.1"})

    assert "hush-hush" not in repr(settings)


def test_a_base_url_may_have_a_path(tmp_path: Path) -> None:
    """A final slash is dropped; a file of certificates is taken as it is."""
    file = tmp_path / "ca.pem"
    file.touch()

    assert read(BASE_URL="https://portal.test/area/").base_url == "https://portal.test/area"
    assert read(**HOST, EMAIL_CA=str(file)).email_ca == str(file)
