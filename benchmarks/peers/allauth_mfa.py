"""django-allauth with `allauth.mfa`; without a second factor, allauth's own login."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import include, path

from benchmarks.client import Answer, Client
from benchmarks.peers import django_host, peer

BASE = "<!doctype html><title>Sign in</title>{% block content %}{% endblock %}"
CODE_PAGE, TRUST_PAGE = "/accounts/2fa/authenticate/", "/accounts/2fa/trust/"


class Peer(django_host.DjangoPeer):
    """Its own pages; "trust this browser", which adds one, is on only where that is measured."""

    login = "/accounts/login/"

    def __init__(self, folder: Path, *, second_factor: bool) -> None:
        self.second_factor = second_factor
        layouts = folder / "templates/allauth/layouts"
        layouts.mkdir(parents=True, exist_ok=True)
        (layouts / "base.html").write_text(BASE, encoding="ascii")
        self.configure(
            folder,
            apps=["allauth", "allauth.account", *(["allauth.mfa"] if second_factor else [])],
            middleware=["allauth.account.middleware.AccountMiddleware"],
            AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
            ACCOUNT_EMAIL_VERIFICATION="none",
            MFA_TRUST_ENABLED=True,
        )
        # The address of its page is made only where the setting is on.
        django_host.urlpatterns.append(path("accounts/", include("allauth.urls")))
        self._resolve()
        settings.MFA_TRUST_ENABLED = False

    def fill(self) -> None:
        """Give ann an authenticator and a set of codes."""
        super().fill()
        if self.second_factor:
            from allauth.mfa.totp.internal.auth import TOTP  # noqa: PLC0415 - after set-up

            TOTP.activate(self.user, peer.SECRET)
            self.make_codes()

    def forget(self) -> None:
        """Empty the cache, which holds used codes and rate limits."""
        from django.core.cache import cache  # noqa: PLC0415 - after set-up

        cache.clear()
        settings.MFA_TRUST_ENABLED = False

    def give_password(self, client: Client) -> Answer:
        """Send the peer's own form."""
        return client.post(self.login, login="ann", password=peer.PASSWORD)

    def give_code(self, client: Client, answer: Answer, code: str) -> Answer:
        """Send the code form."""
        client.follow(answer)
        return client.post(CODE_PAGE, code=code)

    def remember(self) -> Client:
        """Trust the browser on the page that asks."""
        settings.MFA_TRUST_ENABLED = True
        client = Client(self.app)
        client.get(self.login)
        client.follow(self.give_code(client, self.give_password(client), peer.right_code()))
        peer.expect_landing(client.follow(client.post(TRUST_PAGE, action="trust")))
        return client

    def come_back(self, client: Client) -> None:
        """The same, with trust on."""
        settings.MFA_TRUST_ENABLED = True
        super().come_back(client)

    def check_totp(self, code: str) -> bool:
        """Check against the authenticator, and note its use."""
        return self._check("totp", code)

    def check_backup(self, code: str) -> bool:
        """Check against the set, and note its use."""
        return self._check("recovery_codes", code)

    def make_codes(self) -> list[str]:
        """Replace the seed of the set."""
        from allauth.mfa.models import Authenticator  # noqa: PLC0415 - after set-up
        from allauth.mfa.recovery_codes.internal.auth import (  # noqa: PLC0415 - the same
            RecoveryCodes,
        )

        kind = Authenticator.Type.RECOVERY_CODES
        Authenticator.objects.filter(user=self.user, type=kind).delete()
        made: list[str] = RecoveryCodes.activate(self.user).generate_codes()
        return made

    def _check(self, kind: str, code: str) -> bool:
        from allauth.mfa.models import Authenticator  # noqa: PLC0415 - after set-up

        found: Any = Authenticator.objects.get(user=self.user, type=kind)
        right = bool(found.wrap().validate_code(code))
        if right:
            found.record_usage()
        return right

    def _resolve(self) -> None:
        from django.urls import get_resolver  # noqa: PLC0415 - after set-up

        get_resolver().check()
