"""Redis stops, forgets, or comes back with less than it had."""

from __future__ import annotations

import resource
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from uuid_utils import uuid7

from chatapp.errors import Busy
from chatapp.store import room_log
from chatapp.types import Draft, Room
from tests.live.system import eventually, sampled
from tests.live.town import TENANT

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(180)]

FROZEN = 10.0  # seconds


def say(crowd, clients, *words):
    for word in words:
        for client in clients:
            crowd.write(client, f"{client.user_id} says {word}")


def with_file_limits(system):
    """Redis again, as one that is told when its files cannot grow, instead of being killed for it."""
    system.redis.kill()
    ignore = "import os, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)"
    wrapped = [sys.executable, "-c", f"{ignore}; os.execv(sys.argv[1], sys.argv[1:])"]
    if system.redis.member.command[: len(wrapped)] != wrapped:
        system.redis.member.command[:0] = wrapped
    system.start_redis()


def limit_files(system, size):
    """No file of Redis may grow beyond this: to it the disk is full."""
    limits = (size, resource.RLIM_INFINITY)
    resource.prlimit(system.redis.process.pid, resource.RLIMIT_FSIZE, limits)


def append_at_once(room, *, by):
    """As somebody would who is quicker than those who look whether Redis has lost something."""
    data = {"body": "me first", "mentions": []}
    draft = Draft("message:created", str(uuid7()), by, data, str(uuid7()))

    def append():
        with suppress(Busy):
            return room_log.append(Room(TENANT, room), draft)[0]

    return eventually(append, within=10, every=0.01)


def aof(system) -> Path:
    """The part of the append-only file that grows."""
    (growing,) = (system.directory / "valkey" / "appendonlydir").glob("*.incr.aof")
    return growing


def timed(web, path):
    """(status, seconds)"""
    began = time.monotonic()
    status, _ = web.get(path)
    return status, time.monotonic() - began


def test_frozen_redis_makes_everybody_wait_and_nobody_lose(system, town, crowd, figures):
    clients = town.gather(crowd, "frozen", 10)
    with crowd.chatter(40) as chatter:
        eventually(lambda: chatter.written > 40, within=10)
        system.redis.freeze()
        http = sampled(lambda: timed(system.web[0], "/sign-in"), during=FROZEN, every=0.5)
        system.redis.thaw()

    settled = town.wait_until_settled(clients, within=10)

    report = town.prove(clients)
    slowest_page = max(seconds for _, seconds in http)
    figures(f"{report}; busy after {report.slowest_busy:.2f} s at most; page {slowest_page:.2f} s")
    figures(f"everything acknowledged and shown {settled:.1f} s after the thaw")
    assert report.acknowledged == chatter.written
    assert report.outcomes["busy"] > 0
    assert report.slowest_busy < 2.0
    assert {status for status, _ in http} == {200} and slowest_page < 3.0
    assert report.started_over == 0
    told = [stale for client in clients for _, stale in client.stale]
    assert told == [True, False] * len(clients)


def test_wiped_redis_begins_a_new_epoch_and_loses_nothing_that_somebody_holds(
    system, town, crowd, figures
):
    clients = town.gather(crowd, "wiped", 6)
    say(crowd, clients, "recorded")
    town.wait_until_settled(clients, within=15)
    before = town.head("wiped")
    system.work.kill()
    say(crowd, clients, "not recorded")
    eventually(lambda: not any(client.room.pending for client in clients), within=10)

    system.redis.kill()
    shutil.rmtree(system.directory / "valkey" / "appendonlydir")
    system.start_redis()
    back_at = time.monotonic()
    say(crowd, clients, "afterwards")

    eventually(lambda: all(before.epoch != c.room.epoch != "" for c in clients), within=10)
    seconds = time.monotonic() - back_at
    system.work.start()
    town.wait_until_settled(clients, within=30)
    report = town.prove(clients, whole_log=False)
    figures(f"{report}; everybody in the new epoch after {seconds:.1f} s")
    assert seconds < 5
    assert report.acknowledged == 3 * len(clients)
    assert town.head("wiped").seq > before.seq + 1000


def test_flushed_redis_begins_a_new_epoch_too(system, town, crowd):
    clients = town.gather(crowd, "flushed", 4)
    say(crowd, clients, "recorded")
    town.wait_until_settled(clients, within=15)
    epoch = town.head("flushed").epoch

    with town.system.app.app_context():
        town.system.app.extensions["redis"].flushall()

    eventually(lambda: all(epoch != c.room.epoch != "" for c in clients), within=6)
    say(crowd, clients, "afterwards")
    town.wait_until_settled(clients, within=15)
    town.prove(clients, whole_log=False)


@pytest.mark.parametrize("recorded", [True, False], ids=["recorded", "not-recorded"])
def test_redis_that_comes_back_with_less_gives_no_number_twice(
    system, town, crowd, figures, recorded
):
    room = f"rolled-back-{recorded}"
    clients = town.gather(crowd, room, 6)
    say(crowd, clients, "kept")
    town.wait_until_settled(clients, within=15)
    epoch, length = town.head(room).epoch, aof(system).stat().st_size
    if not recorded:
        system.work.kill()
    say(crowd, clients, "forgotten by redis")
    if recorded:
        town.wait_until_settled(clients, within=15)
    eventually(lambda: not any(client.room.pending for client in clients), within=10)

    with crowd.chatter(100) as chatter:  # many try at the moment that it is back
        system.redis.kill()
        with aof(system).open("r+b") as file:
            file.truncate(length)
        system.start_redis()
        with system.app.app_context():
            hasty = append_at_once(room, by=clients[0].user_id)
        eventually(lambda: all(epoch != c.room.epoch != "" for c in clients), within=10)

    if not recorded:
        system.work.start()
    town.wait_until_settled(clients, within=30)
    report = town.prove(clients, whole_log=False)
    figures(report)
    assert hasty.epoch != epoch
    assert report.acknowledged == chatter.written + 2 * len(clients)


def test_a_full_disk_makes_everybody_wait_until_there_is_room(system, town, crowd, figures):
    with_file_limits(system)
    clients = town.gather(crowd, "full", 6)
    with crowd.chatter(30) as chatter:
        eventually(lambda: chatter.written > 30, within=10)
        limit_files(system, aof(system).stat().st_size)
        eventually(lambda: any(said(client, "busy") for client in clients), within=10)
        until = time.monotonic() + 4
        eventually(lambda: time.monotonic() > until, within=10, every=0.5)
        limit_files(system, resource.RLIM_INFINITY)
        room_at = time.monotonic()
    town.wait_until_settled(clients, within=15)

    report = town.prove(clients)
    figures(f"settled {time.monotonic() - room_at:.1f} s after there was room; {report}")
    assert report.acknowledged == chatter.written
    assert report.started_over == 0


def said(client, outcome):
    return any(each == outcome for _, each in client.room.answers)
