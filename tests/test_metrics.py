"""What is counted, in one process and in several."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from chatapp import metrics
from chatapp.errors import Busy
from chatapp.store import answers, control

ROOT = Path(__file__).parent.parent


def value(line_start: str) -> float:
    page = metrics.render()[0].decode()
    found = re.search(rf"^{re.escape(line_start)} (\S+)$", page, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_an_answered_event_is_counted_and_timed():
    name = 'chat_events_total{event="test:count",outcome="busy"}'
    metrics.event_answered("test:count", "busy", 0.2)
    metrics.event_answered("test:count", "busy", 0.2)

    assert value(name) == 2
    assert value('chat_event_seconds_bucket{event="test:count",le="0.1"}') == 0
    assert value('chat_event_seconds_bucket{event="test:count",le="0.25"}') == 2


def test_an_http_request_is_counted_by_its_route_and_not_its_path(app):
    name = 'chat_http_requests_total{route="none",status="404"}'
    before = value(name)

    app.test_client().get("/rooms/secret-name/nothing")

    assert value(name) == before + 1
    assert b"secret-name" not in metrics.render()[0]


@pytest.mark.parametrize(
    "ask",
    [
        lambda ada: control.say("workspace_suspended", ada.tenant_id),
        lambda ada: answers.begin(ada, "k-1"),
        lambda ada: answers.keep(ada, "k-1", {}),
        lambda ada: answers.drop(ada, "k-1"),
    ],
    ids=["control", "begin", "keep", "drop"],
)
def test_a_redis_that_does_not_answer_is_counted(app, ada, monkeypatch, ask):
    before = value("chat_redis_busy_total")
    nobody = Redis(port=1, retry=Retry(NoBackoff(), 0))
    monkeypatch.setitem(app.extensions, "redis", nobody)

    with pytest.raises(Busy):
        ask(ada)

    assert value("chat_redis_busy_total") == before + 1


def test_workers_count_together(tmp_path):
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    def worker(code: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", f"from chatapp import metrics; {code}"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout

    worker("metrics.messages_sent.inc(2)")
    page = worker("metrics.messages_sent.inc(3); print(metrics.render()[0].decode())")

    assert "chat_messages_sent_total 5.0" in page


def test_what_many_threads_tally_is_all_poured():
    name = 'chat_events_total{event="test:tally",outcome="ok"}'

    def ask():
        for _ in range(1_000):
            metrics.event_answered("test:tally", "ok", 0.001)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        metrics.pour()
    for thread in threads:
        thread.join()

    assert value(name) == 4_000
    assert value('chat_event_seconds_bucket{event="test:tally",le="0.002"}') == 4_000
    assert value('chat_event_seconds_sum{event="test:tally"}') == pytest.approx(4.0)
