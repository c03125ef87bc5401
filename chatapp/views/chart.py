"""A chart of amounts by day, as plain SVG: drawn here, coloured by pages.css."""

from __future__ import annotations

from typing import NamedTuple

_HEIGHT = 100.0  # of the highest bar, in units of its own: the picture is stretched
_WIDTH = 0.7  # of a bar; a day is 1
_SHORTEST = 1.0  # so that little is more than nothing
_STEPS = (10, 20, 30, 40, 50, 60, 80, 100)


class Bar(NamedTuple):
    x: float
    y: float
    width: float
    height: float


class Chart(NamedTuple):
    bars: list[Bar]
    width: int
    height: int
    top: int  # what the highest line stands for: a round number at or above the highest amount


def of(amounts: list[int]) -> Chart | None:
    """None when there is nothing to draw."""
    if not any(amounts):
        return None
    top = _round_up(max(amounts))
    bars = []
    for place, amount in enumerate(amounts):
        height = max(_SHORTEST, _HEIGHT * amount / top) if amount else 0.0
        x = place + (1 - _WIDTH) / 2
        bars.append(Bar(round(x, 2), round(_HEIGHT - height, 2), _WIDTH, round(height, 2)))
    return Chart(bars, len(amounts), round(_HEIGHT), top)


def _round_up(amount: int) -> int:
    """To a figure that reads well, and whose half does."""
    unit = 1
    while True:
        for step in _STEPS:
            if step * unit >= amount:
                return step * unit
        unit *= 10
