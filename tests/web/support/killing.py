"""A process that does a deed and is killed before its n-th statement or commit.

Run as `python -m tests.web.support.killing DEED FOLDER`: for each n a child is forked, killed on
its way, and what it left is compared; prints one line for each child, and fails if one is wrong.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import event, select

from flask_twofactor.stores import schema
from flask_twofactor.web.state import app_state
from tests.stores.support.making import file_store

from .browsing import OurHost
from .guard import Ours
from .host import Host
from .troubled import FROM_INSIDE, FROM_OUTSIDE

MOST_STEPS = 100
ALL = FROM_OUTSIDE | FROM_INSIDE


class Filed(OurHost):
    """A host on a store in a folder, where Vic has an authenticator app."""

    def __init__(self, folder: Path) -> None:
        Host.__init__(self, Ours(), TESTING=False, DEBUG=True)
        self.app.instance_path = str(folder)
        self.guard.protect(self.vic)


def die_before(host: Filed, last: int) -> None:
    """Kill this process before the n-th statement or commit from now on."""
    store: Any = app_state(host.app).ports.store
    opened, steps = store.opened(), Counter[str]()

    def step(*_: Any) -> None:
        steps["all"] += 1
        if steps["all"] == last:
            os.kill(os.getpid(), signal.SIGKILL)

    for engine in (opened.engine, opened.reader):
        event.listen(engine, "before_cursor_execute", step)
    event.listen(opened.engine, "commit", step)


def left(folder: Path) -> Counter[str]:
    """Count what the store has and what its audit says, both under the same names."""
    store = file_store(folder)
    report = store.upkeep().verify_audit(lambda _rows: None)
    assert report.is_sound, report
    found: Counter[str] = Counter()
    with store.opened().engine.connect() as connection:
        for name in connection.execute(select(schema.audit.c.name)).scalars():
            found[f"said {name}"] += 1
        for table in (schema.authenticator, schema.proof, schema.hold):
            for row in connection.execute(select(table)).mappings():
                found.update(_facts(table.name.removeprefix("twofactor_"), dict(row)))
    store.opened().engine.dispose()
    return found


def _facts(table: str, row: dict[str, Any]) -> list[str]:
    if table == "authenticator":
        return ["protecting"] if row["protects"] else ["codes"]
    if table == "hold":
        return ["hold", *(["released"] if row["released"] else [])]
    return [f"proof by {row['method']}"]


def agree(found: Counter[str]) -> bool:
    """Say whether the audit tells exactly what the store has."""
    return (
        found["said enrolled"] == found["protecting"]
        and found["said challenge_required"] == found["hold"]
        and found["said verified"] == found["released"]
        and found["said verified"] + found["said enrolled"] - 1 == found["proof by totp"]
    )


def main(deed: str, folder: Path) -> int:
    """Kill the deed before each of its steps; give how many children there were."""
    for last in range(1, MOST_STEPS):
        place = folder / str(last)
        place.mkdir()
        child = os.fork()
        if not child:
            host = Filed(place)
            browser = ALL[deed](host)
            die_before(host, last)
            os._exit(0 if browser.act().status_code < 400 else 1)
        _, status = os.waitpid(child, 0)
        found = left(place)
        print(last, status, agree(found), dict(found), flush=True)  # noqa: T201
        assert agree(found), found
        shutil.rmtree(place)
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == 0
            return last - 1
    message = "the deed never ends"
    raise AssertionError(message)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
