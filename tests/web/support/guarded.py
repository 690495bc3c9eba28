"""A host with views that need more than a sign-in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Blueprint, request
from flask.testing import FlaskClient
from flask.views import MethodView
from werkzeug.test import TestResponse

from flask_twofactor import step_up_required, two_factor_required

from .portal import STEP_UP, Portal, form, portal

REACHED = "reached"
ACTION = "delete-account"
GUARDED = {
    "two factor": "/billing",
    "fresh": "/fresh",
    "max age": "/very-fresh",
    "action": "/delete",
    "blueprint": "/inside/page",
    "async": "/async",
}


def reached() -> str:
    """Answer whoever comes this far, with what was sent."""
    return f"{REACHED} {request.form.get('note', '')}".strip()


async def reached_later() -> str:
    """Answer as an async view does."""
    return REACHED


class Inside(MethodView):
    """A class-based view, guarded as a whole."""

    decorators = (step_up_required(max_age=60),)

    def get(self) -> str:
        """Answer."""
        return REACHED


def add_views(host: Portal) -> None:
    """Give the host guarded views of every kind."""
    host.view("/billing", "billing", two_factor_required(reached), "GET", "POST")
    host.view("/paren", "paren", two_factor_required()(reached), "GET")
    host.view("/fresh", "fresh", step_up_required()(reached), "GET", "POST", "OPTIONS")
    host.view("/very-fresh", "very", step_up_required(max_age=20)(reached), "GET", "POST")
    host.view("/delete", "delete", step_up_required(action=ACTION)(reached), "GET", "POST")
    host.view("/delete-now", "delete_now", step_up_required(action=ACTION)(reached), "POST")
    host.view("/other", "other", step_up_required(action="other")(reached), "GET", "POST")
    host.view("/async", "async_view", step_up_required()(reached_later), "GET", "POST")
    host.view("/class", "class", Inside.as_view("class"), "GET")
    inside = Blueprint("inside", __name__, url_prefix="/inside")
    inside.before_request(step_up_required())
    inside.add_url_rule("/page", "page", reached, methods=["GET", "POST"])
    host.app.register_blueprint(inside)


@contextmanager
def guarded(**config: Any) -> Iterator[Portal]:
    """Open a host with guarded views."""
    with portal(**config) as host:
        add_views(host)
        yield host


def stale(host: Portal, seconds: float = 600) -> FlaskClient:
    """Open a browser whose second factor was asked some time ago."""
    client = host.protected()
    host.clock.move(seconds)
    return client


def step_up(host: Portal, client: FlaskClient, location: str) -> TestResponse:
    """Give a fresh code where a guarded view led."""
    assert location.startswith(STEP_UP)
    return form(client, location, method="totp", code=host.code())
