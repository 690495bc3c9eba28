"""The table of pages and of a full login: the host with the extension against it without."""

from __future__ import annotations

import statistics
from pathlib import Path

from benchmarks.measure import Work, calls, counting, interleave, ratio
from benchmarks.site import Site, visits

HEAD = ("", "bare, us", "bare again", "ours, us", "x bare", "calls", "host SQL", "store SQL")


def table(folder: Path, rounds: int) -> list[tuple[str, ...]]:
    """Measure every kind of visit and give the rows."""
    sites = {name: Site(folder / name, protected=name == "ours") for name in ("bare", "ours")}
    again = Site(folder / "again", protected=False)
    works = {name: visits(site) for name, site in {**sites, "again": again}.items()}
    counts = _counts(Site(folder / "counted", protected=True))
    rows: list[tuple[str, ...]] = [HEAD]
    for name in works["bare"]:
        batch = 1 if "login" in name else 5
        row = {variant: found[name] for variant, found in works.items()}
        rows.append((name, *_times(row, rounds, batch), *counts[name]))
    return rows


def summary(folder: Path) -> str:
    """Say what a full login sends and leaves."""
    client = Site(folder / "summary", protected=True).log_in()
    bare = Site(folder / "bare summary", protected=False).log_in()
    return (
        f"A full login takes {client.requests} requests (bare {bare.requests}) and leaves a "
        f"session cookie of {client.cookie_bytes()} bytes (bare {bare.cookie_bytes()})."
    )


def _times(row: dict[str, Work], rounds: int, batch: int) -> tuple[str, ...]:
    taken = interleave(row, rounds, batch)
    middle = {name: statistics.median(values) * 1e6 for name, values in taken.items()}
    bare = calls(row["bare"])
    return (
        f"{middle['bare']:.0f}",
        str(ratio(taken["again"], taken["bare"])),
        f"{middle['ours']:.0f}",
        str(ratio(taken["ours"], taken["bare"])),
        f"{bare}{calls(row['ours']) - bare:+}",
    )


def _counts(site: Site) -> dict[str, tuple[str, str]]:
    found = {}
    for name, work in visits(site).items():
        work.prepare()
        with counting(site.host_engine) as host, counting(*site.store_engines()) as store:
            work.run()
        begun = f" (+{store.begun} BEGIN)" if store.begun else ""
        found[name] = (str(len(host.seen)), f"{len(store.seen)}{begun}")
    return found
