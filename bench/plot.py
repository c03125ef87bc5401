"""Bars as SVG: one group to a column, one bar to a server, with its figure on top."""

from __future__ import annotations

from html import escape

_COLOURS = ("#2563eb", "#94a3b8", "#cbd5e1", "#e2e8f0")
_BAR, _GAP, _HIGH = 46, 28, 240  # pixels


def bars(title: str, rows: dict[str, dict[str, float]]) -> str:
    """`rows`: of each server the figure in each column. Each column has a scale of its own: what is
    compared stands side by side.
    """
    columns = list(dict.fromkeys(at for row in rows.values() for at in row))
    group = _BAR * len(rows) + _GAP
    width, parts = group * len(columns) + _GAP, []
    for n, column in enumerate(columns):
        left, top = _GAP + n * group, max(row.get(column, 0.0) for row in rows.values())
        parts.append(_text(left + (group - _GAP) / 2, _HIGH + 66, column, "middle"))
        for m, row in enumerate(rows.values()):
            high = _HIGH * row.get(column, 0.0) / top
            x, y = left + m * _BAR, 48 + _HIGH - high
            parts.append(
                f'<rect x="{x}" y="{y:.1f}" width="{_BAR - 4}" height="{high:.1f}" fill="{_COLOURS[m]}"/>'
            )
            said = f"{row.get(column, 0.0) / 1000:.0f} k"
            parts.append(_text(x + (_BAR - 4) / 2, y - 5, said, "middle"))
    for m, server in enumerate(rows):
        y = _HIGH + 92 + 18 * m
        parts.append(f'<rect x="{_GAP}" y="{y - 10}" width="12" height="12" fill="{_COLOURS[m]}"/>')
        parts.append(_text(_GAP + 20, y, server, "start"))
    high = _HIGH + 92 + 18 * len(rows)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {high}" '
        f'width="{width}" height="{high}" font-family="sans-serif" font-size="12" fill="#0f172a">'
        f'<rect width="{width}" height="{high}" fill="#ffffff"/>'
    )
    return "\n".join([head, _text(_GAP, 22, title, "start", 15), *parts, "</svg>\n"])


def _text(x: float, y: float, said: str, anchor: str, size: int = 12) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{escape(said)}</text>'
