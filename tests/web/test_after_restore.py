"""`after-restore`: an old backup that was put back brings nothing used or ended to life."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from flask_twofactor.core.records import Event
from flask_twofactor.stores import restoring, schema
from flask_twofactor.testing import FrozenClock, captured_messages, frozen_clock
from flask_twofactor.web import cookies
from flask_twofactor.web.signals import two_factor_event

from .support import backups
from .support.browsing import send
from .support.guard import CHALLENGE, post
from .support.host import cookie, put_cookie
from .support.operating import Operated
from .support.troubled import code_of, give_codes

NOW = 1_800_000_000.0
MINUTE = 60
Alive = Callable[[], bool]


@pytest.fixture
def host() -> Operated:
    """A host whose Vic has an authenticator app."""
    return Operated()


@pytest.fixture(autouse=True)
def clock(host: Operated) -> Iterator[FrozenClock]:
    """A clock that stands still."""
    with frozen_clock(host.app, NOW) as clock:
        yield clock


def app_code(host: Operated) -> Alive:
    """Use a code of the app; alive if it is taken again."""
    code = code_of(host, host.vic)
    assert post(host.held(), CHALLENGE, method="totp", code=code).status_code == 200
    return lambda: post(host.held(), CHALLENGE, method="totp", code=code).status_code == 200


def next_app_code(host: Operated) -> Alive:
    """Use the next code of the app, early, as a fast phone does; alive if it is taken again."""
    with frozen_clock(host.app, NOW + 30):
        code = code_of(host, host.vic)
    assert post(host.held(), CHALLENGE, method="totp", code=code).status_code == 200
    return lambda: post(host.held(), CHALLENGE, method="totp", code=code).status_code == 200


def backup_code(host: Operated) -> Alive:
    """Use a backup code; alive if it is taken again."""
    code = str(host.app.extensions["backup codes"][0])
    assert post(host.held(), CHALLENGE, method="backup_code", code=code).status_code == 200
    return lambda: post(host.held(), CHALLENGE, method="backup_code", code=code).status_code == 200


def ended_session(host: Operated) -> Alive:
    """Sign out; alive if a copy of the cookie from before opens a page."""
    copied = host.app.extensions["copied cookie"]
    again = host.client()
    put_cookie(again, copied)
    host.app.extensions["signed in"].post("/logout")
    assert not host.lets_in(again, host.vic)

    def alive() -> bool:
        thief = host.client()
        put_cookie(thief, copied)
        return host.lets_in(thief, host.vic)

    return alive


def ended_hold(host: Operated) -> Alive:
    """Cancel a held login; alive if a copy of its cookie is asked for a code again."""
    held = host.app.extensions["held"]
    copied = cookie(held)
    send(held, CHALLENGE, "/two-factor/cancel")

    def alive() -> bool:
        thief = host.client()
        put_cookie(thief, copied)
        return thief.get(CHALLENGE).status_code == 200

    return alive


def ended_trust(host: Operated) -> Alive:
    """Sign out everywhere; alive if a copied cookie of a trusted device spares the code again."""
    copied = host.app.extensions["trusted device"]
    with host.app.app_context():
        host.guard.twofactor.sign_out_everywhere(host.vic)

    def alive() -> bool:
        thief = host.client()
        put_cookie(thief, copied, trusted_name(host))
        return host.log_in(thief, host.vic).location != CHALLENGE

    assert not alive()
    return alive


def trusted_name(host: Operated) -> str:
    """Give the name of the cookie of a trusted device."""
    with host.app.test_request_context():
        return cookies.name("trusted")


def session_without(host: Operated) -> Alive:
    """Change the password of Ann, who has no second factor; alive if her old session is."""
    copied = host.app.extensions["ann's cookie"]
    with host.app.app_context():
        host.guard.twofactor.password_changed(host.ann)

    def alive() -> bool:
        thief = host.client()
        put_cookie(thief, copied)
        return host.lets_in(thief, host.ann)

    assert not alive()
    return alive


def session_of_a_later_epoch(host: Operated) -> Alive:
    """Let Ann sign in at an epoch that the backup does not have; alive if that session is."""
    with host.app.app_context():
        host.guard.twofactor.password_changed(host.ann)
    client = host.client()
    host.log_in(client, host.ann)
    copied = cookie(client)
    with host.app.app_context():
        host.guard.twofactor.password_changed(host.ann)

    def alive() -> bool:
        thief = host.client()
        put_cookie(thief, copied)
        return host.lets_in(thief, host.ann)

    assert not alive()
    return alive


def prepare(host: Operated) -> backups.Backup:
    """Bring the host to where the backup is taken."""
    kept = host.app.extensions
    with host.app.app_context():
        host.guard.twofactor.password_changed(host.ann)
    ann = host.client()
    host.log_in(ann, host.ann)
    kept["ann's cookie"] = cookie(ann)
    with frozen_clock(host.app, NOW - 600):
        trusting = host.held()
        post(trusting, CHALLENGE, method="totp", code=code_of(host, host.vic), remember_device=True)
    kept["trusted device"] = cookie(trusting, trusted_name(host))
    with frozen_clock(host.app, NOW - 300):
        kept["signed in"] = host.signed_in(host.vic)
    kept["copied cookie"] = cookie(kept["signed in"])
    kept["backup codes"] = give_codes(host, host.vic)
    kept["held"] = host.held()
    return backups.take(host.app)


USED = (
    app_code,
    next_app_code,
    backup_code,
    ended_session,
    ended_hold,
    ended_trust,
    session_without,
)


@pytest.mark.parametrize("use", USED)
def test_a_bare_restore_revives(use: Callable[[Operated], Alive], host: Operated) -> None:
    """Without the command the backup knows nothing of the use: this is what it is for."""
    backup = prepare(host)
    alive = use(host)
    backups.put_back(host.app, backup)

    assert alive()


@pytest.mark.parametrize("use", [*USED, session_of_a_later_epoch])
def test_nothing_revives(use: Callable[[Operated], Alive], host: Operated) -> None:
    """After the command what was used or ended since the backup stays so."""
    backup = prepare(host)
    alive = use(host)
    backups.put_back(host.app, backup)
    done = host.run("after-restore", "--yes")

    assert (done.exit_code, done.stderr) == (0, "")
    assert not alive()


def test_a_small_step_would_revive_a_session(
    host: Operated, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were the epoch moved by one, a session of an epoch after the backup would fit again."""
    monkeypatch.setattr(restoring, "EPOCH_LEAP", 1)
    backup = prepare(host)
    alive = session_of_a_later_epoch(host)
    backups.put_back(host.app, backup)
    host.run("after-restore", "--yes")

    assert alive()


