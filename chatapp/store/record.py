"""The record: what was said, in SQL, for ever. Written from the logs, in order; writing twice
changes nothing.

`write` is the persister's: it stores the events of rooms and moves each room's `applied_seq`.
`apply` shows an event's effect early, for a person who wants to see at once what they did; the
persister's later writing repeats it harmlessly.
"""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, func, select, update

from chatapp.store import effects, tables
from chatapp.store.database import insert_missing, reading, writing
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
        effects.take(connection, events)


def bury(entry_id: str, raw: str, error: str, event: Event | None, at: datetime) -> None:
    """Put what cannot be written where somebody will find it, and let the room go on."""
    letter = {"entry_id": entry_id, "event": raw, "error": error, "at": at}
    with writing() as connection:
        insert_missing(connection, tables.dead_letters, [letter])
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
        insert_missing(connection, tables.events, [_event_row(event) for event in fresh])
        effects.take(connection, fresh)
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
