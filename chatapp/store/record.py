"""The record: what was said, in SQL, for ever. Written from the logs, in order; writing twice
changes nothing.

`write` is the persister's: it stores the events of rooms and moves each room's `applied_seq`.
`apply` shows an event's effect early, for a person who wants to see at once what they did; the
persister's later writing repeats it harmlessly.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Table, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from chatapp.store import tables
from chatapp.store.database import reading, writing
from chatapp.types import Event, Room


class OutOfOrder(Exception):
    """Events are missing before this one; writing it now would hide the hole."""

    def __init__(self, event: Event, applied: int) -> None:
        super().__init__(f"{event.room_id}: {event.seq} after {applied}")
        self.applied = applied


class NumberTaken(Exception):
    """The record has another event of this number: Redis gave it twice."""


def write(events: list[Event]) -> dict[Room, int]:
    """Write the events, each room's in its order, in one transaction. Returns what each room now
    has applied.

    Raises Busy, OutOfOrder, NumberTaken, or whatever the database thinks of a poisonous event; then nothing was
    written.
    """
    with writing() as connection:
        rooms = groupby(sorted(events, key=attrgetter("room_id")), key=attrgetter("room"))
        return {room: _write_room(connection, room, list(those)) for room, those in rooms}


def apply(events: list[Event]) -> None:
    """Show what these events did to rooms and memberships before the persister comes by."""
    with writing() as connection:
        for event in events:
            _PROJECTIONS.get(event.type, _nothing)(connection, event)


def bury(entry_id: str, raw: str, error: str, event: Event | None, at: datetime) -> None:
    """Put what cannot be written where somebody will find it, and let the room go on."""
    letter = {"entry_id": entry_id, "event": raw, "error": error, "at": at}
    with writing() as connection:
        _insert_missing(connection, tables.dead_letters, [letter])
        if event is not None:
            _move_applied(connection, event)


def buried() -> int:
    """How many events lie in the dead letters. Raises Busy."""
    with reading() as connection:
        return connection.execute(
            select(func.count()).select_from(tables.dead_letters)
        ).scalar_one()


def write_reads(markers: list[tuple[str, str, int]]) -> None:
    """(room id, user id, seq): forward only."""
    member = tables.memberships.c
    with writing() as connection:
        for room_id, user_id, seq in markers:
            connection.execute(
                update(tables.memberships)
                .where(member.room_id == room_id, member.user_id == user_id, member.read_seq < seq)
                .values(read_seq=seq)
            )


def _write_room(connection: Connection, room: Room, events: list[Event]) -> int:
    room_row = tables.rooms.c
    where = (room_row.id == room.id, room_row.workspace_id == room.tenant_id)
    query = select(room_row.applied_seq, room_row.epoch).where(*where).with_for_update()
    applied, epoch = connection.execute(query).one()
    _check_repeats(connection, room, [event for event in events if event.seq <= applied])
    fresh: list[Event] = []
    for event in sorted(events, key=attrgetter("seq")):
        if event.seq <= applied:
            continue
        if event.seq != applied + 1 and event.epoch == epoch:
            raise OutOfOrder(event, applied)
        applied, epoch = event.seq, event.epoch
        fresh.append(event)
    if fresh:
        _insert_missing(connection, tables.events, [_event_row(event) for event in fresh])
        for event in fresh:
            _PROJECTIONS.get(event.type, _nothing)(connection, event)
        _move_applied(connection, fresh[-1])
    return int(applied)


def _check_repeats(connection: Connection, room: Room, repeats: list[Event]) -> None:
    """What the record has already must be the same event. (What it lacks is a dead letter.)"""
    if not repeats:
        return
    ids = {event.seq: event.id for event in repeats}
    table = tables.events.c
    query = select(table.seq, table.id).where(table.room_id == room.id, table.seq.in_(ids))
    for seq, id_ in connection.execute(query):
        if id_ != ids[seq]:
            raise NumberTaken(f"{room.id}: {seq} is {id_}, not {ids[seq]}")


def _move_applied(connection: Connection, event: Event) -> None:
    room = tables.rooms.c
    connection.execute(
        update(tables.rooms)
        .where(room.id == event.room_id, room.applied_seq < event.seq)
        .values(applied_seq=event.seq, epoch=event.epoch)
    )


def _event_row(event: Event) -> dict[str, Any]:
    return {
        "room_id": event.room_id,
        "seq": event.seq,
        "workspace_id": event.tenant_id,
        "epoch": event.epoch,
        "id": event.id,
        "type": event.type,
        "actor_id": event.actor_id,
        "client_id": event.client_id,
        "at": event.at,
        "data": event.data,
    }


# --- what each event does to the tables ----------------------------------------------------------


def _message_created(connection: Connection, event: Event) -> None:
    row = {
        "room_id": event.room_id,
        "seq": event.seq,
        "workspace_id": event.tenant_id,
        "id": event.id,
        "author_id": event.actor_id,
        "client_id": event.client_id,
        "body": event.data["body"],
        "mentions": event.data["mentions"],
        "revision": 1,
        "at": event.at,
    }
    _insert_missing(connection, tables.messages, [row])
    _set_mentions(connection, event, event.seq)


def _message_edited(connection: Connection, event: Event) -> None:
    data = event.data
    _revise(connection, event, body=data["body"], mentions=data["mentions"], edited_at=event.at)
    _set_mentions(connection, event, data["message_seq"])


def _message_removed(connection: Connection, event: Event) -> None:
    _revise(connection, event, body="", mentions=[], removed_at=event.at)
    _forget_mentions(connection, event, event.data["message_seq"])


def _revise(connection: Connection, event: Event, **values: Any) -> None:
    """Only forward: a revision seen before, or an older one, changes nothing."""
    message, revision = tables.messages.c, event.data["revision"]
    connection.execute(
        update(tables.messages)
        .where(message.id == event.data["message_id"], message.revision < revision)
        .values(revision=revision, **values)
    )


def _set_mentions(connection: Connection, event: Event, seq: int) -> None:
    _forget_mentions(connection, event, seq)
    rows = [
        {"room_id": event.room_id, "user_id": user_id, "seq": seq}
        for user_id in event.data["mentions"]
    ]
    _insert_missing(connection, tables.mentions, rows)


def _forget_mentions(connection: Connection, event: Event, seq: int) -> None:
    mention = tables.mentions.c
    connection.execute(
        tables.mentions.delete().where(mention.room_id == event.room_id, mention.seq == seq)
    )


def _member_joined(connection: Connection, event: Event) -> None:
    row = {
        "room_id": event.room_id,
        "user_id": event.data["user_id"],
        "workspace_id": event.tenant_id,
        "role": event.data["role"],
        "joined_at": datetime.fromisoformat(event.at),
    }
    _insert_missing(connection, tables.memberships, [row])
    _change_member(connection, event, gone=False, role=event.data["role"])


def _member_left(connection: Connection, event: Event) -> None:
    _change_member(connection, event, gone=True)


def _member_changed(connection: Connection, event: Event) -> None:
    _change_member(connection, event, role=event.data["role"])


def _change_member(connection: Connection, event: Event, **values: Any) -> None:
    member = tables.memberships.c
    connection.execute(
        update(tables.memberships)
        .where(
            member.room_id == event.room_id,
            member.user_id == event.data["user_id"],
            member.changed_seq < event.seq,
        )
        .values(changed_seq=event.seq, **values)
    )


def _room_archived(connection: Connection, event: Event) -> None:
    _change_room(connection, event, archived_at=datetime.fromisoformat(event.at))


def _change_room(connection: Connection, event: Event, **values: Any) -> None:
    room = tables.rooms.c
    connection.execute(update(tables.rooms).where(room.id == event.room_id).values(**values))


def _nothing(_connection: Connection, _event: Event) -> None:
    """Names and topics are in the room's row before their event: a unique index guards them there."""


_PROJECTIONS: dict[str, Callable[[Connection, Event], None]] = {
    "message:created": _message_created,
    "message:edited": _message_edited,
    "message:removed": _message_removed,
    "member:joined": _member_joined,
    "member:left": _member_left,
    "member:changed": _member_changed,
    "room:archived": _room_archived,
}


def _insert_missing(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert what no unique index already holds."""
    if not rows:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(dialect.insert(table).on_conflict_do_nothing(), rows)
