"""What the record lacks: how much, and for how long."""

from __future__ import annotations

import time

from chatapp.store import backlog, shard_log
from chatapp.store.connection import redis
from chatapp.store.keys import room_keys


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
