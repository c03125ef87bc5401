from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from uuid_utils import uuid7

from chatapp.store import (
    backlog,
    memberships,
    read_markers,
    record,
    room_log,
    shard_log,
    sidebar,
    tables,
    timeline,
)
from chatapp.store.connection import redis
from chatapp.store.database import reading
from chatapp.store.keys import room_keys
from chatapp.types import Caller, Draft


def say(room, body="hello", *, by="ada", mentions=()):
    data = {"body": body, "mentions": list(mentions)}
    draft = Draft("message:created", str(uuid7()), by, data, str(uuid7()))
    return room_log.append(room, draft)[0]


def revise(room, event, revision, *, kind="message:edited", **data):
    change = {"message_id": event.id, "message_seq": event.seq, "revision": revision}
    draft = Draft(kind, str(uuid7()), "ada", {**change, **data})
    return room_log.append(room, draft, revises=(event.id, revision - 1, 1))[0]


def count(table):
    with reading() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar()


def bodies(page):
    return [message.body for message in page.messages]


def newest(room, **how):
    return timeline.around(room, room_log.stand(room), anchor=None, before=50, after=0, **how)


def test_writing_twice_changes_nothing(lobby):
    events = [say(lobby, str(n)) for n in range(3)]

    assert record.write(events) == {lobby: 3}
    assert record.write(events) == {lobby: 3}

    assert (count(tables.events), count(tables.messages)) == (3, 3)


def test_a_hole_is_not_written_over(lobby):
    events = [say(lobby) for _ in range(3)]

    with pytest.raises(record.OutOfOrder):
        record.write([events[0], events[2]])

    assert count(tables.messages) == 0


def test_a_new_epoch_may_leave_a_gap(lobby):
    record.write([say(lobby)])
    redis.flushdb()

    assert record.write([say(lobby)]) == {lobby: 1002}


def test_the_page_is_the_same_whatever_the_record_has_of_it(lobby):
    events = [say(lobby, "one"), say(lobby, "two"), say(lobby, "three")]
    events.append(revise(lobby, events[0], 2, body="ONE", mentions=[]))
    events.append(revise(lobby, events[1], 2, kind="message:removed"))
    expected = newest(lobby)

    assert bodies(expected) == ["ONE", "", "three"]
    for event in events:
        record.write([event])
        assert newest(lobby) == expected


@pytest.mark.parametrize("written_down", [True, False])
def test_a_page_says_up_to_where_it_reaches(lobby, written_down):
    """Also when something is said, and even written down, after it was asked where the room stands."""
    say(lobby)
    head = room_log.stand(lobby)
    later = say(lobby)
    if written_down:
        record.write(room_log.since(lobby, 0, at_most=9))

    page = timeline.around(lobby, head, anchor=None, before=50, after=0)

    assert [message.seq for message in page.messages] == [1, later.seq]
    assert page.as_of == later.seq


def test_pages_meet_without_hole_or_overlap(lobby):
    record.write([say(lobby, str(n)) for n in range(20)])
    for n in range(20, 30):
        say(lobby, str(n))  # in the log only
    head = room_log.stand(lobby)

    seen, anchor = [], None
    while True:
        page = timeline.around(lobby, head, anchor=anchor, before=7, after=0)
        seen = bodies(page) + seen
        if not page.has_before:
            break
        anchor = page.messages[0].seq - 1

    assert seen == [str(n) for n in range(30)]


def test_a_page_around_an_anchor_has_both_sides(lobby):
    record.write([say(lobby, str(n)) for n in range(20)])
    head = room_log.stand(lobby)

    page = timeline.around(lobby, head, anchor=10, before=3, after=2)

    assert bodies(page) == ["7", "8", "9", "10", "11"]
    assert (page.has_before, page.has_after) == (True, True)


def test_a_message_is_found_before_and_after_it_is_written_down(lobby):
    event = say(lobby, "young")
    edit = revise(lobby, event, 2, body="younger", mentions=[])

    before = timeline.find("acme", event.id)
    record.write([event, edit])

    assert before == timeline.find("acme", event.id)
    assert before.body == "younger"
    assert timeline.find("rival", event.id) is None


def test_what_the_record_refuses_for_ever_is_buried_and_the_room_goes_on(lobby):

    bad, good = say(lobby, "bad"), say(lobby, "good")

    record.bury("0:1-0", "raw", "error", bad, datetime.now(UTC))
    record.bury("0:1-0", "raw", "error", bad, datetime.now(UTC))
    record.write([bad, good])

    assert count(tables.dead_letters) == 1
    assert bodies(newest(lobby)) == ["good"]


