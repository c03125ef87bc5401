"""`python -m bench.answers`: how soon after a provider's first word it is on the screen of who asked.

A whole system of real processes, a provider that speaks HTTP, its real SDK; so many questions at once,
in rooms of their own, again and again.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from statistics import median

from tests.fake_providers import FakeProviders
from tests.live.asking import Study
from tests.live.client import Crowd
from tests.live.conftest import FAST
from tests.live.system import System
from tests.live.town import Town


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.answers", description=__doc__)
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chat-bench-") as path, FakeProviders() as fake:
        fake.pieces, fake.pause = ["word "] * 60, 0.05
        with System(Path(path), keys=fake.environ, **FAST) as system, Crowd() as crowd:
            study = Study(Town(system), crowd)
            study.choose("openai")
            waited: list[float] = []
            for number in range(asked.rounds + 1):
                found = _round(study, fake, f"round-{number}", asked.at_once)
                waited += found if number else []  # the first imports the SDK
    waited.sort()
    at = {"median": median(waited), "p95": waited[int(len(waited) * 0.95)], "slowest": waited[-1]}
    figures = ", ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in at.items())
    print(f"{len(waited)} answers, {asked.at_once} at once: first piece {figures}")  # noqa: T201


def _round(study: Study, fake: FakeProviders, name: str, at_once: int) -> list[float]:
    fake.requests.clear()
    clients = [study.conversation(f"{name}-{n}")[1][0] for n in range(at_once)]
    runs = [study.ask(client) for client in clients]
    for client, run in zip(clients, runs, strict=True):
        answer = study.ended(client, run, within=60)
        assert answer["run"]["outcome"] == "done", answer["run"]
    waited = study.first_pieces(clients, runs, fake.requests)
    study.crowd.leave(*clients)
    return waited


if __name__ == "__main__":
    main()
