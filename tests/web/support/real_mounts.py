"""Django and wsgidav beside the little host, as hosts mount them: also what real servers run.

A server's process finds the folder of store, share and secret in `MOUNTS_FOLDER`.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

from werkzeug.middleware.dispatcher import DispatcherMiddleware

from flask_twofactor import TwoFactorGuard

from .guard import Ours
from .host import Host, Person

KEYS = ["test:" + "A" * 43]
SERVED = os.environ.get("MOUNTS_FOLDER")
DJANGO_ALONE: dict[str, Any] = {"MIDDLEWARE": ["django.middleware.csrf.CsrfViewMiddleware"]}
DJANGO_WITH_USERS: dict[str, Any] = {
    "MIDDLEWARE": [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.auth.middleware.RemoteUserMiddleware",
    ],
    "AUTHENTICATION_BACKENDS": ["django.contrib.auth.backends.RemoteUserBackend"],
    "INSTALLED_APPS": ["django.contrib.contenttypes", "django.contrib.auth"],
    "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
    "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    "DEFAULT_AUTO_FIELD": "django.db.models.AutoField",
}
"""Users and sessions of its own, in the memory of one process."""


class MountHost(Host):
    """The host on a store that several processes can open, with all mounts."""

    guard: Ours

    def __init__(self, folder: Path) -> None:
        uri = f"sqlite:///{folder / 'store.sqlite'}"
        super().__init__(Ours(), TWOFACTOR_DATABASE_URI=uri, TWOFACTOR_KEYS=KEYS)
        mounts = {"/dj": django_app(), "/dav": dav_app(folder / "share"), "/raw": raw_app}
        self.app.wsgi_app = DispatcherMiddleware(  # type: ignore[method-assign]
            self.app.wsgi_app,
            {
                place: TwoFactorGuard(app, self.app, remote_user=email)
                for place, app in mounts.items()
            },
        )


def email(user: Person) -> str:
    """Name a user to the mounted apps."""
    return user.email


def raw_app(environ: dict[str, Any], start: Any) -> Any:
    """Say who it is and how much was sent, read in pieces as a stream is."""
    size, stream = 0, environ["wsgi.input"]
    if environ.get("wsgi.input_terminated") or environ.get("CONTENT_LENGTH"):
        while piece := stream.read(64 * 1024):
            size += len(piece)
    start("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['REMOTE_USER']} sent {size}".encode()]


@cache
def django_app() -> Any:
    """Make a Django project that trusts REMOTE_USER, as its docs describe."""
    import django  # noqa: PLC0415
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415
    from django.http import HttpRequest, HttpResponse  # noqa: PLC0415
    from django.urls import path  # noqa: PLC0415
    from django.views.decorators.csrf import csrf_exempt  # noqa: PLC0415

    def who(request: HttpRequest) -> HttpResponse:
        known: Any = getattr(request, "user", None)
        name = request.META.get("REMOTE_USER") if known is None else known.get_username()
        return HttpResponse(f"Django sees {name}, {len(request.body)} bytes, {request.path}")

    settings.configure(
        SECRET_KEY="a",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=type("urls", (), {"urlpatterns": [path("who", csrf_exempt(who))]}),
        DATA_UPLOAD_MAX_MEMORY_SIZE=None,
        LOGGING_CONFIG=None,
        **(DJANGO_ALONE if SERVED else DJANGO_WITH_USERS),
    )
    django.setup()
    if not SERVED:
        call_command("migrate", verbosity=0)
    return get_wsgi_application()


def dav_app(share: Path) -> Any:
    """Make a WebDAV share that trusts REMOTE_USER."""
    from wsgidav.wsgidav_app import WsgiDAVApp  # noqa: PLC0415

    share.mkdir(exist_ok=True)
    (share / "hello.txt").write_text("hello from the share", encoding="ascii")
    return WsgiDAVApp(
        {
            "provider_mapping": {"/": str(share)},
            "mount_path": "/dav",
            "http_authenticator": {"trusted_auth_header": "REMOTE_USER"},
            "simple_dc": {"user_mapping": {"*": {"nobody": {"password": token_urlsafe()}}}},
            "verbose": 1,
            "logging": {"enable": False},
        }
    )


if SERVED:
    application = MountHost(Path(SERVED)).app
