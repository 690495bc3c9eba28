"""The short form of `make soak`, and that its model sees each kind of wrong answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Response, make_response, redirect
from flask_login import logout_user

from benchmarks.site import Site
from benchmarks.soak.person import Person
from benchmarks.soak.remote import NoAnswerError
from benchmarks.soak.run import house, soak
from benchmarks.soak.trouble import Trouble
from benchmarks.soak.walker import Walker

STORIES = ("logins by backup code", "setups", "strangers turned away", "logouts")
TROUBLES = ("databases stopped", "workers killed", "databases crashed", "all workers replaced")


@pytest.mark.postgresql
def test_no_answer_is_wrong_while_workers_and_database_are_restarted(tmp_path: Path) -> None:
    """Logins, setups and log-outs through each kind of restart: every answer is as it must."""
    with house(tmp_path / "host", members=40, new=40) as home:
        found = soak(home, seconds=0, clients=4, pause=0.5)

    assert found.wrong == []
    assert [one for one in (*STORIES, *TROUBLES) if not found.done[one]] == []


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The host with the extension and a way to log out; ann is set up."""
    site = Site(tmp_path / "host", protected=True)
    site.app.add_url_rule("/logout", "logout", _log_out)
    yield site
    site.close()


def _log_out() -> Response:
    logout_user()
    return make_response(redirect("/"))


def _walker(site: Site) -> Walker:
    ann = Person("ann", secret=site.secret or "")
    return Walker(site.app, [ann], [], Trouble())


def test_a_right_host_gives_no_wrong_answer(site: Site) -> None:
    """Logging in, out, and again with the used code: as the model expects."""
    walker = _walker(site)
    walker.take(walker.log_in)
    walker.take(walker.log_in)

    assert walker.wrong == []
    assert walker.done["logins by app"] + walker.done["used codes refused"] == 2


def test_the_model_sees_a_password_that_is_enough(tmp_path: Path) -> None:
    """A host without a second factor is told."""
    site = Site(tmp_path / "bare", protected=False)
    walker = _walker(site)
    walker.take(walker.log_in)
    site.close()

    assert "the password alone was enough" in walker.wrong[0]


def test_the_model_sees_a_code_that_works_twice(site: Site) -> None:
    """A store that forgets which codes were used is told."""
    walker = _walker(site)
    for _ in range(2):
        site.forget()
        walker.person = walker.people[0]
        walker.take(walker.log_in)

    assert "a code accepted: True, expected: False" in walker.wrong[0]


def test_the_model_sees_a_backup_code_that_is_refused(site: Site) -> None:
    """A fresh backup code that does not let in is told."""
    walker = _walker(site)
    walker.people[0].codes.append("0" * 25)
    walker.take(walker.use_a_code)

    assert "a fresh backup code was answered 400" in walker.wrong[0]


def test_the_model_sees_a_session_that_outlives_its_end(site: Site) -> None:
    """A log-out that only says so is told."""
    site.app.view_functions["logout"] = lambda: redirect("/")
    walker = _walker(site)
    walker.take(walker.log_in)

    assert "an account was shown to somebody outside" in walker.wrong[0]


def test_the_model_sees_another_ones_page(site: Site) -> None:
    """A page that shows another's account is told."""
    site.app.view_functions["account"] = lambda: "<p>Account of bob</p>"
    walker = _walker(site)
    walker.take(walker.visit)
    walker.take(walker.log_in)

    assert "an account was shown to somebody outside" in walker.wrong[0]
    assert len(walker.wrong) == 2


def test_a_missing_answer_is_excused_by_trouble_only(site: Site) -> None:
    """No answer is wrong, unless something was stopped on purpose just then."""

    def silent(_environ: dict[str, Any], _start: object) -> Iterable[bytes]:
        raise NoAnswerError

    walker = _walker(site)
    walker.app = silent
    with walker.trouble.of(0):
        walker.take(walker.visit)
    assert (walker.wrong, walker.done["broken off by trouble"]) == ([], 1)

    walker.take(walker.visit)
    assert len(walker.wrong) == 1
