"""What was said is found as long as it stands, by who was there, on either database."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from uuid_utils import uuid7

from chatapp.store import effects, fulltext, passages, record, room_log, shelves, tables
from chatapp.store.database import reading, writing
from chatapp.types import Draft, assistant_id


@pytest.fixture
def say(app):
    def make(room, body, *, by="ada"):
        data = {"body": body, "mentions": []}
        event, _ = room_log.append(
            room, Draft("message:created", str(uuid7()), by, data, str(uuid7()))
        )
        record.write([event])
        return event

    return make


def revise(room, event, kind="message:edited", revision=2, **data):
    change = {"message_id": event.id, "message_seq": event.seq, "revision": revision}
    draft = Draft(kind, str(uuid7()), "ada", {**change, **data})
    changed, _ = room_log.append(room, draft, revises=(event.id, revision - 1, 1))
    record.write([changed])
    return changed


def bodies(words, *rooms, tenant_id="acme"):
    found = passages.search(tenant_id, room_ids=[room.id for room in rooms], words=words, at_most=9)
    return [passage.body for passage in found]


def test_what_was_said_is_found_where_one_may_look(lobby, make_room, ada, say):
    board = make_room("board", ada, kind="private")
    said = say(lobby, "The launch is on Friday.")
    say(board, "The launch canary is secret.")

    (passage,) = passages.search("acme", room_ids=["lobby"], words="when is the launch?", at_most=5)

    assert (passage.kind, passage.id, passage.room_id, passage.seq) == (
        "message",
        said.id,
        "lobby",
        said.seq,
    )
    assert (passage.title, passage.heading) == ("lobby", f"Ada, {said.at[:10]}")
    assert bodies("launch canary", lobby) == ["The launch is on Friday."]
    assert len(bodies("launch canary", lobby, board)) == 2
    assert bodies("launch") == []
    assert bodies("launch", lobby, board, tenant_id="rival") == []


def test_a_room_named_in_a_message_is_not_looked_into(lobby, make_room, ada, say):
    """Whoever knows the word that stands for a room cannot write it."""
    from chatapp.store.fulltext import place  # noqa: PLC0415

    board = make_room("board", ada, kind="private")
    say(board, f"{place('lobby')} launch canary")

    assert bodies("launch canary", lobby) == []
    assert bodies(f"launch {place('board')}", lobby) == []


def test_what_is_edited_is_found_as_it_is_now(lobby, say):
    event = say(lobby, "It is on Friday.")
    revise(lobby, event, body="It is on Monday.", mentions=[])

    assert bodies("friday", lobby) == []
    assert bodies("monday", lobby) == ["It is on Monday."]


def test_what_is_removed_is_not_found_and_does_not_come_back(lobby, say):
    event = say(lobby, "It is on Friday.")
    revise(lobby, event, "message:removed")
    assert bodies("friday", lobby) == []

    with writing() as connection:
        effects.take(connection, [event])  # once more, late

    assert bodies("friday", lobby) == []
    with reading() as connection:
        assert connection.execute(select(tables.message_words)).all() == []


def test_what_concerns_the_assistant_is_no_knowledge(make_room, person, ada, say):
    lobby = make_room("lobby", ada, person(assistant_id("acme"), role="assistant"))
    asked, _ = say(lobby, "When is the launch?"), say(lobby, "The launch is on Friday.")
    say(lobby, "The launch, they say, is on Monday.", by=assistant_id("acme"))
    with writing() as connection:
        question = tables.messages.c.id == asked.id
        connection.execute(update(tables.messages).where(question).values(asks=True))

    assert bodies("When is the launch?", lobby) == ["The launch is on Friday."]


def test_direct_rooms_have_no_name_to_show(make_room, ada, bob, say):
    room = make_room("d1", ada, bob, kind="direct")
    say(room, "The launch is on Friday.")

    (passage,) = passages.search("acme", room_ids=["d1"], words="launch", at_most=5)

    assert passage.title == "Direct message"


# --- many texts ----------------------------------------------------------------------------------


@pytest.fixture
def many(lobby, say, monkeypatch):
    """Sixty messages with words that are in more texts than are counted."""
    monkeypatch.setattr(shelves, "COUNT", 30)
    for number in range(60):
        say(lobby, f"The report {number} is here and the parcels are there")
    return lobby


def test_what_common_words_stand_beside_is_found(many, say):
    said = say(many, "The parcel is here for the launch")
    say(many, "The report is here again")

    assert bodies("is the launch here and there?", many)[0] == "The parcel is here for the launch"
    assert bodies("launched parcels", many)[0] == said.data["body"]


def test_of_common_words_alone_the_newest_texts_are_found(many, make_room, ada, say):
    say(many, "The newest report is here")
    board = make_room("board", ada, kind="private")
    for _ in range(20):
        say(board, "The report canary is here")

    found = bodies("is the report here?", many)

    assert "The newest report is here" in found
    assert "The report canary is here" not in found


def test_words_of_rooms_one_is_not_in_are_not_common(many, make_room, ada, say):
    """They would say less in an answer than they should."""
    board = make_room("board", ada)
    say(board, "The report is late")
    say(board, "It is late again")
    say(board, "We wait")

    assert bodies("is the report late?", board)[0] == "The report is late"
    with reading() as connection:
        search = shelves.Search(connection, shelves.MESSAGES, "acme", ["board"])
        assert search.counts(fulltext.terms("report is")) == [3, 1, 2]
        search = shelves.Search(connection, shelves.MESSAGES, "acme", ["board", "lobby"])
        assert search.counts(fulltext.terms("report wait")) == [30, 30, 1]
