"""The table of the guard's own cost: the smallest mounted app with it, and without."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from werkzeug.middleware.dispatcher import DispatcherMiddleware

from benchmarks.client import Client
from benchmarks.measure import Work, calls, counting, interleave, nothing, ratio
from benchmarks.site import Site
from flask_twofactor import TwoFactorGuard

HEAD = (
    "A mounted app",
    "bare, us",
    "guarded, us",
    "guard, us",
    "x a page",
    "calls",
    "host SQL",
    "store SQL",
)
BARE, GUARDED = "/bare", "/guarded"


def table(folder: Path, rounds: int) -> list[tuple[str, ...]]:
    """Measure who may reach it and who may not, and give the rows."""
    timed, counted = (_visits(Site(folder / name, protected=True)) for name in ("mount", "mount n"))
    rows: list[tuple[str, ...]] = [HEAD]
    for name, (_, works) in timed.items():
        taken = interleave(works, rounds, 5)
        own = [one - bare for one, bare in zip(taken["guarded"], taken["bare"], strict=True)]
        middle = [statistics.median(taken["bare"]), statistics.median(taken["guarded"])]
        times = [f"{value * 1e6:.0f}" for value in (*middle, statistics.median(own))]
        called = f"+{calls(works['guarded']) - calls(works['bare'])}"
        asked = _statements(*counted[name])
        rows.append((name, *times, str(ratio(own, taken["page"])), called, *asked))
    return rows


def _visits(site: Site) -> dict[str, tuple[Site, dict[str, Work]]]:
    mounts = {BARE: _smallest, GUARDED: TwoFactorGuard(_smallest, site.app)}
    site.app.wsgi_app = DispatcherMiddleware(site.app.wsgi_app, mounts)  # type: ignore[method-assign] # Flask documents it
    site.forget()
    visitors = {
        "stranger": site.stranger(),
        "with a second factor": site.log_in("ann"),
        "without": site.log_in("bob"),
    }
    return {name: (site, _works(client)) for name, client in visitors.items()}


def _works(client: Client) -> dict[str, Work]:
    places = {"bare": BARE, "guarded": GUARDED, "page": "/account" if client.cookies else "/"}
    # A stranger stays one: the message of the login page would grow in their session.
    before = nothing if client.cookies else client.cookies.clear
    return {name: Work(partial(client.get, place), before) for name, place in places.items()}


def _statements(site: Site, works: dict[str, Work]) -> tuple[str, str]:
    work = works["guarded"]
    with counting(site.host_engine) as host, counting(*site.store_engines()) as store:
        work.run()
    return str(len(host.seen)), str(len(store.seen))


def _smallest(_environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"here"]
