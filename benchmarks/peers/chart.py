"""The chart of one run, drawn by leather."""

from __future__ import annotations

import statistics
from pathlib import Path

import leather

from benchmarks.peers.tables import Run
from benchmarks.peers.variants import VARIANTS

CHARTS = {
    "signed-in page": ("A signed-in page, CPU in us", 1e6),
    "login": ("A full login with TOTP, CPU in ms", 1e3),
    "remembered login": ("A login from a remembered device, CPU in ms", 1e3),
}
BLUE = "#3b6ea5"
FILE = Path(__file__).parent.parent.parent / "docs/explanation/peers.svg"


def draw(run: Run) -> None:
    """Write the chart into the docs."""
    grid = leather.Grid()
    for work, (title, unit) in CHARTS.items():
        taken = run.times[work]
        names = [one.name for one in VARIANTS if one.second_factor and one.name in taken]
        chart = leather.Chart(title)
        chart.add_bars(
            [(statistics.median(taken[name]) * unit, name) for name in names], fill_color=BLUE
        )
        chart.add_x_scale(0, max(statistics.median(taken[name]) for name in names) * unit * 1.1)
        grid.add_one(chart)
    grid.to_svg(str(FILE), width=1200, height=700)
