"""Who is here, as browsers see it."""

from __future__ import annotations

import pytest

from chatapp.actions import presence
from chatapp.store import keys, local
from chatapp.store import presence as leases
from chatapp.store.connection import redis


def test_the_others_are_told_who_comes_and_who_goes(connect, ada, bob):
    alice = connect(ada)
    robert = connect(bob)
    assert alice.heard("presence:changed")[-1] == {"user_id": "bob", "state": "active"}

    robert.close()

    assert alice.heard("presence:changed") == [{"user_id": "bob", "state": "offline"}]


def test_a_second_tab_changes_nothing(connect, ada, bob):
    alice, first = connect(ada), connect(bob)
    alice.heard("presence:changed")

    second = connect(bob)
    first.close()

    assert alice.heard("presence:changed") == []
    second.close()
    assert alice.heard("presence:changed") == [{"user_id": "bob", "state": "offline"}]


def test_away_is_told_when_every_tab_is(connect, ada, bob):
    alice, first, second = connect(ada), connect(bob), connect(bob)
    alice.heard("presence:changed")

    assert first.ask("presence:set", state="away") == {"ok": True, "data": {}}
    assert alice.heard("presence:changed") == []
    second.ask("presence:set", state="away")
    assert alice.heard("presence:changed") == [{"user_id": "bob", "state": "away"}]
    second.ask("presence:set", state="active")
    assert alice.heard("presence:changed") == [{"user_id": "bob", "state": "active"}]


@pytest.mark.parametrize("state", ["offline", "", None, 1])
def test_nobody_can_say_that_they_are_anything_else(connect, ada, state):
    answer = connect(ada).ask("presence:set", state=state)

    assert answer["error"]["code"] == "invalid_payload"


def test_strangers_are_told_nothing(connect, ada, mallory):
    eve = connect(mallory)
    eve.heard("presence:changed")

    connect(ada).ask("presence:set", state="away")

    assert eve.heard("presence:changed") == []


def test_what_the_queue_lost_is_put_right_with_the_next_beat(connect, ada, bob):
    alice = connect(ada)
    alice.heard("presence:changed")
    elsewhere = local.Connection("elsewhere", bob)
    leases.touch("acme", [elsewhere])  # another worker, whose message never came

    presence.beat()
    assert alice.heard("presence:changed") == [{"user_id": "bob", "state": "active"}]
    presence.beat()
    assert alice.heard("presence:changed") == []

    leases.drop("acme", [elsewhere])
    presence.beat()
    assert alice.heard("presence:changed") == []  # Redis has not been swept yet: perhaps it lost it
    leases.sweep("acme")
    redis.hset(keys.presence("acme")[4], "from", 0)
    presence.beat()
    assert alice.heard("presence:changed") == [{"user_id": "bob", "state": "offline"}]


def test_a_beat_renews_only_what_this_worker_holds(connect, ada, bob):
    connect(ada)
    elsewhere = local.Connection("elsewhere", bob)
    leases.touch("acme", [elsewhere])
    name = keys.presence("acme")[0]
    before = redis.zrange(name, 0, -1, withscores=True)
    redis.zadd(name, {member: 1.0 for member, _ in before})

    presence.beat()

    renewed = {
        member.split("/")[0]: ends for member, ends in redis.zrange(name, 0, -1, withscores=True)
    }
    assert renewed["ada"] > 1
    assert renewed["bob"] == 1


def test_when_redis_lost_everything_the_beat_brings_it_back(connect, ada, bob):
    alice = connect(ada)
    connect(bob)
    alice.heard("presence:changed")
    redis.flushdb()

    presence.beat()

    assert leases.online("acme") == {"ada": "active", "bob": "active"}
    assert {"user_id": "bob", "state": "offline"} not in alice.heard("presence:changed")


def test_a_sweep_tells_who_is_gone(connect, ada, bob):
    alice = connect(ada)
    leases.touch("acme", [local.Connection("elsewhere", bob)])
    leases.sweep("acme")
    redis.hset(keys.presence("acme")[4], "from", 0)
    redis.zadd(keys.presence("acme")[0], {"bob/elsewhere": 1})
    alice.heard("presence:changed")

    presence.sweep()

    assert alice.heard("presence:changed") == [{"user_id": "bob", "state": "offline"}]


def test_a_worker_that_holds_nobody_remembers_nothing(app, connect, ada):
    alice = connect(ada)
    presence.beat()
    alice.close()

    assert app.extensions["local"].told == {}
    assert local.all() == []
