from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import update
from uuid_utils import uuid7

from chatapp.errors import Conflict, RoomNotFound, TooFast
from chatapp.store import lives, record, room_log, shard_log, tables
from chatapp.store.connection import redis, run_lua
from chatapp.store.database import writing
from chatapp.store.keys import room_keys
from chatapp.types import Draft, Head, Room


def draft(body="hello", *, by="ada", client_id=None, kind="message:created", **data):
    data = {"body": body, "mentions": []} | data
    return Draft(kind, str(uuid7()), by, data, client_id or str(uuid7()))


def say(room, body="hello", **how):
    return room_log.append(room, draft(body, **how))[0]


def waiting():
    """What the record has not been given yet."""
    return [
        entry.event for shard in shard_log.shards() for entry in shard_log.take(shard, at_most=99)
    ]


def test_events_are_numbered_without_holes(lobby):
    assert [say(lobby).seq for _ in range(3)] == [1, 2, 3]


def test_an_event_is_the_same_in_the_room_log_and_in_the_shard_log(lobby):
    event = say(lobby, "hello, “wörld” \\ \n")

    assert room_log.since(lobby, 0, at_most=10) == [event]
    assert waiting() == [event]
    assert event.data["body"] == "hello, “wörld” \\ \n"


def test_the_time_is_that_of_redis(lobby):
    seconds, micros = redis.time()
    at = say(lobby).at

    assert len(at) == 24
    said = datetime.fromisoformat(at)
    assert abs((said - datetime.fromtimestamp(seconds + micros / 1e6, UTC)).total_seconds()) < 5


def test_sending_twice_is_sending_once(lobby):
    first, fresh = room_log.append(lobby, draft(client_id="c-0000001"))
    again, fresh_again = room_log.append(lobby, draft("other words", client_id="c-0000001"))

    assert (fresh, fresh_again) == (True, False)
    assert again == first
    assert len(waiting()) == 1


def test_two_people_may_choose_the_same_client_id(lobby):
    say(lobby, by="ada", client_id="c-0000001")

    assert say(lobby, by="bob", client_id="c-0000001").seq == 2


def test_a_repeat_is_known_after_redis_has_forgotten_it(lobby):
    client_id = str(uuid7())
    first = say(lobby, client_id=client_id)
    record.write(waiting())
    redis.flushdb()

    again, fresh = room_log.append(lobby, draft(client_id=client_id))

    assert not fresh
    assert again == first


def test_strangers_find_no_room(lobby):
    with pytest.raises(RoomNotFound):
        say(lobby, by="carol")
    with pytest.raises(RoomNotFound):
        say(Room("rival", "lobby"), by="ada")


def test_who_joins_may_speak_and_who_leaves_may_not(lobby):
    joined = Draft("member:joined", str(uuid7()), "carol", {"user_id": "carol", "role": "member"})
    left = Draft("member:left", str(uuid7()), "ada", {"user_id": "carol"})

    room_log.append(lobby, joined, by_member=False)
    assert say(lobby, by="carol").seq == 2
    room_log.append(lobby, left)
    with pytest.raises(RoomNotFound):
        say(lobby, by="carol")


def test_an_archived_room_takes_nothing_more(lobby):
    room_log.append(lobby, Draft("room:archived", str(uuid7()), "ada", {}))

    with pytest.raises(Conflict):
        say(lobby)
    left = Draft("member:left", str(uuid7()), "bob", {"user_id": "bob"})
    assert room_log.append(lobby, left)[1]  # nobody is locked in


def test_of_two_revisions_of_the_same_the_second_is_a_conflict(lobby):
    event = say(lobby)

    def edit():
        change = {"message_id": event.id, "message_seq": 1, "revision": 2}
        room_log.append(lobby, draft(kind="message:edited", **change), revises=(event.id, 1, 1))

    edit()
    with pytest.raises(Conflict):
        edit()


