"""What the mixin adds to a login form: two fields, their order, their words."""

from __future__ import annotations

import pytest
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, StringField

from flask_twofactor import TwoFactorLoginMixin

from .support.login_form import DOOR, LoginForm, form_host, protected_host
from .support.portal import CHALLENGE
from .support.trust import come_back


def test_the_fields_follow_the_password() -> None:
    """A template that loops over the form shows them where people look, with their help."""
    with form_host() as host, host.app.test_request_context():
        names = [field.name for field in LoginForm()]
        page = host.client().get(DOOR).text

    assert names == ["email", "password", "code", "remember_device", "remember", "submit"]
    assert ">Authentication code</label>" in page
    assert ">Remember this device</label>" in page
    assert 'autocomplete="one-time-code"' in page
    assert "asked on the next page" in page


def test_without_trusted_devices_there_is_no_box() -> None:
    """Where no device is ever remembered nothing is offered, and a tick by hand does nothing."""
    with protected_host(TWOFACTOR_TRUSTED_DEVICE_DAYS=0) as host:
        client = host.client()
        assert "remember_device" not in client.get(DOOR).text
        host.give(client, host.code(), remember_device="y")

        assert host.lets_in(client, host.vic)
        assert not come_back(host, client)


def test_the_host_may_word_the_fields_anew() -> None:
    """Fields that the host declares with our names keep the host's labels, and work."""

    class Own(LoginForm):
        code = StringField("Six digits, please")
        remember_device = BooleanField("For 30 days")

    with protected_host(Own) as host:
        client = host.client()
        page = client.get(DOOR).text
        assert "Six digits, please" in page
        assert "For 30 days" in page
        host.give(client, f" {host.code()} ")

        assert host.lets_in(client, host.vic)


def test_the_host_may_take_a_field_out() -> None:
    """A form without one of the fields has the other, and the login goes on as ever."""

    class NoBox(LoginForm):
        remember_device = None

    class NoCode(LoginForm):
        code = None

    with protected_host(NoBox) as host:
        client = host.client()
        assert "remember_device" not in client.get(DOOR).text
        host.give(client, host.code())
        assert host.lets_in(client, host.vic)
    with protected_host(NoCode) as host:
        client = host.client()
        assert host.give(client, host.code(), remember_device="y").location == CHALLENGE
        assert "checked" in client.get(CHALLENGE).text


def test_a_form_outside_a_request() -> None:
    """A script may make the form, with nothing but an app context."""
    with form_host() as host, host.app.app_context():
        assert [field.name for field in LoginForm()][2:4] == ["code", "remember_device"]


def test_the_wrong_order_of_bases_is_refused() -> None:
    """Where the mixin would do nothing, the class cannot be made, and the error says why."""
    with pytest.raises(TypeError, match="before FlaskForm"):
        type("Wrong", (FlaskForm, TwoFactorLoginMixin), {})


def test_a_form_without_a_password_keeps_its_order() -> None:
    """A form that asks for no password is left as it is, also in an app without the extension."""

    class ByLink(TwoFactorLoginMixin, FlaskForm):
        email = StringField()

    class Plain(TwoFactorLoginMixin, FlaskForm):
        password = PasswordField()

    with form_host() as host, host.app.test_request_context():
        assert {"code", "remember_device", "email"} <= set(ByLink()._fields)
    del host.app.extensions["twofactor"]
    with host.app.test_request_context():
        assert {"code", "remember_device", "password"} <= set(Plain()._fields)


def test_the_labels_are_in_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels and help are translated for each request, not when the class is made."""
    monkeypatch.setattr("flask_twofactor.web.login_form.gettext", lambda text: f"<{text}>")
    with form_host() as host, host.app.test_request_context():
        shown = LoginForm()

    assert shown.code.label.text == "<Authentication code>"
    assert shown.remember_device.label.text == "<Remember this device>"
    assert shown.code.description.startswith("<")
