"""What the two Django hosts share: settings, a landing page, one user, sessions in the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import URLPattern, URLResolver, path

from benchmarks.peers import peer

WELCOME = "<!doctype html><title>Welcome</title><p>Hello</p>"
LANDING = "<!doctype html><title>Account</title><p>Account of {{ user.username }}</p>"
CONTRIB = ["auth", "contenttypes", "sessions", "messages"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
PROCESSORS = ["request", "auth", "messages"]
urlpatterns: list[URLPattern | URLResolver] = []


class DjangoPeer(peer.Peer):
    """A Django host; the subclass says which apps, middleware and addresses it adds."""

    def configure(
        self, folder: Path, *, apps: list[str], middleware: list[str], **more: Any
    ) -> None:
        """Set Django up, once in this process, without touching a table."""
        folder.mkdir(parents=True, exist_ok=True)
        settings.configure(
            SECRET_KEY="a benchmark's key, which guards nothing",
            ALLOWED_HOSTS=["localhost"],
            ROOT_URLCONF="benchmarks.peers.django_host",
            INSTALLED_APPS=[*(f"django.contrib.{name}" for name in CONTRIB), *apps],
            MIDDLEWARE=[*MIDDLEWARE, *middleware],
            DATABASES={"default": _database(folder)},
            TEMPLATES=[_templates(folder)],
            # One MD5 stands for the password hash, as on every host here.
            PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
            DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
            LOGIN_URL=self.login,
            LOGIN_REDIRECT_URL="/account",
            USE_TZ=True,
            **more,
        )
        django.setup()
        self.app = get_wsgi_application()
        urlpatterns.extend([path("", _index), path("account", login_required(_account))])

    def fill(self) -> None:
        """Make the tables and ann."""
        call_command("migrate", verbosity=0)
        user_model().objects.create_user("ann", peer.EMAIL, peer.PASSWORD)

    @property
    def user(self) -> Any:
        """Read ann."""
        return user_model().objects.get(username="ann")


def user_model() -> Any:
    """Give Django's own user class, which can be imported only once Django is set up."""
    from django.contrib.auth.models import User  # noqa: PLC0415 - see above

    return User


def _database(folder: Path) -> dict[str, Any]:
    # Connections stay open, as on a site that cares: by default each request opens one.
    name = str(folder / "host.sqlite")
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "CONN_MAX_AGE": None}


def _templates(folder: Path) -> dict[str, Any]:
    processors = [f"django.template.context_processors.{name}" for name in PROCESSORS[:1]]
    processors += [f"django.contrib.{name}.context_processors.{name}" for name in PROCESSORS[1:]]
    return {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [str(folder / "templates")],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": processors},
    }


def _index(request: HttpRequest) -> HttpResponse:
    return HttpResponse(engines["django"].from_string(WELCOME).render({}, request))


def _account(request: HttpRequest) -> HttpResponse:
    return HttpResponse(engines["django"].from_string(LANDING).render({}, request))
