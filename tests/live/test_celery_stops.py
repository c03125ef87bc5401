"""A Celery worker that is told to stop does, even when its Redis went first."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.live.system import System, eventually

pytestmark = pytest.mark.live

_HEARTBEAT = 2.5  # seconds; Celery's workers send one every two


@pytest.fixture
def system(tmp_path):
    with System(tmp_path, web=0) as running:
        yield running


def test_a_worker_stops_when_redis_is_gone(system):
    """With a heartbeat it would be in the middle of one: that is then sent for ever, and holds the
    lock that stopping waits for.
    """
    eventually(lambda: _is_up(system), within=30)
    system.redis.freeze()
    frozen_at = time.monotonic()
    eventually(lambda: time.monotonic() - frozen_at > _HEARTBEAT, within=2 * _HEARTBEAT)
    os.kill(system.work.process.pid, signal.SIGTERM)
    eventually(lambda: "worker:" in system.work.log, within=5)  # it has heard
    system.redis.kill()

    assert system.work.stop(within=12) < 12
    assert system.clock.stop(within=12) < 12


def _is_up(system):
    """The worker waits for something to do."""
    with system.app.app_context():
        clients = system.app.extensions["redis"].client_list()
        return any(client["cmd"] == "brpop" for client in clients)
