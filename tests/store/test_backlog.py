"""What the record lacks: how much, for how long, and a message in it."""

from __future__ import annotations

import time

import pytest
from uuid_utils import uuid7

from chatapp.errors import Busy
from chatapp.store import backlog, lives, room_log, shard_log, timeline
from chatapp.store.connection import redis
from chatapp.store.database import connect
from chatapp.store.keys import room_keys
from chatapp.types import Draft


def say(room, *, made=None):
    """`made`: when its author's worker believes it to be, in seconds."""
    id_ = str(uuid7(nanoseconds=int(made * 1e9)) if made else uuid7())
    data = {"body": "hello", "mentions": []}
    return room_log.append(room, Draft("message:created", id_, "ada", data, str(uuid7())))[0]


@pytest.fixture
def no_database(app, monkeypatch, lobby):
    say(lobby)
    monkeypatch.setitem(app.extensions, "database", connect("sqlite:////nowhere/chat.db"))


def waited_for(room, count, *, since):
    """So many entries of others, that have waited since then."""
    pipe = redis.pipeline(transaction=False)
    for n in range(count):
        pipe.xadd(room_keys(room).shard_log, {"t": "acme", "e": f"{{{n}}}"}, id=f"{since}-{n + 1}")
    pipe.execute()


def test_what_waits_is_counted_and_timed(lobby):
    shard = room_keys(lobby).shard
    waited_for(lobby, 3, since=int((time.time() - 60) * 1000))

    count, seconds = backlog.waiting()[shard]
    assert count == 3
    assert 55 < seconds < 120

    shard_log.take(shard, at_most=9)
    assert backlog.waiting()[shard][0] == 3, "handed out is not written down"
    shard_log.done(shard_log.take(shard, at_most=9))
    assert backlog.waiting()[shard] == (0, 0.0)
    assert backlog.lag() == 0.0


def test_a_look_takes_two_round_trips_at_most_whatever_the_shards(lobby, round_trips):
    for shard in shard_log.shards():
        redis.xadd(shard_log.keys.shard_log(shard), {"t": "acme", "e": "{}"})

    with round_trips() as trips:
        backlog.lag()
        assert len(trips) <= 2


def test_a_young_message_is_found_among_very_many(lobby):
    lives.examine()  # while the logs are empty there is nothing that could have been lost
    waited_for(lobby, 20_000, since=int((time.time() - 60) * 1000))
    event = say(lobby)
    before = redis.info("stats")["total_net_output_bytes"]

    assert backlog.young("acme", event.id) == event
    read = redis.info("stats")["total_net_output_bytes"] - before
    assert read < 50_000


def test_a_young_message_of_a_wrong_clock_is_found_too(lobby):
    event = say(lobby, made=time.time() - 600)

    assert backlog.young("acme", event.id) == event
    assert backlog.young("rival", event.id) is None


def test_who_would_have_to_look_through_everything_is_put_off(lobby):
    waited_for(lobby, 5_000, since=int(time.time() * 1000))

    with pytest.raises(Busy):
        backlog.young("acme", str(uuid7()))
    assert backlog.young("acme", "no id of ours") is None


@pytest.mark.usefixtures("no_database")
def test_without_the_record_nobody_says_that_a_message_does_not_exist(lobby):
    with pytest.raises(Busy):
        timeline.find("acme", str(uuid7()))


@pytest.mark.usefixtures("no_database")
def test_without_the_record_a_young_message_is_found_as_it_is_now(lobby):
    event = say(lobby)
    assert timeline.find("acme", event.id).body == "hello"

    change = {"message_id": event.id, "message_seq": event.seq, "revision": 2}
    edit = Draft("message:edited", str(uuid7()), "ada", {**change, "body": "bye", "mentions": []})
    room_log.append(lobby, edit, revises=(event.id, 1, 1))
    assert timeline.find("acme", event.id).body == "bye"
