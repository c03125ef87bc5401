"""The words of what was said in rooms, for finding it. They follow the record."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Connection, delete, insert, select

from chatapp.store import fulltext
from chatapp.store.tables import message_words, messages
from chatapp.types import Event


def follow(connection: Connection, events: list[Event]) -> None:
    """After these events: each of their messages is found by the words it has now, and one that was
    removed is not found any more.
    """
    touched: dict[str, set[int]] = defaultdict(set)
    for event in events:
        if event.type == "message:created":
            touched[event.room_id].add(event.seq)
        elif event.type in ("message:edited", "message:removed"):
            touched[event.room_id].add(event.data["message_seq"])
    for room_id, seqs in touched.items():
        _index(connection, room_id, seqs)


def _index(connection: Connection, room_id: str, seqs: set[int]) -> None:
    kept, message = message_words.c, messages.c
    connection.execute(delete(message_words).where(kept.room_id == room_id, kept.seq.in_(seqs)))
    stands = select(message.seq, message.body).where(
        message.room_id == room_id, message.seq.in_(seqs), message.removed_at.is_(None)
    )
    rows = [
        {"room_id": room_id, "seq": seq, "words": fulltext.indexed(room_id, body)}
        for seq, body in connection.execute(stands)
    ]
    if rows:
        connection.execute(insert(message_words), rows)
