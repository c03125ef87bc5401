"""What is thrown away, and what never is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select
from uuid_utils import uuid7

from chatapp.actions import history, upkeep
from chatapp.errors import Busy
from chatapp.store import aging, keys, room_log, shard_log, tables
from chatapp.store.connection import redis
from chatapp.store.database import connect, reading, writing
from chatapp.store.keys import room_keys
from chatapp.types import Draft


@pytest.fixture
def settings():
    """Everything is old at once; each test says what may go all the same."""
    return {"ROOM_LOG_KEEP": -2, "SHARD_LOG_KEEP": -2}


def say(room, body="hello"):
    draft = Draft(
        "message:created", str(uuid7()), "ada", {"body": body, "mentions": []}, str(uuid7())
    )
    return room_log.append(room, draft)[0]


def persist():
    while history.persist_batch(at_most=500):
        pass


def seqs(room):
    return [int(id_.split("-")[0]) for id_, _ in redis.xrange(room_keys(room).log)]


def in_shard_logs():
    return sum(redis.xlen(keys.shard_log(shard)) for shard in shard_log.shards())


def test_old_events_that_the_record_holds_leave_the_logs(app, lobby):
    for _ in range(300):
        say(lobby)
    persist()

    upkeep.trim()

    assert seqs(lobby) == []
    assert in_shard_logs() <= 100  # Redis trims whole nodes
    assert say(lobby).seq == 301


@pytest.mark.parametrize("settings", [{"ROOM_LOG_KEEP": 86400, "SHARD_LOG_KEEP": 600}])
def test_young_events_stay(app, lobby):
    for _ in range(3):
        say(lobby)
    persist()

    upkeep.trim()

    assert seqs(lobby) == [1, 2, 3]
    assert in_shard_logs() == 3


def test_what_the_record_does_not_hold_stays_however_old(app, lobby):
    say(lobby)
    persist()
    for _ in range(250):
        say(lobby)

    upkeep.trim()

    assert seqs(lobby) == list(range(2, 252))
    assert in_shard_logs() >= 250
    persist()
    redis.zadd(keys.shard_aging(keys.shard_of(lobby.id, 8)), {"acme lobby": 1})  # a second later
    upkeep.trim()
    assert seqs(lobby) == []


def test_what_was_handed_out_and_not_finished_stays(app, lobby):
    said = [say(lobby) for _ in range(250)]
    shard = keys.shard_of(lobby.id, app.config["SHARDS"])
    shard_log.take(shard, at_most=1)
    taken = shard_log.take(shard, at_most=500)
    shard_log.done(taken[1:])

    upkeep.trim()

    entries = shard_log.take(shard, at_most=500)
    assert [entry.event.id for entry in entries if entry.event] == [said[0].id]


def test_nothing_is_thrown_away_before_anybody_read(app, lobby):
    for _ in range(250):
        say(lobby)

    upkeep.trim()

    assert in_shard_logs() == 250


def test_nothing_is_thrown_away_without_the_database(app, lobby, monkeypatch):
    say(lobby)
    persist()
    monkeypatch.setitem(app.extensions, "database", connect("sqlite:////nowhere/at/all.db"))

    with pytest.raises(Busy):
        upkeep.trim()

    assert seqs(lobby) == [1]


def test_a_body_that_looks_like_a_time_is_not_one(app, lobby):
    say(lobby, '"at":"1999-01-01T00:00:00.000Z"')
    app.config["ROOM_LOG_KEEP"] = 0
    persist()
    app.config["ROOM_LOG_KEEP"] = 86400
    redis.zadd(keys.shard_aging(keys.shard_of(lobby.id, app.config["SHARDS"])), {"acme lobby": 1})

    upkeep.trim()

    assert seqs(lobby) == [1]


def test_a_room_is_looked_at_again_when_its_oldest_event_is_old(app, lobby):
    app.config["ROOM_LOG_KEEP"] = 86400
    event = say(lobby)
    persist()
    shard = keys.shard_of(lobby.id, app.config["SHARDS"])
    redis.zadd(keys.shard_aging(shard), {"acme lobby": 1})

    aging.trim(shard)

    due = redis.zscore(keys.shard_aging(shard), "acme lobby")
    assert due == pytest.approx(datetime.fromisoformat(event.at).timestamp() + 86400, abs=1)


def test_sessions_that_ended_are_forgotten_after_a_day(app, ada):
    now = datetime.now(UTC)
    ended = {"expired": {"expires_at": -25}, "revoked": {"expires_at": 9, "revoked_at": -25}}
    ended |= {"just": {"expires_at": -23}, "live": {"expires_at": 9}}
    with writing() as connection:
        for name, hours in ended.items():
            row = {key: now + timedelta(hours=value) for key, value in hours.items()}
            row |= {"created_at": now, "last_seen_at": now, "address": "", "user_agent": ""}
            row |= {"id": name, "workspace_id": "acme", "user_id": "ada", "kind": "browser"}
            connection.execute(insert(tables.sessions).values(row))

    upkeep.expire()

    with reading() as connection:
        left = set(connection.execute(select(tables.sessions.c.id)).scalars())
    assert left == {"just", "live", ada.session_id}
