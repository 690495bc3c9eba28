"""Every combination of rules, roles, tenants and times, against a model that fits on a page."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from flask.testing import FlaskClient
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from flask_twofactor import TwoFactorGuard
from flask_twofactor.core.rules import DAY

from .support.guard import JSON
from .support.offices import ELM, OAK, Offices, offices
from .support.portal import PAGES, finish_setup

MODES = ("optional", "roles", "all")
WHERE: dict[str, object] = {"oak": OAK, "elm": ELM, "both": [OAK, ELM], "none": None}
DAYS = (0, 6, 7, 30)
GRACE = 7
SETUP_INDEX = f"{PAGES}/setup"


def model(mode: str, role: str, where: object, days: int, *, fails: bool = False) -> bool:
    """Say whether Ann must have a second factor now: oak's rule, GRACE days, `days` ago.

    Elm requires it of admins, with no grace. What the host cannot tell is required.
    """
    if fails:
        return True
    tenants = where if isinstance(where, list) else [where]
    by_oak = OAK in tenants and (mode == "all" or (mode == "roles" and role == "admin"))
    by_elm = ELM in tenants and role == "admin"
    return (by_oak and days >= GRACE) or by_elm


CASES = list(itertools.product(MODES, ("member", "admin"), WHERE, DAYS, (False, True)))


@pytest.fixture(scope="module")
def host() -> Iterator[Offices]:
    """One host for the whole matrix, with an app mounted beside it."""
    with offices() as made:
        inner = made.app.wsgi_app

        def share(environ: dict[str, object], start: object) -> list[bytes]:
            start("200 OK", [("Content-Type", "text/plain")])  # type: ignore[operator]
            return [str(environ.get("REMOTE_USER")).encode()]

        guarded = TwoFactorGuard(share, made.app)

        def wsgi(environ: dict[str, object], start: object) -> object:
            path = str(environ["PATH_INFO"])
            return (guarded if path.startswith("/share") else inner)(environ, start)  # type: ignore[arg-type]

        made.app.wsgi_app = wsgi  # type: ignore[method-assign, assignment]
        yield made


@pytest.mark.parametrize(("mode", "role", "where", "days", "fails"), CASES)
def test_live_and_new_sessions_as_html_json_and_wsgi(
    host: Offices, mode: str, role: str, where: str, days: int, *, fails: bool
) -> None:
    """A required person is inside nowhere, everybody else everywhere, live or new."""
    start = host.clock.now
    forget(host)
    host.ann.role, host.tenants["1"] = "member", None
    live = host.plain(host.ann)
    assert inside(live) == {"html", "json", "wsgi"}
    host.rule(OAK, mode, roles=["admin"] if mode == "roles" else [], grace_days=GRACE)
    host.rule(ELM, "roles", roles=["admin"])
    host.ann.role, host.tenants["1"] = role, WHERE[where]
    if not model(mode, role, WHERE[where], 0):
        host.plain(host.ann)  # first seen, in whichever tenants
    host.clock.move(days * DAY)
    host.tenants["1"] = RuntimeError("down") if fails else WHERE[where]
    new = host.client()
    host.log_in(new, host.ann)

    wanted = (
        set() if model(mode, role, WHERE[where], days, fails=fails) else {"html", "json", "wsgi"}
    )
    assert inside(new) == wanted
    if days < 30:  # a sign-in that rests a month has ended by itself
        assert inside(live) == wanted
    host.clock.now = start


def inside(client: FlaskClient) -> set[str]:
    """Say by which ways this browser is let in as Ann."""
    html = client.get("/account")
    json = client.get("/account", headers=JSON)
    share = client.get("/share/")
    if html.status_code == 302:
        assert html.location == SETUP_INDEX
        assert json.status_code == 403
        assert json.get_json()["error"] == "two_factor_setup_required"
    found = {"html": html, "json": json}
    ways = {way for way, answer in found.items() if "ann@host.test" in answer.text}
    return ways | ({"wsgi"} if share.status_code == 200 and share.text == "1" else set())


def forget(host: Offices) -> None:
    """Begin again with nobody and no rule."""
    from flask_twofactor.testing import reset_store  # noqa: PLC0415

    reset_store(host.app)


class Toggling(RuleBasedStateMachine):
    """Rules, tenants, excuses and clocks change in any order while Ann goes on clicking."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.host = self.stack.enter_context(offices())
        self.mode, self.asked_at, self.grace = "optional", None, 0  # oak's rule
        self.seen_at: float | None = None
        self.excused_until = 0.0
        self.ready = False
        self.was_held = False  # since the last password

    @initialize()
    def sign_in(self) -> None:
        """Ann signs in once, before there is any rule."""
        self.client = self.host.plain(self.host.ann)
        self.seen_at = self.host.clock.now

    def teardown(self) -> None:
        """Close the host."""
        self.stack.close()

    @rule(mode=st.sampled_from(["optional", "all"]), grace=st.integers(0, 9))
    def toggle(self, mode: str, grace: int) -> None:
        """An admin saves another rule."""
        self.host.rule(OAK, mode, grace_days=grace)
        self.mode, self.grace = mode, grace
        if mode == "all" and self.asked_at is None:
            self.asked_at = self.host.clock.now // DAY * DAY

    @rule(tenant=st.sampled_from([OAK, ELM, None]))
    def move(self, tenant: str | None) -> None:
        """Ann is moved; only oak has a rule."""
        self.host.tenants["1"] = tenant

    @rule(days=st.integers(1, 4))
    def wait(self, days: int) -> None:
        """Time passes."""
        self.host.clock.move(days * DAY)

    @rule(days=st.integers(1, 5))
    def excuse(self, days: int) -> None:
        """An operator excuses Ann from oak's rule."""
        until = self.host.clock.now + days * DAY
        with self.host.app.app_context():
            from flask_twofactor.web.state import app_state  # noqa: PLC0415

            store = app_state().ports.store
            with store.transaction() as transaction:
                key = self.host.key(self.host.ann)
                if transaction.exempt(OAK, key, until, "x"):
                    self.excused_until = until

    @precondition(lambda self: not self.ready)
    @rule()
    def set_up_if_asked(self) -> None:
        """Ann does what she is asked to, if she is."""
        if self.required():
            self.sign_in_again()
            assert finish_setup(self.host, self.client).status_code == 200
            self.ready = True

    @rule()
    def sign_in_again(self) -> None:
        """Ann opens another browser."""
        if not self.ready:
            self.client = self.host.client()
            self.host.log_in(self.client, self.host.ann)
            self.was_held = False

    @invariant()
    def nobody_is_on_the_wrong_side(self) -> None:
        """A required person is never inside, and nobody else is ever outside."""
        if self.ready or self.seen_at is None:
            return
        if self.client.get("/account").location == SETUP_INDEX:
            self.client.get(SETUP_INDEX)  # a hold that nothing asks for any more lets go
        self.was_held = self.was_held or self.required()
        inside_now = self.host.lets_in(self.client, self.host.ann)
        if self.was_held and not inside_now and not self.required():
            # A hold is of what was true at the password: who was moved since begins again.
            self.sign_in_again()
            inside_now = self.host.lets_in(self.client, self.host.ann)
        assert inside_now is not self.required()

    def required(self) -> bool:
        """Say what should be: the whole rule in five lines."""
        now = self.host.clock.now
        if self.mode == "optional" or self.host.tenants["1"] != OAK or self.ready:
            return False
        begins = max(self.asked_at or 0, self.seen_at or 0)
        return now >= begins + self.grace * DAY and now >= self.excused_until


TestToggling = Toggling.TestCase
TestToggling.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)
