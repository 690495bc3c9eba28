"""The table of single checks, with storage: read, pay for the guess, compare, use up."""

from __future__ import annotations

import statistics
from contextlib import suppress
from pathlib import Path

from benchmarks.measure import Work, calls, counting, interleave, ratio
from benchmarks.site import KEY, Site
from flask_twofactor.core.errors import RefusedError
from flask_twofactor.flows import answering
from flask_twofactor.flows.context import Ports
from flask_twofactor.web.state import app_state

HEAD = ("", "us", "x right TOTP", "calls", "store SQL")


def table(folder: Path, rounds: int) -> list[tuple[str, ...]]:
    """Measure every kind of check and give the rows."""
    timed, counted = (Site(folder / name, protected=True) for name in ("codes", "counted codes"))
    with timed.app.app_context():
        works = _checks(timed)
        taken = interleave(works, rounds, 3)
        called = {name: calls(work) for name, work in works.items()}
    rows: list[tuple[str, ...]] = [HEAD]
    with counted.app.app_context():
        for name, work in _checks(counted).items():
            middle = f"{statistics.median(taken[name]) * 1e6:.0f}"
            against = str(ratio(taken[name], taken["right TOTP code"]))
            rows.append((name, middle, against, str(called[name]), _statements(counted, work)))
    return rows


def _checks(site: Site) -> dict[str, Work]:
    codes, ports = site.give_codes(), app_state(site.app).ports

    def renew() -> None:
        with site.store.transaction() as transaction:
            transaction.replace_codes(KEY, "codes", codes, 0.0)

    return {
        "right TOTP code": Work(lambda: guess(ports, "totp", site.code()), site.forget),
        "wrong TOTP code": Work(lambda: guess(ports, "totp", "000000"), site.forget),
        "right backup code": Work(lambda: guess(ports, "backup_code", codes[0]), site.forget),
        "wrong backup code": Work(lambda: guess(ports, "backup_code", "0" * 25), site.forget),
        "ten new backup codes": Work(renew),
    }


def guess(ports: Ports, method: str, code: str) -> bool:
    """Say whether this code of ann's is right, and use it up, as the challenge does."""
    owned = ports.store.authenticators(KEY)
    with suppress(RefusedError):
        accepted = answering.check(ports, KEY, owned, method, code, (), "challenge:1")
        with answering.accepting(ports, accepted, ports.clock()):
            return True
    return False


def _statements(site: Site, work: Work) -> str:
    work.prepare()
    with counting(*site.store_engines()) as store:
        work.run()
    return f"{len(store.seen)} (+{store.begun} BEGIN)"
