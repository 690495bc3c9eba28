"""The tables of one run."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

from benchmarks.measure import ratio, spread
from benchmarks.peers.variants import BARE, HAND, VARIANTS, Variant

CHECKS = {
    "right TOTP code": "right TOTP",
    "wrong TOTP code": "wrong TOTP",
    "right backup code": "right backup code",
    "wrong backup code": "wrong backup code",
    "a set of codes": "a set of codes",
}
Rows = list[tuple[str, ...]]


@dataclass
class Run:
    """CPU seconds by work and variant, one a round; counts the same; loads, one a process."""

    times: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    counts: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    loads: dict[str, list[list[float]]] = field(default_factory=dict)


def pages(run: Run) -> Rows:
    """What a page costs."""
    rows: Rows = [("", "anonymous page, us", "x Flask-Login", "SQL", "signed-in page, us")]
    rows[0] += ("x Flask-Login", "x without", "SQL")
    for one in VARIANTS:
        anonymous = _cells(run, one, "anonymous page", 1e6, 0)
        signed_in = _cells(run, one, "signed-in page", 1e6, 0)
        rows.append((one.name, *anonymous, *signed_in[:-1], _without(run, one), signed_in[-1]))
    return rows


def logins(run: Run) -> Rows:
    """What a login costs, with a code and from a remembered device."""
    rows: Rows = [("", "login, ms", "x Flask-Login", "second factor's share, ms", "SQL")]
    rows[0] += ("requests", "remembered, ms", "x Flask-Login", "SQL", "requests")
    for one in VARIANTS:
        login = _cells(run, one, "login", 1e3, 1)
        requests = str(run.counts["login"][one.name]["requests"])
        cells = (*login[:-1], _share(run, one), login[-1], requests, *_remembered(run, one))
        rows.append((one.name, *cells))
    return rows


def checks(run: Run) -> Rows:
    """What checking and making codes costs, with storage."""
    rows: Rows = [("CPU, us (x by hand); SQL", *CHECKS.values())]
    for one in VARIANTS:
        if one.second_factor:
            rows.append((one.name, *(_check(run, one, work) for work in CHECKS)))
    return rows


def loads(run: Run) -> Rows:
    """What a fresh process costs."""
    rows: Rows = [("a fresh process", "wired, ms", "MiB", "after a first login, ms", "MiB")]
    for one in VARIANTS:
        columns = zip(*run.loads[one.name], strict=True)
        rows.append((one.name, *(f"{statistics.median(values):.0f}" for values in columns)))
    return rows


def _cells(run: Run, one: Variant, work: str, unit: float, digits: int) -> tuple[str, ...]:
    taken = run.times[work]
    middle = f"{statistics.median(taken[one.name]) * unit:.{digits}f}"
    return middle, str(ratio(taken[one.name], taken[BARE])), _sql(run, one, work)


def _without(run: Run, one: Variant) -> str:
    taken = run.times["signed-in page"]
    return str(ratio(taken[one.name], taken[one.beside])) if one.second_factor else ""


def _share(run: Run, one: Variant) -> str:
    if not one.second_factor:
        return ""
    taken = run.times["login"]
    pairs = zip(taken[one.name], taken[one.beside], strict=True)
    found = spread((with_one - without) * 1e3 for with_one, without in pairs)
    return f"{found.middle:.1f} ({found.low:.1f}-{found.high:.1f})"


def _remembered(run: Run, one: Variant) -> tuple[str, ...]:
    work = "remembered login"
    if one.name in run.times[work]:
        requests = str(run.counts[work][one.name]["requests"])
        return (*_cells(run, one, work, 1e3, 1), requests)
    return ("not in this build", "", "", "")


def _check(run: Run, one: Variant, work: str) -> str:
    taken = run.times[work]
    middle = statistics.median(taken[one.name]) * 1e6
    times = ratio(taken[one.name], taken[HAND]).middle
    return f"{middle:,.0f} (x {times:.1f}); {_sql(run, one, work)}"


def _sql(run: Run, one: Variant, work: str) -> str:
    found = run.counts[work][one.name]
    return str(found["statements"]) + (f" + {found['begun']}" if found["begun"] else "")
