"""Processes that are absent, cut off, stopped in the middle, or make room for the next."""

from __future__ import annotations

import time

import psutil
import pytest
from sqlalchemy import select
from uuid_utils import uuid7

from chatapp.store import backlog, tables
from chatapp.store.connection import redis
from chatapp.store.database import reading
from chatapp.store.keys import room_keys
from chatapp.types import Room
from tests.live.system import eventually, sampled
from tests.live.town import TENANT

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(180)]


def lag(system):
    with system.app.app_context():
        return backlog.lag()


def say(crowd, clients, *words):
    for word in words:
        for client in clients:
            crowd.write(client, f"{client.user_id} says {word}")


def states(client):
    """Who is there, as this client was told last."""
    return {told["user_id"]: told["state"] for told in client.heard("presence:changed")}


def test_without_a_clock_the_record_and_the_presence_keep_up(system, town, crowd, figures):
    clients = town.gather(crowd, "clockless", 4)
    system.clock.kill()
    with crowd.chatter(20):
        lags = sampled(lambda: lag(system), during=8)
    # Nobody says anything any more that would wake a writer.
    longest = max(lags + sampled(lambda: lag(system), during=3))
    gone = clients[0]
    crowd.leave(gone)
    eventually(lambda: states(clients[1]).get(gone.user_id) == "offline", within=10)

    system.clock.start()
    figures(f"the record lagged {longest:.1f} s at most without a clock")
    town.wait_until_settled(clients[1:], within=10)
    town.prove(clients)
    assert longest <= 5


def test_without_celery_the_web_workers_write_the_record(system, town, crowd, figures):
    clients = town.gather(crowd, "helpless", 4)
    system.work.kill()
    system.clock.kill()
    with crowd.chatter(40) as chatter:
        lags = sampled(lambda: lag(system), during=12, every=0.1)
    longest = max(lags + sampled(lambda: lag(system), during=6, every=0.1))  # what was said last
    figures(f"the record lagged {longest:.1f} s at most without celery")
    settled = town.wait_until_settled(clients, within=5)
    system.work.start()
    system.clock.start()
    report = town.prove(clients)
    figures(f"{report}; settled {settled:.1f} s later")
    assert longest <= 5
    assert report.acknowledged == chatter.written


def test_celery_killed_in_the_middle_of_a_batch(system, town, crowd, figures):
    clients = town.gather(crowd, "batch", 6)
    with crowd.chatter(100) as chatter:
        for _ in range(2):
            system.work.kill()
            system.work.start()
            eventually(lambda: system.work.is_running, within=5)
            before = town.head("batch").applied
            eventually(lambda: town.head("batch").applied > before, within=20)  # noqa: B023
    town.wait_until_settled(clients, within=30)

    report = town.prove(clients)
    figures(report)
    assert report.acknowledged == chatter.written


def test_a_poisonous_event_is_put_aside_and_the_others_go_on(system, town, crowd, figures):
    clients = town.gather(crowd, "poison", 3)
    log = room_keys_of(system, "poison").shard_log
    say(crowd, clients, "before")
    town.wait_until_settled(clients, within=15)
    with system.app.app_context():
        redis.xadd(log, {"t": TENANT, "e": f"poison {uuid7()}"})
    poisoned_at = time.monotonic()
    say(crowd, clients, "after")

    eventually(lambda: dead_letters(system), within=60)
    seconds = time.monotonic() - poisoned_at
    town.wait_until_settled(clients, within=60)
    town.prove(clients)
    figures(f"put with the dead letters after {seconds:.1f} s")


def test_a_deploy_sends_people_away_one_after_the_other(system, town, crowd, figures):
    clients = town.gather(crowd, "deploy", 40)
    leaving = [client for client in clients if client.urls == [system.web[0].url]]
    for client in leaving:
        client.urls = [system.web[1].url]  # what a proxy, or reuse_port, does
    with crowd.chatter(30) as chatter:
        eventually(lambda: chatter.written > 30, within=10)
        told_from = time.monotonic()
        seconds = system.web[0].stop(within=12)
        eventually(lambda: all(client.stays(0.5) for client in leaving), within=15)
    town.wait_until_settled(clients, within=20)
    system.web[0].start()
    system.wait_until_ready()

    report = town.prove(clients)
    back = sorted(client.arrivals[-1] - told_from for client in leaving)
    figures(f"stopped in {seconds:.1f} s, {len(leaving)} back after {back[0]:.1f}–{back[-1]:.1f} s")
    figures(report)
    assert seconds < 12
    assert all(len(client.closings) == 1 for client in leaving)
    assert all(client.connections == 2 for client in leaving)
    assert not any(client.closings for client in clients if client not in leaving)
    assert back[-1] - back[0] >= 4  # of the six seconds that forty people are spread over
    assert report.acknowledged == chatter.written
    assert report.started_over == 0


def test_a_killed_worker_with_everybody_on_it(system, town, crowd, figures):
    clients = town.gather(crowd, "herd", 60, on=[web.url for web in system.web])
    with crowd.chatter(20):
        (worker,) = psutil.Process(system.web[0].process.pid).children()
        there = [client for client in clients if client.wire]
        connections = sum(client.connections for client in there)
        worker.kill()
        killed_at = time.monotonic()
        eventually(lambda: sum(client.connections for client in there) > connections, within=10)
        eventually(lambda: all(client.stays(0.0) for client in clients), within=20)
        seconds = time.monotonic() - killed_at
    town.wait_until_settled(clients, within=15)
    report = town.prove(clients)
    figures(f"everybody back after {seconds:.1f} s; {report}")
    system.wait_until_ready()
    assert report.started_over == 0
    assert not any("offline" in states(client).values() for client in clients)


def room_keys_of(system, room):
    with system.app.app_context():
        return room_keys(Room(TENANT, room))


def dead_letters(system):
    with system.app.app_context(), reading() as connection:
        query = select(tables.dead_letters.c.error)
        return list(connection.execute(query).scalars())
