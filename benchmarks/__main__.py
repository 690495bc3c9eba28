"""`python -m benchmarks [--quick]`: tables of ratios to bare Flask-Login, made in one run.

All variants live in one process, so that one compiler, allocator and cache serves them alike.
In each round every variant does a short batch in random order, and ratios are taken round by
round: a busy machine slows all. Cells show the median and, in brackets, the quartiles. "Bare
again" is the bare host a second time: its distance from 1.00 is what this run cannot resolve
by time. Calls (Python's and C's) and statements are exact; statements are counted on hosts of
their own, for counting slows SQLAlchemy down. COMMIT is not counted, BEGIN apart.

Resolved: differences above "bare again". Not resolved: anything below it, HTTP servers,
concurrency and lock waits, commits on slow disks, other databases than SQLite, the peers.
One MD5 stands for the host's password hash, since a real one hides every difference here.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import codes, loading, mounts, pages


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Compare the extension with bare Flask-Login."
    )
    parser.add_argument("--quick", action="store_true", help="a few seconds, rough figures")
    rounds, runs = (10, 2) if parser.parse_args().quick else (150, 9)
    print(f"Python {platform.python_version()}, {platform.machine()}, {rounds} rounds\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _print(pages.table(folder, rounds))
        print(pages.summary(folder) + "\n")
        _print([("Checks, with storage", *codes.HEAD[1:]), *codes.table(folder, rounds)[1:]])
        _print(mounts.table(folder, rounds))
        _print(loading.qr_table(max(5, rounds // 5)))
        _print(loading.import_table(folder, runs))


def _print(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for first, *cells in rows:
        right = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        print("  ".join((first.ljust(widths[0]), *right)))
    print()


if __name__ == "__main__":
    main()