def test_people_sign_in_with_their_next_code(host: Operated, clock: FrozenClock) -> None:
    """Authenticators stay; a code made a minute after the command is taken."""
    backups.put_back(host.app, prepare(host))
    host.run("after-restore", "--yes")
    clock.move(MINUTE)
    client = host.held()

    assert host.right_code(client).status_code == 303
    assert host.lets_in(client, host.vic)


def test_what_it_says(host: Operated) -> None:
    """It tells what ended, and where what it cannot know is found; again, there is less."""
    backups.put_back(host.app, prepare(host))
    done = host.run("after-restore", "--yes")
    assert done.stdout.splitlines()[:3] == [
        "Ended: 2 sessions.",
        "Ended: 10 backup codes of 1 person.",
        "Moved on: 1 authenticator of 2 accounts.",
    ]
    assert "docs/how-to/deploy.md" in done.stdout

    again = json.loads(host.run("after-restore", "--yes", "--json").stdout)
    assert again == {"accounts": 2, "sessions": 0, "authenticators": 0, "codes": 0, "people": 0}


def test_it_asks_first(host: Operated) -> None:
    """Anything but yes changes nothing, exit code 1."""
    backups.put_back(host.app, prepare(host))
    refused = host.run("after-restore", input="n\n")
    assert refused.exit_code == 1
    assert "every unused backup code" in refused.stderr
    assert host.json("status", "2")["backup_codes_left"] == 10

    assert host.run("after-restore", input="y\n").exit_code == 0
    assert host.json("status", "2")["backup_codes_left"] == 0


def test_it_is_recorded_and_told(host: Operated) -> None:
    """The audit and the signal say who did it; who loses backup codes is told by mail, once."""
    backups.put_back(host.app, prepare(host))
    heard = list[Event]()

    def hear(_app: object, event: Event) -> None:
        heard.append(event)

    with (
        captured_messages(host.app) as sent,
        two_factor_event.connected_to(hear, sender=host.app),
    ):
        host.run("after-restore", "--yes")
        host.run("after-restore", "--yes")

    assert [one.name for one in heard] == ["store_restored", "codes_ended", "store_restored"]
    assert [one.kind for one in sent] == ["codes_ended"]
    assert all(one.actor and one.actor.startswith("operator:") for one in heard)
    assert host.run("audit", "verify").exit_code == 0


def test_stopped_half_way(host: Operated, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped between two batches of people, the next run ends the codes that are left."""
    give_codes(host, host.vic)
    host.guard.protect(host.ann)
    give_codes(host, host.ann)
    monkeypatch.setattr(restoring, "BATCH", 1)
    ends, people = restoring.Restoring._end_codes_of, []

    def stop(self: restoring.Restoring, batch: list[str], now: float, actor: str) -> dict[str, int]:
        people.append(batch)
        if len(people) == 2:
            raise KeyboardInterrupt
        return ends(self, batch, now, actor)

    monkeypatch.setattr(restoring.Restoring, "_end_codes_of", stop)
    assert host.run("after-restore", "--yes").exit_code == 1
    assert people == [["@Person:1"], ["@Person:2"]]
    assert [host.json("status", who)["backup_codes_left"] for who in "12"] == [0, 10]

    assert host.run("after-restore", "--yes").exit_code == 0
    assert [host.json("status", who)["backup_codes_left"] for who in "12"] == [0, 0]


def test_every_table_was_thought_of() -> None:
    """Each table with rows of people ends or stays on purpose."""
    assert {*restoring.ENDED, *restoring.KEPT} == set(schema.PERSONAL)
