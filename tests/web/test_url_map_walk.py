"""Nothing of a held user shows, wherever one looks: every rule, every method."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, jsonify, render_template_string, stream_with_context
from flask.testing import FlaskClient
from flask_login import login_required

from example_app.accounts import by_email
from flask_twofactor import testing
from tests.example.hosting import ANN, log_in, make_app

from .support.guard import JSON, Ours
from .support.host import Host, cookie, session_of, who
from .support.walking import METHODS, Step, steps, take, told

# Only these show a held person the name they signed in with; no other page of ours does.
NAME_THE_PERSON = {"twofactor.challenge", "twofactor.send_code", "twofactor.cancel"}
LEFT_WHILE_HELD = {"_tf_hold", "_tf_setup", "csrf_token", "_flashes", "_remember"}


def shown(
    client: FlaskClient, stranger: FlaskClient, step: Step, markers: list[str], label: str
) -> list[str]:
    """Name what this step shows of the held user that a stranger does not see."""
    seen = told(client, take(client, step))
    public = told(stranger, take(stranger, step))
    allowed = [label] if step.endpoint in NAME_THE_PERSON else []
    faults = [one for one in markers if one in seen and one not in public and one not in allowed]
    faults += sorted(set(session_of(client)) - LEFT_WHILE_HELD)
    return faults + (["a remember-me cookie"] if cookie(client, "remember_token") else [])


def walk(
    app: Flask, held: Callable[[], FlaskClient], markers: list[str], label: str
) -> dict[Step, list[str]]:
    """Take every step with a browser that was just held, and give what showed."""
    found = {step: shown(held(), app.test_client(), step, markers, label) for step in [*steps(app)]}
    assert len(found) > len(METHODS) * 10
    return {step: faults for step, faults in found.items() if faults}


def test_nothing_shows_in_the_example_app(tmp_path: Path) -> None:
    """In the example app a held person is a stranger on every page."""
    app = make_app(tmp_path)
    with app.app_context():
        ann = by_email(ANN)
        assert ann is not None
        name, services = ann.name, ["maple-web-01", "shop.maple.test", "CA$48.00"]
        testing.set_up_totp(app, ann)

    def held() -> FlaskClient:
        client = app.test_client()
        fields = {"email": ANN, "password": "demo-password", "remember": "y"}
        assert client.post("/login", data=fields).location == "/two-factor/challenge"
        return client

    assert walk(app, held, [ANN, name, *services], ANN) == {}


def test_a_released_person_does_see_these_pages(tmp_path: Path) -> None:
    """What the walk looks for is really there after the release: else it would prove nothing."""
    app = make_app(tmp_path)
    client = app.test_client()
    with app.app_context():
        testing.set_up_totp(app, by_email(ANN))
    log_in(client)
    with app.app_context():
        testing.pass_challenge(client, by_email(ANN))

    assert ANN in client.get("/account").text
    assert "CA$48.00" in client.get("/billing").text


class TalkativeHost(Host):
    """A host whose every corner tells who is there."""

    def __init__(self, guard: Ours, **config: Any) -> None:
        super().__init__(guard, **config)
        self.vic.id = "person-7f3a"
        add_talkative_pages(self)

    def held(self) -> FlaskClient:
        """Open a browser that is held for Vic, who wanted to be remembered."""
        client = self.client()
        answer = self.log_in(client, self.vic, remember="1")
        assert answer.location.startswith("/two-factor/")
        return client


def add_talkative_pages(host: Host) -> None:
    """Add a page of each kind that a host may have."""

    def stream() -> Response:
        return Response(stream_with_context(str(part) for part in ("who: ", who())))

    def boom() -> str:
        message = f"failed for {who()}"
        raise RuntimeError(message)

    def page(**_: str) -> str:
        return render_template_string("{{ told }} {{ current_user.email }} {{ session }}")

    app = host.app
    app.context_processor(lambda: {"told": who()})
    app.url_value_preprocessor(lambda _, values: (values or {}).update(seen=who()))
    app.register_error_handler(404, lambda _: (f"not found: {who()}", 404))
    app.register_error_handler(405, lambda _: (f"not so: {who()}", 405))
    app.register_error_handler(500, lambda _: (f"broken: {who()}", 500))

    @app.after_request
    def sign(response: Response) -> Response:
        response.headers["X-Seen"] = who()
        return response

    pages: dict[str, Callable[..., Any]] = {
        "/open": who,
        "/stream": stream,
        "/boom": boom,
        "/<lang>/page": page,
        "/api/open": lambda **_: jsonify(email=who()),
        "/api/me": login_required(lambda **_: jsonify(email=who())),
        "/members": login_required(page),
    }
    for path, view in pages.items():
        host.view(path, path, lambda view=view, **_: view(), *METHODS)


@pytest.fixture
def host() -> TalkativeHost:
    """The talkative host, where Vic has an authenticator app."""
    host = TalkativeHost(Ours())
    host.guard.protect(host.vic)
    return host


def markers(host: Host) -> list[str]:
    """Give what would betray Vic."""
    return [host.vic.email, host.vic.name, host.vic.id, "admin"]


def test_nothing_shows_in_a_talkative_host(host: TalkativeHost) -> None:
    """Views, streams, error pages, templates and hooks take a held person for a stranger."""
    assert walk(host.app, host.held, markers(host), host.vic.email) == {}


def test_the_talkative_host_does_talk(host: TalkativeHost) -> None:
    """After the release every one of its corners names the person."""
    client = host.signed_in(host.vic)
    paths = ["/open", "/stream", "/boom", "/fr/page", "/api/open", "/api/me", "/members", "/no"]

    assert [path for path in paths if host.vic.email not in client.get(path).text] == []
    assert client.get("/open").headers["X-Seen"] == host.vic.email


# -- held until they set up -----------------------------------------------------------------

PREREQUISITE = "/security-question"
SETUP = {"twofactor.setup_index", "twofactor.setup", "twofactor.confirm_password"}


@pytest.fixture
def strict_host() -> TalkativeHost:
    """A host that asks everybody to set up, after a page of its own."""
    guard = Ours(prerequisite_endpoints=["question"])
    host = TalkativeHost(guard, TWOFACTOR_REQUIRED_FOR="all")
    host.view(PREREQUISITE, "question", who, *METHODS)
    return host


def test_the_person_is_real_on_prerequisite_pages_only(strict_host: TalkativeHost) -> None:
    """A person held until setup is a stranger to every page but those the host named."""
    found = walk(strict_host.app, strict_host.held, markers(strict_host), strict_host.vic.email)
    elsewhere = {step.endpoint for step in found} - SETUP

    assert elsewhere == {"question"}
    assert strict_host.held().get(PREREQUISITE).text == strict_host.vic.email


def test_our_pages_lead_a_person_without_a_factor_to_setup(strict_host: TalkativeHost) -> None:
    """Of our own pages only setup, password and cancel answer; all others lead to setup."""
    rules = [step for step in steps(strict_host.app) if step.endpoint.startswith("twofactor.")]
    open_ones = SETUP | {"twofactor.static", "twofactor.not_me"}  # the latter is for who got a mail
    asked = [step for step in rules if step.method == "GET" and step.endpoint not in open_ones]
    answers = {step.path: take(strict_host.held(), step) for step in asked}
    got = {path: answer for path, answer in answers.items() if answer.status_code != 405}

    assert {answer.location for answer in got.values()} == {"/two-factor/setup"}
    assert set(got) >= {"/two-factor/", "/two-factor/challenge", "/two-factor/lost-device"}


def test_protected_pages_lead_to_setup(strict_host: TalkativeHost) -> None:
    """A page behind `login_required` leads to setup, or tells a JSON client where that is."""
    client = strict_host.held()
    told_json = client.get("/api/me", headers=JSON)

    assert client.get("/members").location == "/two-factor/setup"
    assert (told_json.status_code, told_json.get_json()) == (
        403,
        {"error": "two_factor_setup_required", "setup_url": "/two-factor/setup"},
    )


def test_log_out_ends_a_setup_hold(strict_host: TalkativeHost) -> None:
    """The host's own log-out works for a person who does not want to set up now."""
    client = strict_host.held()
    client.post("/logout")

    assert "_tf_hold" not in session_of(client)
    assert client.get("/members").location.startswith("/login")
