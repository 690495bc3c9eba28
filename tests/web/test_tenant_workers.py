"""What one worker saves acts at the next request in every other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from flask_twofactor.stores.keys import new_key

from .support.host import cookie, put_cookie
from .support.offices import ELM, OAK, Offices, act, offices, page
from .support.portal import PAGES


@pytest.fixture(params=["file", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def workers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Offices, Offices]]:
    """Two workers of one app, on one store, with clocks that agree."""
    uri = f"sqlite:///{tmp_path / 'store.sqlite'}"
    if request.param == "postgresql":
        uri = request.getfixturevalue("postgresql_uri")
    config = {"TWOFACTOR_DATABASE_URI": uri, "TWOFACTOR_KEYS": [new_key()]}
    with ExitStack() as stack:
        yield tuple(stack.enter_context(offices(**config)) for _ in range(2))  # type: ignore[misc]


def browser(worker: Offices, signed_in: FlaskClient) -> FlaskClient:
    """Send the same browser's next request to another worker."""
    client = worker.client()
    put_cookie(client, cookie(signed_in))
    return client


def test_a_rule_acts_on_the_sessions_of_every_worker(workers: tuple[Offices, Offices]) -> None:
    """Switched on, shortened and switched off by an admin at one, seen at once by the other."""
    first, second = workers
    admin, ann = first.admin(), second.plain(second.ann)
    assert second.lets_in(ann, second.ann)
    assert act(admin, page(OAK, "/rule"), mode="all", grace_days="14").status_code == 303
    assert second.lets_in(ann, second.ann)
    assert act(admin, page(OAK, "/rule"), mode="all", grace_days="0").status_code == 303

    assert browser(second, ann).get("/account").location == f"{PAGES}/setup"
    assert act(admin, page(OAK, "/rule"), mode="optional").status_code == 303
    assert second.lets_in(browser(second, ann), second.ann)


def test_a_move_and_a_lost_role_act_in_every_worker(workers: tuple[Offices, Offices]) -> None:
    """Each asks the host again at each request: nothing of a person is kept between two."""
    first, second = workers
    first.rule(ELM, "roles", roles=["member"])
    ann = second.plain(second.ann)
    assert second.lets_in(ann, second.ann)
    for worker in workers:
        worker.tenants["1"] = ELM

    assert not first.lets_in(browser(first, ann), first.ann)
    assert not second.lets_in(browser(second, ann), second.ann)
    for worker in workers:
        worker.ann.role = "guest"
    assert first.lets_in(browser(first, ann), first.ann)


def test_a_reset_and_an_excuse_act_in_every_worker(workers: tuple[Offices, Offices]) -> None:
    """What an admin does for a person at one worker is so at the other."""
    first, second = workers
    second.guard.protect(second.ann)
    theirs = second.enter(second.ann)
    first.clock.now = second.clock.now
    first.meet(first.ann)
    admin = first.admin()
    assert first.help(admin, first.ann, "reset", reason="lost").status_code == 303

    assert not second.lets_in(theirs, second.ann)
    first.rule()
    assert second.log_in(second.client(), second.ann).location == f"{PAGES}/setup"
    assert first.help(admin, first.ann, "exempt", reason="x", until="2027-02-01").status_code == 303
    assert second.lets_in(second.plain(second.ann), second.ann)