def test_memberships_follow_the_newest_event_not_the_last_written(lobby):
    def member(kind, **data):
        draft = Draft(kind, str(uuid7()), "ada", {"user_id": "bob", **data})
        return room_log.append(lobby, draft)[0]

    left = member("member:left")
    back = member("member:joined", role="admin")

    record.apply([back])
    record.apply([left])

    assert memberships.role("acme", "lobby", "bob") == "admin"


def test_unread_counts_agree_whatever_the_record_has(lobby, bob):
    events = [say(lobby, "1"), say(lobby, "2", by="bob"), say(lobby, "@Bob", mentions=["bob"])]

    for event in events:
        (room,) = sidebar.rooms_of(bob, ["lobby"])
        assert (room.unread, room.mentions, room.seq) == (2, 1, 3)
        record.write([event])
    assert sidebar.rooms_of(bob, ["lobby"])[0].unread == 2


def test_a_read_marker_moves_forward_only_and_reaches_the_record(lobby, bob):
    record.write([say(lobby) for _ in range(5)])

    assert read_markers.move(lobby, "bob", 4) == 4
    assert read_markers.move(lobby, "bob", 2) == 4
    assert read_markers.move(lobby, "bob", 99) == 5
    read_markers.write_down(room_keys(lobby).shard, at_most=10)
    redis.flushdb()

    (room,) = sidebar.rooms_of(bob, ["lobby"])
    assert (room.read_seq, room.unread) == (5, 0)


def test_many_read_markers_are_read_in_one_round_trip(lobby, round_trips):
    say(lobby)
    for n in range(30):
        redis.sadd(room_keys(lobby).members, f"person-{n}")
        read_markers.move(lobby, f"person-{n}", 1)

    with round_trips() as trips:
        assert read_markers.write_down(room_keys(lobby).shard, at_most=100) == 30
    assert len(trips) <= 4


def test_a_read_marker_is_not_lost_with_its_writer(lobby, bob, monkeypatch):
    def die(_markers):
        raise KeyboardInterrupt

    say(lobby)
    read_markers.move(lobby, "bob", 1)
    with monkeypatch.context() as killing, pytest.raises(KeyboardInterrupt):
        killing.setattr(record, "write_reads", die)
        read_markers.write_down(room_keys(lobby).shard, at_most=10)

    assert read_markers.write_down(room_keys(lobby).shard, at_most=10) == 1
    assert read_markers.write_down(room_keys(lobby).shard, at_most=10) == 0


def test_a_read_marker_that_moves_while_it_is_written_is_written_again(lobby, bob, monkeypatch):
    write = record.write_reads

    def meanwhile(markers):
        write(markers)
        read_markers.move(lobby, "bob", 2)

    say(lobby)
    say(lobby)
    read_markers.move(lobby, "bob", 1)
    with monkeypatch.context() as reading_on:
        reading_on.setattr(record, "write_reads", meanwhile)
        read_markers.write_down(room_keys(lobby).shard, at_most=10)

    assert read_markers.write_down(room_keys(lobby).shard, at_most=10) == 1
    redis.flushdb()
    assert sidebar.rooms_of(bob, ["lobby"])[0].read_seq == 2


def test_a_stranger_sees_no_rooms(lobby):
    assert sidebar.rooms_of(Caller("rival", "bob", "Bob"), ["lobby"]) == []


def test_what_was_handed_out_and_not_finished_is_handed_out_again(lobby):
    events = [say(lobby) for _ in range(3)]
    shard = room_keys(lobby).shard

    first = shard_log.take(shard, at_most=2)
    assert [entry.event for entry in first] == events[:2]
    assert shard_log.take(shard, at_most=9) == first
    assert backlog.waiting()[shard][0] == 3
    shard_log.done(first)
    assert [entry.event for entry in shard_log.take(shard, at_most=9)] == events[2:]


def test_a_shard_has_one_writer_at_a_time(app):
    with shard_log.writing(0) as first, shard_log.writing(0) as second:
        assert (first, second) == (True, False)
    with shard_log.writing(0) as again:
        assert again


def test_what_is_no_event_is_told_with_its_flaw(app):
    redis.xadd(shard_log.keys.shard_log(0), {"t": "acme", "e": "{not json"})

    (entry,) = shard_log.take(0, at_most=9)

    assert entry.event is None
    assert entry.flaw
