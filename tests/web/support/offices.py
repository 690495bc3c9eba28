"""A host with tenants: two offices, their admins and people, and support in both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import has_request_context
from flask.testing import FlaskClient
from flask_login import current_user
from werkzeug.test import TestResponse

from flask_twofactor.core.records import Event
from flask_twofactor.testing import frozen_clock

from .guard import JSON
from .host import Person
from .portal import PAGES, Portal

OAK, ELM = "oak", "elm"


def page(tenant: str = OAK, rest: str = "") -> str:
    """Give the address of a tenant's page."""
    return f"{PAGES}/tenants/{tenant}{rest}"


class Offices(Portal):
    """Vic runs oak and Ann works there; Eve runs elm and Bob works there; Sue supports both."""

    def __init__(self, **config: Any) -> None:
        self.tenants: dict[str, object] = {"1": OAK, "2": OAK, "3": ELM, "4": ELM, "5": [OAK, ELM]}
        self.runs: dict[str, object] = {"2": OAK, "3": ELM, "5": {OAK, ELM}}
        self.calls: list[tuple[str, str, bool]] = []
        super().__init__(**config)
        self.eve = Person("3", "eve@host.test", "Eve Elm", role="admin")
        self.bob = Person("4", "bob@host.test", "Bob Bay")
        self.sue = Person("5", "sue@host.test", "Sue Yew", role="admin")
        self.people += [self.eve, self.bob, self.sue]
        self.twofactor.tenant_loader(self._tenants)
        self.twofactor.role_loader(self._roles)
        self.twofactor.tenant_admin_loader(self._runs)

    def admin(self, user: Person | None = None) -> FlaskClient:
        """Open a browser of a protected admin who has just shown a code."""
        who = user or self.vic
        self.guard.protect(who)
        return self.enter(who)

    def meet(self, *people: Person) -> None:
        """Let people log in once, so that their tenants know them."""
        for one in people or (self.ann, self.vic, self.eve, self.bob):
            self.log_in(self.client(), one)

    def rule(self, tenant: str = OAK, mode: Any = "all", **values: Any) -> None:
        """Set a rule as the host's own code does."""
        with self.app.app_context():
            self.twofactor.set_rule(tenant, mode=mode, actor="a script", **values)

    def key(self, user: Person) -> str:
        """Give the key of a person's rows."""
        return f"@Person:{user.id}"

    def named(self, name: str) -> list[Event]:
        """Give the events of a name."""
        return [event for event in self.events if event.name == name]

    def help(
        self, client: FlaskClient, user: Person, what: str, tenant: str = OAK, **fields: Any
    ) -> TestResponse:
        """Send one of the forms in a member's row."""
        return act(client, page(tenant, f"/members/{self.key(user)}/{what}"), **fields)

    def _tenants(self, user: Person) -> object:
        return self._called("tenant", user, self.tenants)

    def _roles(self, user: Person) -> object:
        return self._called("role", user, {user.id: {user.role}})

    def _runs(self, user: Person) -> object:
        return self._called("admin", user, self.runs)

    def _called(self, name: str, user: Person, answers: dict[str, object]) -> object:
        real = has_request_context() and current_user.get_id() == user.id
        self.calls.append((name, user.id, real))
        found = answers.get(user.id)
        if isinstance(found, Exception):
            raise found
        return found


def act(client: FlaskClient, path: str, **fields: Any) -> TestResponse:
    """Post a form with the token of any page that gives one."""
    token = client.get(f"{PAGES}/", headers=JSON).get_json(silent=True) or {}
    return client.post(path, data={"csrf_token": token.get("csrf_token", ""), **fields})


@contextmanager
def offices(**config: Any) -> Iterator[Offices]:
    """Open the host with its clock standing still."""
    made = Offices(**config)
    with frozen_clock(made.app, 1_800_000_000.0) as made.clock:
        yield made
