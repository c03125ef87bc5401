"""The queue's and the clock's door."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chatapp.errors import Busy

ROOT = Path(__file__).parent.parent.parent


def python(code: str) -> subprocess.CompletedProcess[str]:
    """Where nothing is set: no Redis, no database, no secret."""
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, cwd=ROOT, env={}, capture_output=True, text=True, timeout=60, check=False
    )


def test_importing_the_workers_patches_nothing_and_needs_no_settings():
    done = python("import workers, sys; assert 'eventlet' not in sys.modules")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture
def celery(app, monkeypatch):
    import workers  # noqa: PLC0415 - its application is replaced before it is built

    monkeypatch.setattr(workers, "application", lambda: app)
    workers.celery.loader.import_default_modules()
    return workers.celery


def test_everything_the_clock_calls_is_a_task_and_in_time(celery):
    entries = celery.conf.beat_schedule.values()

    assert {entry["task"] for entry in entries} == {
        "assistant.sweep",
        "persist.drain",
        "presence.sweep",
        "budgets.sweep",
        "upkeep.trim",
        "documents.read",
        "documents.embed",
        "upkeep.expire",
    }
    assert {entry["task"] for entry in entries} <= set(celery.tasks)
    for entry in entries:  # a call nobody took is gone when the next one comes
        assert entry["options"]["expires"] <= entry["schedule"]


def test_no_task_runs_twice_because_it_runs_long(celery):
    hidden = celery.conf.broker_transport_options["visibility_timeout"]
    late = [task for task in celery.tasks.values() if task.acks_late]  # the others are gone at once
    limits = [task.time_limit or celery.conf.task_time_limit for task in late]

    assert max(limits) < hidden


def test_every_setting_is_one_that_celery_knows(celery):
    from celery.app.defaults import DEFAULTS  # noqa: PLC0415

    import workers  # noqa: PLC0415

    assert set(workers.settings()) <= set(DEFAULTS)


def test_every_task_runs(celery):
    ours = [name for name in celery.tasks if not name.startswith("celery.")]

    given = {"assistant.reply": ["acme", "no-such-room"]}
    states = {name: celery.tasks[name].apply(given.get(name)).state for name in ours}
    assert states == dict.fromkeys(ours, "SUCCESS")


def test_a_task_is_put_off_while_redis_is_away(celery, monkeypatch):
    task = celery.tasks["presence.sweep"]

    def away() -> None:
        raise Busy

    monkeypatch.setattr(task, "run", away)

    assert task.apply().state == "SUCCESS"


def test_a_task_that_fails_says_so(celery, monkeypatch):
    task = celery.tasks["presence.sweep"]
    monkeypatch.setattr(task, "run", lambda: 1 / 0)

    assert task.apply().state == "FAILURE"
