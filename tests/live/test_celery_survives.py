"""Celery 5.7.0's worker exits when Redis restarts while a task is in flight. Ours must not."""

from __future__ import annotations

import sys

import pytest

from deploy.local.family import Member
from tests.live.system import Part, System, eventually

pytestmark = pytest.mark.live


@pytest.fixture
def system(tmp_path):
    """Redis and the database; the test starts what it needs beside them."""
    system = System(tmp_path, web=0)
    try:
        system.start_redis()
        system.run("-m", "deploy.prepare")
        yield system
    finally:
        system.app.extensions["database"].dispose()
        system.redis.kill()


@pytest.fixture
def worker(system, tmp_path):
    command = [sys.executable, "-m", "celery", "-A", "tests.live.slow_tasks", "worker", "-c", "2"]
    worker = Part(Member("slow", command), system.environ, tmp_path / "slow.log")
    worker.start()
    yield worker
    worker.kill()


def send(system, path):
    system.app.extensions["queue"].send_task("tests.hold", args=[str(path)])


def restart(redis, system):
    redis.kill()
    system.start_redis()


def test_a_worker_survives_redis_restarting_with_a_task_in_flight(system, worker, tmp_path):
    for number in range(3):
        path = tmp_path / f"task-{number}"
        send(system, path)
        eventually(lambda p=path: p.with_suffix(".began").exists(), within=30)

        restart(system.redis, system)
        path.with_suffix(".go").touch()

        later = tmp_path / f"later-{number}"
        later.with_suffix(".go").touch()
        eventually(lambda p=later: _sent(system, p), within=10)
        eventually(lambda p=later: p.with_suffix(".ended").exists(), within=30)
        assert worker.is_running, worker.log


def _sent(system, path):
    try:
        send(system, path)
    except OSError:
        return False
    return True


def test_a_killed_worker_is_followed_by_one_that_goes_on(system, worker, tmp_path):
    path = tmp_path / "task"
    send(system, path)
    eventually(path.with_suffix(".began").exists, within=30)
    worker.kill()
    worker.start()

    later = tmp_path / "later"
    later.with_suffix(".go").touch()
    send(system, later)

    eventually(later.with_suffix(".ended").exists, within=30)
