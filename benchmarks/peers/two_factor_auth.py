"""django-otp with django-two-factor-auth; without a second factor, Django's own login view."""

from __future__ import annotations

from base64 import b32decode
from pathlib import Path
from typing import Any

from django.urls import include, path

from benchmarks.client import Answer, Client
from benchmarks.peers import django_host, peer

APPS = ["django_otp", "django_otp.plugins.otp_totp", "django_otp.plugins.otp_static", "two_factor"]
OTP = ["django_otp.middleware.OTPMiddleware"]
BASE = """<!doctype html><title>Sign in</title>{% block extra_media %}{% endblock %}
{% block content_wrapper %}{% block content %}{% endblock %}{% endblock %}"""
OWN = """<!doctype html><title>Sign in</title><form method="post">{% csrf_token %}{{ form }}
<button>Sign in</button></form>"""
MONTH = 30 * 86400


class Peer(django_host.DjangoPeer):
    """The login wizard, with its "don't ask again on this device"."""

    login = "/account/login/"

    def __init__(self, folder: Path, *, second_factor: bool) -> None:
        self.second_factor = second_factor
        apps, middleware = (APPS, OTP) if second_factor else ([], [])
        templates = folder / "templates"
        (templates / "two_factor").mkdir(parents=True, exist_ok=True)
        (templates / "two_factor/_base.html").write_text(BASE, encoding="ascii")
        (templates / "own.html").write_text(OWN, encoding="ascii")
        self.configure(
            folder, apps=apps, middleware=middleware, TWO_FACTOR_REMEMBER_COOKIE_AGE=MONTH
        )
        django_host.urlpatterns.append(_wizard() if second_factor else _plain(self.login))

    def fill(self) -> None:
        """Give ann a device and a set of codes."""
        super().fill()
        if not self.second_factor:
            return
        self._devices().objects.create(
            user=self.user, name="default", key=b32decode(peer.SECRET).hex(), confirmed=True
        )
        self.user.staticdevice_set.create(name="backup")
        self.make_codes()

    def forget(self) -> None:
        """Put back the last step and the counts of failures."""
        if self.second_factor:
            self._devices().objects.update(last_t=-1)
            for device in (self._devices(), type(self.user.staticdevice_set.get())):
                device.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)

    def give_password(self, client: Client) -> Answer:
        """Send the wizard's first step, or Django's own form."""
        if not self.second_factor:
            return client.post(self.login, username="ann", password=peer.PASSWORD)
        fields = {"auth-username": "ann", "auth-password": peer.PASSWORD}
        return client.post(self.login, **fields, **{"login_view-current_step": "auth"})

    def give_code(self, client: Client, answer: Answer, code: str) -> Answer:
        """Send the second step; its page came as the answer to the first."""
        del answer
        return self._send_code(client, code)

    def remember(self) -> Client:
        """Tick the box."""
        client = Client(self.app)
        client.get(self.login)
        self.give_password(client)
        answer = self._send_code(client, peer.right_code(), **{"token-remember": "on"})
        peer.expect_landing(client.follow(answer))
        return client

    def check_totp(self, code: str) -> bool:
        """Check against the device, as the form does."""
        return self._verify(self._devices().objects.get(user=self.user), code)

    def check_backup(self, code: str) -> bool:
        """Check against the set, and delete the code."""
        return self._verify(self.user.staticdevice_set.get(), code)

    def make_codes(self) -> list[str]:
        """Replace the set as the peer's view does."""
        from django_otp.plugins.otp_static.models import StaticToken  # noqa: PLC0415 - after set-up

        device = self.user.staticdevice_set.get()
        device.token_set.all().delete()
        made = [StaticToken.random_token() for _ in range(10)]
        for token in made:
            device.token_set.create(token=token)
        return made

    def _send_code(self, client: Client, code: str, **more: str) -> Answer:
        step = {"login_view-current_step": "token"}
        return client.post(self.login, **{"token-otp_token": code}, **step, **more)

    def _devices(self) -> Any:
        from django_otp.plugins.otp_totp.models import TOTPDevice  # noqa: PLC0415 - after set-up

        return TOTPDevice

    def _verify(self, device: Any, code: str) -> bool:
        from django_otp import verify_token  # noqa: PLC0415 - after set-up

        return verify_token(self.user, device.persistent_id, code) is not None


def _wizard() -> Any:
    from two_factor.urls import urlpatterns  # noqa: PLC0415 - after set-up

    return path("", include(urlpatterns))


def _plain(login: str) -> Any:
    from django.contrib.auth.views import LoginView  # noqa: PLC0415 - after set-up

    return path(login.removeprefix("/"), LoginView.as_view(template_name="own.html"))
