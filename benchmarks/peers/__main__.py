"""`python -m benchmarks.peers [--quick]`: the same small host with other second factors.

Each variant is a process of its own, in an environment of its own, that waits its turn. In each
round every variant does a short batch of each work, in random order, and ratios are taken round by round, so
that a busy machine slows all. Statements are counted at the SQLite connection, by processes of
their own; those that begin, end or set something are left out. See docs/explanation/performance.md.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks import report
from benchmarks.peers import chart, tables
from benchmarks.peers.variants import VARIANTS, Process, Variant, command, environment

BATCHES = {"anonymous page": 10, "signed-in page": 10, "login": 3, "remembered login": 3}
CHECKS_AT_ONCE = 5
"""A process that just got its turn finds the processor's caches cold: one deed alone would tell that."""


def main() -> None:
    """Measure, print, and put tables and chart into the docs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="rough figures, which are not kept")
    quick = parser.parse_args().quick
    rounds, starts = (5, 2) if quick else (40, 7)
    with tempfile.TemporaryDirectory(prefix="twofactor-peers-") as name:
        run = _measure(Path(name), rounds, starts)
    about = f"Python {platform.python_version()}, {platform.machine()}, {rounds} rounds."
    parts = (tables.pages, tables.logins, tables.checks, tables.loads)
    text = "\n\n".join([about, *(report.markdown(table(run)) for table in parts)])
    print(text)
    if not quick:
        report.keep("peers", text)
        chart.draw(run)


def _measure(folder: Path, rounds: int, starts: int) -> tables.Run:
    run, pyc = tables.Run(), folder / "pyc"
    for at, variant in enumerate(VARIANTS):
        with Process(variant, folder / f"counted {at}", pyc, "--count") as process:
            for work in process.works:
                run.counts.setdefault(work, {})[variant.name] = process.do(work)
    with ExitStack() as ends:
        processes = {
            variant: ends.enter_context(Process(variant, folder / f"timed {at}", pyc))
            for at, variant in enumerate(VARIANTS)
        }
        _take_turns(run, processes, rounds)
    for _ in range(starts):
        for at in random.sample(range(len(VARIANTS)), len(VARIANTS)):
            loaded = _load(VARIANTS[at], folder / f"timed {at}", pyc)
            run.loads.setdefault(VARIANTS[at].name, []).append(loaded)
    return run


def _take_turns(run: tables.Run, processes: dict[Variant, Process], rounds: int) -> None:
    for work in run.counts:
        mine = [variant for variant, process in processes.items() if work in process.works]
        taken = run.times.setdefault(work, {variant.name: [] for variant in mine})
        for variant in mine:
            processes[variant].do(work, 3)
        for _ in range(rounds):
            for variant in random.sample(mine, len(mine)):
                taken[variant.name].append(
                    processes[variant].do(work, BATCHES.get(work, CHECKS_AT_ONCE))
                )


def _load(variant: Variant, folder: Path, pyc: Path) -> list[float]:
    done = subprocess.run(
        command(variant, folder, "--load"),
        env=environment(pyc),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: list[float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
