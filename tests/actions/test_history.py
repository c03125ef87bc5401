"""Writing down, when what is to be written is not as it should be."""

from __future__ import annotations

from sqlalchemy import select, update
from uuid_utils import uuid7

from chatapp.actions import history
from chatapp.store import codec, record, room_log, tables
from chatapp.store.connection import redis
from chatapp.store.database import reading, writing
from chatapp.store.keys import room_keys
from chatapp.types import Draft


def say(room, body):
    data = {"body": body, "mentions": []}
    return room_log.append(room, Draft("message:created", str(uuid7()), "ada", data, str(uuid7())))[
        0
    ]


def bodies():
    with reading() as connection:
        query = select(tables.messages.c.body).order_by(tables.messages.c.seq)
        return list(connection.execute(query).scalars())


def letters():
    with reading() as connection:
        return list(connection.execute(select(tables.dead_letters.c.event)).scalars())


def test_a_database_that_lost_its_last_second_gets_it_back_from_the_log(lobby, persist):
    for body in ("one", "two", "three"):
        say(lobby, body)
    persist()
    with writing() as connection:
        for table in (tables.messages, tables.events):
            connection.execute(table.delete().where(table.c.seq > 1))
        connection.execute(update(tables.rooms).values(applied_seq=1))

    say(lobby, "four")
    persist()

    assert bodies() == ["one", "two", "three", "four"]
    assert letters() == []


def test_what_cannot_be_written_does_not_hold_up_the_room_for_long(lobby, persist):
    say(lobby, "before")
    redis.xadd(room_keys(lobby).shard_log, {"t": "acme", "e": "poison"})
    say(lobby, "after")

    persist(times=history.MOST_TRIES)

    assert bodies() == ["before", "after"]
    assert letters() == ["poison"]


def test_a_number_given_twice_loses_neither_event_and_ends_the_epoch(lobby, persist):
    first = say(lobby, "first")
    persist()
    redis.hset(room_keys(lobby).head, "seq", 0)  # rolled back, and nobody noticed
    redis.delete(room_keys(lobby).log)
    second = say(lobby, "second")
    assert (second.epoch, second.seq) == (first.epoch, first.seq)

    persist()
    third = say(lobby, "third")
    persist()

    assert third.epoch != first.epoch
    assert bodies() == ["first", "third"]
    assert [codec.load("acme", raw) for raw in letters()] == [second]
    assert record.write([first]) == {lobby: third.seq}
