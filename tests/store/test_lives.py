"""Redis was started again: has it all it had?"""

from __future__ import annotations

import pytest
from uuid_utils import uuid7

from chatapp.errors import Busy
from chatapp.store import connection, keys, lives, record, room_log, shard_log, tail
from chatapp.store.connection import redis
from chatapp.store.keys import room_keys
from chatapp.types import Draft


def say(room):
    data = {"body": "hello", "mentions": []}
    return room_log.append(room, Draft("message:created", str(uuid7()), "ada", data, str(uuid7())))[
        0
    ]


def restart(monkeypatch, *, up=60):
    """As far as we can tell: another run, that nobody has vouched for."""
    for shard in shard_log.shards():
        redis.set(keys.shard_run(shard), "the run before")
    if here := tail.known():
        here.run = "the run before"
    now = connection.server()
    monkeypatch.setattr(lives, "server", lambda: now._replace(up=up))


def forget_last(room):
    """What a crash does to the end of an append-only file; the next entry gets a later id."""
    found = room_keys(room)
    newest = redis.xrevrange(found.shard_log, count=1)[0][0]
    redis.hincrby(found.head, "seq", -1)
    *kept, _ = redis.xrange(found.log)
    redis.delete(found.log)
    for id_, fields in kept:
        redis.xadd(found.log, fields, id=id_)
    redis.xdel(found.shard_log, newest)
    redis.xadd(found.shard_log, {"not": "ours"})


def follow():
    """Stand where the logs end, as a worker that has told everything."""
    tail.here().last.update(shard_log.newest())


def test_a_redis_that_has_everything_goes_on_in_the_same_epoch(lobby, monkeypatch):
    first = say(lobby)
    record.write([first])
    follow()
    restart(monkeypatch)

    second = say(lobby)

    assert (second.epoch, second.seq) == (first.epoch, first.seq + 1)


def test_a_number_that_was_told_is_not_given_again(lobby, monkeypatch):
    say(lobby)
    told = say(lobby)
    follow()
    forget_last(lobby)
    restart(monkeypatch)

    again = say(lobby)

    assert again.epoch != told.epoch
    assert again.seq > told.seq


def test_a_number_that_was_acknowledged_is_not_given_again(lobby, monkeypatch):
    """Its author was told, and nobody else yet."""
    say(lobby)
    follow()
    acknowledged = say(lobby)
    forget_last(lobby)
    restart(monkeypatch)

    again = say(lobby)

    assert again.epoch != acknowledged.epoch
    assert again.seq > acknowledged.seq


def test_who_acknowledged_it_says_so_even_after_others_have_vouched(lobby):
    say(lobby)
    follow()
    acknowledged = say(lobby)
    tail.here().doubtful = True  # the connection broke
    forget_last(lobby)
    given_twice = say(lobby)  # by a worker that knows of nothing that is missing

    assert lives.examine() == {room_keys(lobby).shard}

    assert given_twice.seq == acknowledged.seq
    assert say(lobby).epoch != acknowledged.epoch
    tail.here().doubtful = False
    follow()
    assert lives.examine() == set(), "but only once"


def test_a_number_that_the_record_has_is_not_given_again(lobby, monkeypatch):
    """Every web worker was started again too, and nobody remembers."""
    recorded = [say(lobby), say(lobby)]
    record.write(recorded)
    forget_last(lobby)
    restart(monkeypatch)

    again = say(lobby)

    assert again.epoch != recorded[1].epoch
    assert again.seq > recorded[1].seq


def test_who_followed_the_logs_speaks_first(lobby, monkeypatch):
    first = say(lobby)
    restart(monkeypatch, up=1)

    with pytest.raises(Busy):
        say(lobby)
    follow()
    tail.here().run = "the run before"
    assert say(lobby).seq == first.seq + 1


def test_a_master_that_was_none_for_a_while_is_looked_at(lobby):
    """The same process, but perhaps with what another one had."""
    say(lobby)
    told = say(lobby)
    follow()
    redis.replicaof("127.0.0.1", 1)
    redis.replicaof("NO", "ONE")
    forget_last(lobby)

    again = say(lobby)

    assert again.epoch != told.epoch
    assert again.seq > told.seq


def test_what_is_told_while_we_look_is_not_lost(lobby, monkeypatch):
    tail.here()
    first = say(lobby)
    say(lobby)
    ask = lives._last_ids

    def meanwhile():
        follow()
        return ask()

    monkeypatch.setattr(lives, "_last_ids", meanwhile)

    assert lives.lost() == set()
    assert say(lobby).epoch == first.epoch


def test_a_log_that_was_trimmed_is_not_one_that_was_lost(lobby, monkeypatch):
    first = say(lobby)
    follow()
    say(lobby)
    redis.xtrim(room_keys(lobby).shard_log, maxlen=0)
    restart(monkeypatch)

    assert lives.examine() == set()
    assert say(lobby).epoch == first.epoch