def test_who_guesses_the_next_revision_cannot_bring_back_what_was_just_removed(lobby):
    """By the number alone they would be right; they found the message before it was gone."""
    event = say(lobby)
    gone = {"message_id": event.id, "message_seq": 1, "revision": 2}
    room_log.append(lobby, draft(kind="message:removed", **gone), revises=(event.id, 1, 1))

    for kind in ("message:edited", "message:removed"):
        guess = draft("back", kind=kind, **gone | {"revision": 3})
        with pytest.raises(Conflict):
            room_log.append(lobby, guess, revises=(event.id, 2, 1))
    assert [each.seq for each in room_log.since(lobby, 0, at_most=9)] == [1, 2]


@pytest.mark.parametrize(
    "settings", [{"LIMIT_SEND": 3}, {"LIMIT_SEND_ROOM": 3}, {"LIMIT_SEND_WORKSPACE": 3}], ids=str
)
def test_a_limit_crossed_says_when_to_come_back(lobby, settings):
    for _ in range(3):
        room_log.append(lobby, draft(), limited=True)

    with pytest.raises(TooFast) as refused:
        room_log.append(lobby, draft(), limited=True)

    assert 0 < refused.value.retry_after <= 60
    assert say(lobby).seq == 4  # what is not limited goes on


def test_a_repeat_is_answered_even_beyond_the_limit(lobby, app):
    first, _ = room_log.append(lobby, draft(client_id="c-0000001"), limited=True)
    app.config["LIMIT_SEND"] = 1

    again, _ = room_log.append(lobby, draft(client_id="c-0000001"), limited=True)

    assert again == first


def test_a_wiped_redis_begins_a_new_epoch_above_the_record(lobby):
    for _ in range(3):
        old = say(lobby)
    record.write(waiting())
    redis.flushdb()

    new = say(lobby)

    assert new.epoch != old.epoch
    assert new.seq == old.seq + 1001


def test_numbers_the_record_never_saw_are_not_used_again(lobby):
    record.write([say(lobby)])
    for _ in range(5):
        lost_head = say(lobby)
    redis.delete(room_keys(lobby).head)

    assert say(lobby).seq > lost_head.seq


def test_who_opens_a_new_room_together_begins_one_epoch(lobby, app):
    """The other has claimed the room in the record, and not brought it to Redis yet."""
    with writing() as connection:
        connection.execute(update(tables.rooms).values(epoch="theirs"))

    def open_it():
        with app.app_context():
            return room_log.stand(lobby)

    with ThreadPoolExecutor() as others:
        stands = others.submit(open_it)
        keys = room_keys(lobby)
        names = [keys.head, keys.log, keys.shard_life, keys.members]
        run_lua("warm", names, ["theirs", 0, 0, 0, "ada", "bob"])

        assert stands.result() == Head("theirs", 0, 0)


def test_another_life_of_the_shard_makes_every_head_cold(lobby):
    old = say(lobby)
    lives.new_life(room_keys(lobby).shard, "another run")

    new = say(lobby)

    assert (new.epoch != old.epoch, new.seq) == (True, old.seq + 1001)
    assert say(lobby).epoch == new.epoch


def test_where_a_room_stands_is_told_to_members_only(lobby):
    event = say(lobby)

    assert room_log.stand(lobby, "bob") == room_log.heads([lobby])[lobby]
    assert room_log.stand(lobby).seq == event.seq
    with pytest.raises(RoomNotFound):
        room_log.stand(lobby, "carol")


def test_who_is_in_a_room_is_told_with_where_it_stands(lobby):
    say(lobby)

    head, members = room_log.stand_among(lobby, "bob")

    assert head == room_log.stand(lobby)
    assert sorted(members) == sorted(room_log.member_ids(lobby))
    assert "bob" in members
    with pytest.raises(RoomNotFound):
        room_log.stand_among(lobby, "carol")


def test_an_id_without_a_time_costs_no_look_at_the_record(lobby, app, monkeypatch):
    """In the first life of a room's log there is nothing that Redis could have forgotten."""
    say(lobby)
    monkeypatch.setitem(app.extensions, "database", None)  # any use of it fails

    assert say(lobby, client_id="c-0000001").seq == 2
