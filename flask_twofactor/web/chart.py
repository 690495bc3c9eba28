"""How far a tenant has come, drawn as a picture of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import leather

from flask_twofactor.core.members import Adoption

WIDTH, HEIGHT = 640, 260
LINE = "#1f5fd0"
MOST_TICKS = 5
NOTHING = (datetime(2000, 1, 1), 0.0)  # noqa: DTZ001 - days, without a place
# The library keeps its look in variables of its module, which a host may set as well.
LOOK = (
    ('font-family="Monaco"', 'font-family="system-ui, sans-serif"'),
    ('fill="#9c9c9c"', 'fill="#555555"'),
    ('fill="#f9f9f9"', 'fill="#ffffff"'),
)


def adoption_svg(days: Sequence[Adoption], title: str) -> str:
    """Draw the share of people who are ready, in percent, one point a day."""
    points = [(datetime.fromisoformat(one.day), _percent(one)) for one in days] or [NOTHING]
    begins, ends = points[0][0], max(points[-1][0], points[0][0] + timedelta(days=1))
    chart = leather.Chart(title)
    chart.add_x_scale(begins, ends)
    chart.add_y_scale(0, 100)
    chart.add_x_axis(ticks=_ticks([day for day, _ in points]), tick_formatter=_day)
    if len(points) > 1:
        chart.add_line(points, stroke_color=LINE, width=3)
    chart.add_dots(points, fill_color=LINE)
    svg = str(chart.to_svg(width=WIDTH, height=HEIGHT))
    for theirs, ours in LOOK:
        svg = svg.replace(theirs, ours)
    return svg


def _ticks(days: list[datetime]) -> list[datetime]:
    step = max(1, -(-len(days) // MOST_TICKS))
    return days[::step]


def _day(day: datetime, _number: int, _how_many: int) -> str:
    return day.date().isoformat()


def _percent(one: Adoption) -> float:
    return round(100 * one.ready / one.people, 1) if one.people else 0
