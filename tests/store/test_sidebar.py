"""A person's rooms and what is unread in them."""

from __future__ import annotations

import pytest
from uuid_utils import uuid7

from chatapp.store import read_markers, record, room_log, sidebar
from chatapp.types import Draft


def say(room, *, by="ada", mentions=()):
    data = {"body": "hello", "mentions": list(mentions)}
    draft = Draft("message:created", str(uuid7()), by, data, str(uuid7()))
    return room_log.append(room, draft)[0]


@pytest.fixture
def rooms(make_room, ada, bob):
    """Forty, each with something written down and something too young, and a few read further."""
    made = [
        make_room(f"room-{n:02}", ada, bob, kind="direct" if n % 2 else "public") for n in range(40)
    ]
    for n, room in enumerate(made):
        record.write([say(room), say(room, mentions=["bob"]), say(room, by="bob")])
        say(room, mentions=["bob"])
        if n % 4 == 0:
            read_markers.move(room, "bob", 1 + n % 8)  # the first, or all that is written and more
    return made


def test_each_room_has_counts_of_its_own(rooms, bob):
    found = sidebar.rooms_of(bob, [room.id for room in rooms])

    counts = {0: (2, 2), 1: (3, 2), 2: (3, 2), 3: (3, 2), 4: (0, 0)}
    assert [(room.id, room.unread, room.mentions) for room in found] == [
        (room.id, *(counts[4] if n % 8 == 4 else counts[n % 4])) for n, room in enumerate(rooms)
    ]


def test_many_rooms_cost_as_much_as_two(rooms, bob, queries, round_trips):
    costs = []
    for count in (2, 40):
        with queries() as asked, round_trips() as trips:
            assert len(sidebar.rooms_of(bob, [room.id for room in rooms[:count]])) == count
        costs.append((len(asked), len(trips)))

    assert costs[0] == costs[1]
    assert costs[1][0] <= 4  # BEGIN among them
    assert costs[1][1] <= 3


def test_unread_messages_are_counted_up_to_a_thousand(lobby, bob):
    record.write([say(lobby, mentions=["bob"]) for _ in range(1_001)])
    say(lobby, mentions=["bob"])

    (room,) = sidebar.rooms_of(bob, ["lobby"])
    assert (room.unread, room.mentions) == (1_000, 1_000)
