"""bin/bench: every server in turn, in every shape, again and again; then medians.

`--short` is for a change: three servers, three seconds each; `--page` writes a part of
docs/performance.md, see figures.py. Results go to var/bench/results.jsonl,
one line per run, and as a table to standard output.
"""

from __future__ import annotations

import argparse
import json
import platform
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench import figures, servers, town
from bench.sleeper import asleep
from deploy.local.settings import CHECKOUT

OUT = CHECKOUT / "var" / "bench"
SHAPES = {
    "500x4": (2_000, 500, 200),
    "100x10": (1_000, 100, 100),
    "10x100": (1_000, 10, 40),
    "1x1000": (1_000, 1, 16),
    "10x10": (100, 10, 100),
    "1000x10": (10_000, 1_000, 100),
}
COMMON = list(SHAPES)[:4]
SHORT = ["chat, fast", "Node socket.io, redis-adapter", "Node ws, ioredis"]


@dataclass(frozen=True)
class Run:
    server: str
    shape: str
    loop: str  # closed, open or idle
    amount: float  # messages under way, or a second
    workers: int = 1
    sleeper: bool = False  # one more in the first room, who reads nothing
    deflate: bool = False  # every client offers permessage-deflate

    @property
    def title(self) -> str:
        return f"{self.shape} {self.loop} {self.amount:g}"


def main() -> None:
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nobody is left running
    OUT.mkdir(parents=True, exist_ok=True)
    _build()
    results = []
    runs = _of_page(asked) if asked.page else _plan(asked)
    with (OUT / "results.jsonl").open("a") as kept:
        for run in runs:
            result = {**run.__dict__, **measure(run, asked.seconds), "machine": platform.node()}
            results.append(result)
            kept.write(json.dumps(result) + "\n")
            print(_line(result), flush=True)  # noqa: T201
    print(figures.show(asked.page, results) if asked.page else table(results))  # noqa: T201


def measure(run: Run, seconds: float) -> dict[str, Any]:
    people, rooms, _ = SHAPES[run.shape]
    ours = run.server.startswith("chat")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with servers.valkey(folder / "valkey", durable=ours) as redis_url:
            if ours:
                environ, clients = town.build(folder, redis_url, people=people + rooms, rooms=rooms)
            else:
                environ, clients = {}, [_stranger(n % rooms) for n in range(people + rooms)]
            log = OUT / "server.log"
            with (
                servers.serve(run.server, redis_url, environ, log, workers=run.workers) as server,
                asleep(server.port, clients[people]) if run.sleeper else nullcontext(),
            ):
                before = server.memory
                found = _load(server, run, people, rooms, seconds, clients[:people])
                return {**found, "memory": server.memory, "memory_before": before}


def _stranger(room: int) -> str:
    return f'room{room}\t\t{{"room_id":"room{room}"}}'


def _load(
    server: servers.Running, run: Run, people: int, rooms: int, seconds: float, clients: list[str]
) -> dict[str, Any]:
    pids = ",".join(map(str, server.pids))
    asked = [server.port, pids, people, rooms, seconds, run.loop, run.amount]
    asked += ["deflate"] if run.deflate else []
    done = subprocess.run(
        ["taskset", "-c", str(servers.OTHER_CORE), str(OUT / "generator"), *map(str, asked)],
        input="\n".join(clients) + "\n",
        capture_output=True,
        text=True,
        timeout=seconds + 180,
        check=False,
    )
    if not done.stdout:
        raise RuntimeError(f"{run}: {done.stderr}\n{(OUT / 'server.log').read_text()[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)

    found["correct"] = done.returncode == 0
    return found


def _plan(asked: argparse.Namespace) -> Iterator[Run]:
    for _ in range(asked.repeats):
        for shape in asked.shapes:
            for server in asked.servers:
                amount = asked.rate if asked.loop == "open" else SHAPES[shape][2]
                yield Run(server, shape, asked.loop, amount)


def _of_page(asked: argparse.Namespace) -> Iterator[Run]:
    for _ in range(asked.repeats):
        for each in figures.PAGES[asked.page]:
            yield Run(**each)


def table(results: list[dict[str, Any]]) -> str:
    """Deliveries per CPU-second of the server: medians, and in brackets the spread."""
    shapes = list(dict.fromkeys(r["shape"] for r in results))
    lines = ["| server | " + " | ".join(shapes) + " |", "|---" * (len(shapes) + 1) + "|"]
    for server in dict.fromkeys(r["server"] for r in results):
        cells = []
        for shape in shapes:
            runs = [
                r["per_cpu_second"] for r in results if (r["server"], r["shape"]) == (server, shape)
            ]
            cells.append(
                f"{median(runs):,.0f} ({min(runs):,.0f}–{max(runs):,.0f})".replace(",", " ")
                if runs
                else "–"
            )
        lines.append(f"| {server} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _line(result: dict[str, Any]) -> str:
    verdict = "ok" if result["correct"] and not result["unfinished"] else "WRONG"
    return (
        f"{result['server']:38} {result['shape']:7} {result['loop']:6} {result['per_cpu_second']:>8} /CPU-s"
        f" {result['per_second']:>8} /s  busy {result['server_busy']:.2f}/{result['generator_busy']:.2f}"
        f"  last {result['last_p50']}/{result['last_p99']} ms  ack {result['ack_p50']}/{result['ack_p99']} ms"
        f"  in {result['connects_per_second']}/s ({result['connects_per_cpu_second']}/CPU-s)  {verdict}"
    )


def _build() -> None:
    source = Path(__file__).with_name("generator.c")
    subprocess.run(["cc", "-O2", "-o", str(OUT / "generator"), str(source)], check=True)
    peers = Path(__file__).with_name("peers")
    if not (peers / "node_modules").exists():
        subprocess.run(["npm", "ci", "--silent", "--prefix", str(peers)], check=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--page", choices=list(figures.PAGES), help="of docs/performance.md")
    parser.add_argument("--servers", nargs="+", choices=list(servers.COMMANDS), default=None)
    parser.add_argument("--shapes", nargs="+", choices=list(SHAPES), default=COMMON)
    parser.add_argument("--loop", choices=["closed", "open", "idle"], default="closed")
    parser.add_argument(
        "--rate", type=float, default=20.0, help="messages a second in the open loop"
    )
    parser.add_argument("--repeats", type=int, default=None)
    parser.add_argument("--seconds", type=float, default=None)
    asked = parser.parse_args()
    asked.servers = asked.servers or (SHORT if asked.short else list(servers.COMMANDS))
    asked.repeats = asked.repeats or (1 if asked.short else figures.REPEATS)
    asked.seconds = asked.seconds or (figures.SECONDS if asked.short or asked.page else 8.0)
    return asked


if __name__ == "__main__":
    main()
