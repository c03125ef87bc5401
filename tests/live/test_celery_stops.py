"""A Celery worker that is told to stop does, even when its Redis went first."""

from __future__ import annotations

import pytest

from tests.live.system import System, eventually

pytestmark = pytest.mark.live


@pytest.fixture
def system(tmp_path):
    with System(tmp_path, web=0) as running:
        yield running


def test_a_worker_stops_when_redis_is_gone(system):
    eventually(lambda: _is_up(system), within=30)
    system.redis.kill()
    assert system.work.stop(within=12) < 12
    assert system.clock.stop(within=12) < 12


def _is_up(system):
    """The worker reads from the queue: it has written down what the clock sent."""
    with system.app.app_context():
        return system.app.extensions["redis"].exists("_kombu.binding.celery")
