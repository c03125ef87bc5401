"""Any process dies at any moment: nobody loses, repeats or reorders anything.

Twenty seconds of it by default; CHAOS_SECONDS=60 for the long form.
"""

from __future__ import annotations

import itertools
import os
import random
import threading
import time

import psutil
import pytest

from tests.live.system import System, Web

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

SECONDS = float(os.environ.get("CHAOS_SECONDS", "20"))
EVERY = 5.0
A_SECOND = 100
ROOMS, IN_EACH = 4, 6


def kill_worker(web: Web) -> None:
    """gunicorn itself stays, and starts another."""
    assert web.process
    for worker in psutil.Process(web.process.pid).children():
        worker.kill()


def kill_redis(system: System) -> None:
    system.redis.kill()
    system.start_redis()


def kill_celery(system: System) -> None:
    system.work.kill()
    system.work.start()


def kill_web(system: System) -> None:
    kill_worker(random.choice(system.web))


def test_anything_killed_every_five_seconds(town, crowd, system, figures):
    everywhere = [web.url for web in system.web]
    clients = []
    for number in range(ROOMS):
        clients += town.gather(crowd, f"room-{number}", IN_EACH, on=everywhere)
    killing = itertools.cycle([kill_redis, kill_web, kill_celery])
    over = threading.Event()

    killed = []
    with crowd.chatter(A_SECOND) as chatter:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until and not over.wait(EVERY):
            kill = next(killing)
            kill(system)
            killed.append(kill.__name__)
        over.wait(1.0)

    stopped_at = time.monotonic()
    town.wait_until_shown(clients, within=30)
    shown = time.monotonic() - stopped_at
    town.wait_until_settled(clients, within=30)
    written = time.monotonic() - stopped_at
    report = town.prove(clients)
    figures(f"{', '.join(killed)}; {report}")
    figures(f"all shown {shown:.1f} s, all in the record {written:.1f} s after the last word")
    assert report.acknowledged == chatter.written > A_SECOND * SECONDS * 0.9
    assert report.started_over == 0
