"""`python -m benchmarks.soak [--minutes N] [--quick]`: real workers under load and restarts.

First people walk through the host for some minutes while the database is stopped and crashed,
workers are killed and all replaced, each in turn; every answer is compared with what is true, and
one wrong answer ends this program with an error. Then, with nothing restarted, pages and logins a
second of the bare host and of ours, by numbers of clients. All of it is on loopback.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import report
from benchmarks.soak import load
from benchmarks.soak.run import Result, house, soak

CLIENTS, PAUSE_SECONDS = 8, 8.0


def main() -> None:
    """Soak, measure, print, and put what was found into the docs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--quick", action="store_true", help="a minute, which is not kept")
    options = parser.parse_args()
    minutes, seconds, runs = (0.5, 2.0, 1) if options.quick else (options.minutes, 5.0, 3)
    with (
        tempfile.TemporaryDirectory() as folder,
        house(Path(folder) / "host", members=400, new=400, others=12_000) as home,
    ):
        result = soak(home, minutes * 60, CLIENTS, PAUSE_SECONDS)
        text = _summary(result, minutes)
        print(text, flush=True)
        if result.wrong:
            sys.exit("\n\n".join(result.wrong[:20]))
        rows = load.measure(home, seconds, runs, levels=(1, 8, 32))
    text = f"{text}\n\n{report.markdown(rows)}"
    print(report.markdown(rows))
    if not options.quick:
        report.keep("soak", text)


def _summary(result: Result, minutes: float) -> str:
    done = ", ".join(f"{count:,} {what}" for what, count in sorted(result.done.items()))
    return f"{minutes:g} minutes, {CLIENTS} clients: {done}. Wrong answers: {len(result.wrong)}."


if __name__ == "__main__":
    main()
