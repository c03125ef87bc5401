"""What docs/performance.md shows: which runs make it up, and how they become tables and plots.

Each page is one command of less than ten minutes: `bin/bench --page deliveries`, `peers`, `latency`,
`connections`, `growth`.
The table goes to standard output and, between its two marks, into the document; the plot to docs/img.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from bench import plot
from deploy.local.settings import CHECKOUT

DOCUMENT = CHECKOUT / "docs" / "performance.md"
IMAGES = CHECKOUT / "docs" / "img"
OURS, SOCKETIO, WS = "chat, fast", "Node socket.io, redis-adapter", "Node ws, ioredis"
STREAMS, PLAIN = "Node socket.io, redis-streams-adapter", "chat, plain"
EVENTLET, UVICORN = "Flask-SocketIO, eventlet", "python-socketio, uvicorn"
REPEATS, SECONDS = 5, 3.0

Result = dict[str, Any]
Plan = list[dict[str, Any]]


def _closed(server: str, shape: str, under_way: int, **more: Any) -> dict[str, Any]:
    return {"server": server, "shape": shape, "loop": "closed", "amount": under_way, **more}


def _idle(server: str, **more: Any) -> dict[str, Any]:
    return {"server": server, "shape": "100x10", "loop": "idle", "amount": 0, **more}


def _open(server: str, shape: str, rate: int, **more: Any) -> dict[str, Any]:
    return {"server": server, "shape": shape, "loop": "open", "amount": rate, **more}


PAGES: dict[str, Plan] = {
    "deliveries": [
        _closed(server, shape, under_way)
        for shape, under_way in {"500x4": 200, "100x10": 100, "10x100": 40, "1x1000": 16}.items()
        for server in (OURS, SOCKETIO, WS)
    ],
    "peers": [
        _closed(server, shape, under_way)
        for shape, under_way in {"100x10": 100, "1x1000": 16}.items()
        for server in (OURS, PLAIN, STREAMS, EVENTLET, UVICORN)
    ],
    "connections": [
        *[_idle(s) for s in (OURS, PLAIN, SOCKETIO, STREAMS, WS, EVENTLET, UVICORN)],
        *[_idle(s, deflate=True) for s in (OURS, SOCKETIO, WS)],
    ],
    "latency": [
        *[_open(s, "1x1000", 20) for s in (OURS, SOCKETIO, WS)],
        *[_open(s, "100x10", 1500) for s in (OURS, SOCKETIO, WS)],
        *[_open(s, "500x4", 2000) for s in (OURS, SOCKETIO, WS)],
        _open(OURS, "1x1000", 400),
    ],
    "growth": [
        _open(OURS, "10x10", 3000),
        _open(OURS, "1000x10", 3000),
        _open(OURS, "1x1000", 200),
        _open(OURS, "1x1000", 200, sleeper=True),
        _closed(OURS, "100x10", 100),
        _closed(OURS, "100x10", 100, workers=2),
    ],
}
# What a row is called, and what is shown of a run.
_WAYS: dict[str, tuple[Callable[[Result], str], Callable[[Result], str]]] = {
    "deliveries": (lambda r: r["server"], lambda r: f"{r['shape']} ({r['amount']:g} under way)"),
    "peers": (lambda r: r["server"], lambda r: f"{r['shape']} ({r['amount']:g} under way)"),
    "connections": (
        lambda r: r["server"] + (", permessage-deflate offered" if r["deflate"] else ""),
        lambda _: "",
    ),
    "latency": (lambda r: r["server"], lambda r: f"{r['shape']}, {r['amount']:g} a second"),
    "growth": (
        lambda r: (
            f"{r['shape']}, {r['loop']} {r['amount']:g}"
            + (f", {r['workers']} workers" if r["workers"] > 1 else "")
            + (", and one who sleeps" if r["sleeper"] else "")
        ),
        lambda _: "",
    ),
}


def show(page: str, results: list[Result]) -> str:
    """The table; written into the document, too, with the plot beside it."""
    row, column = _WAYS[page]
    cells: dict[str, dict[str, list[Result]]] = {}
    for result in results:
        cells.setdefault(row(result), {}).setdefault(column(result), []).append(result)
    lists = {"growth": _growth, "connections": _connections}
    made = lists[page](cells) if page in lists else _compared(cells, page)
    _write(page, made)
    if page == "deliveries":
        middles = {
            server: {at: median(_of(some, "per_cpu_second")) for at, some in row.items()}
            for server, row in cells.items()
        }
        text = plot.bars("Deliveries per CPU-second of the server", middles)
        (IMAGES / "deliveries.svg").write_text(text)
    return made


def _compared(cells: dict[str, dict[str, list[Result]]], page: str) -> str:
    columns = list(dict.fromkeys(at for row in cells.values() for at in row))
    lines = ["| server | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for server, row in cells.items():
        shown = [
            (_waits if page == "latency" else _spread)(row[at]) if at in row else "–"
            for at in columns
        ]
        lines.append(f"| {server} | " + " | ".join(shown) + " |")
    return "\n".join(lines)


def _growth(cells: dict[str, dict[str, list[Result]]]) -> str:
    lines = [
        "| | deliveries per CPU-second | last, p50 / p99 ms | let in per CPU-second | KB each |",
        "|---|---|---|---|---|",
    ]
    for name, row in cells.items():
        some = row[""]
        let_in = median(_of(some, "connects_per_cpu_second"))
        rest = f"{let_in:.0f} | {_kilobytes(some):.1f}"
        lines.append(f"| {name} | {_spread(some)} | {_waits(some)} | {rest} |")
    return "\n".join(lines)


def _connections(cells: dict[str, dict[str, list[Result]]]) -> str:
    lines = ["| server | let in per CPU-second | KB each, idle |", "|---|---|---|"]
    for name, row in cells.items():
        some = row[""]
        let_in = _spread(some, "connects_per_cpu_second")
        lines.append(f"| {name} | {let_in} | {_kilobytes(some):.1f} |")
    return "\n".join(lines)


def _kilobytes(some: list[Result]) -> float:
    """Of memory, for each client."""
    return median((r["memory"] - r["memory_before"]) / r["clients"] / 1000 for r in some)


def _spread(some: list[Result], of: str = "per_cpu_second") -> str:
    runs = _of(some, of)
    said = f"{median(runs):,.0f} ({min(runs):,.0f}–{max(runs):,.0f})".replace(",", " ")
    return said if _all_correct(some) else f"**WRONG** {said}"


def _waits(some: list[Result]) -> str:
    said = f"{median(_of(some, 'last_p50')):.1f} / {median(_of(some, 'last_p99')):.1f}"
    return said if _all_correct(some) else f"**WRONG** {said}"


def _all_correct(some: list[Result]) -> bool:
    return all(r["correct"] and not r["unfinished"] for r in some)


def _of(some: list[Result], name: str) -> list[float]:
    return [float(result[name]) for result in some]


def _write(page: str, table: str, document: Path = DOCUMENT) -> None:
    begin, end = f"<!-- bench {page} -->", f"<!-- end {page} -->"
    before = document.read_text()
    between = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not between.search(before):
        raise ValueError(f"{document.name} has no place for {page}")
    document.write_text(between.sub(lambda _: f"{begin}\n{table}\n{end}", before))
