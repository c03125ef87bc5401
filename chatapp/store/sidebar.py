"""A person's rooms with what is unread in each: the record, plus the logs after it, plus the newest markers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Integer, Row, Select, String, column, func, select, values

from chatapp.errors import Busy
from chatapp.store import cold_rooms, read_markers, room_log
from chatapp.store.database import reading
from chatapp.store.tables import memberships, mentions, messages, rooms
from chatapp.types import Caller, Event, Head, Room, RoomSummary

MOST = 1_000  # unread messages counted; beyond it the number says nothing more
_TAIL = 2_000  # events a count looks through that the record does not have yet


def rooms_of(caller: Caller, room_ids: list[str]) -> list[RoomSummary]:
    """Those of these rooms that are the caller's, by id. Raises Busy.

    Three queries and three trips to Redis, however many they are, once they are warm.
    """
    with reading() as connection:
        rows = {Room(caller.tenant_id, row.id): row for row in _rows(connection, caller, room_ids)}
        heads, held = _warm_heads(list(rows)), read_markers.held(list(rows), caller.user_id)
        marks = {room: max(row.read_seq, held.get(room, 0)) for room, row in rows.items()}
        applied = {room: row.applied_seq for room, row in rows.items()}
        tails = _tails(applied, heads)
        counts = _counts(connection, caller.user_id, marks, applied, tails)
        partners = _members(connection, [row.id for row in rows.values() if row.kind == "direct"])
    return [
        _summary(row, heads[room], marks[room], counts[room], partners.get(row.id), tails[room])
        for room, row in rows.items()
    ]


def ids_of(caller: Caller, room_ids: list[str]) -> list[str]:
    """Those of these ids that are the caller's rooms."""
    room_id = memberships.c.room_id
    query = _mine(select(room_id), caller).where(room_id.in_(room_ids))
    with reading() as connection:
        return list(connection.execute(query).scalars())


def page_of_ids(caller: Caller, *, after: str, limit: int) -> list[str]:
    """The ids of the caller's rooms in their own order, which is that of age; `after` is the last
    seen, or "".
    """
    room_id = memberships.c.room_id
    query = _mine(select(room_id), caller).where(room_id > after)
    with reading() as connection:
        return list(connection.execute(query.order_by(room_id).limit(limit)).scalars())


def unread(room: Room, user_id: str, mark: int, head: Head) -> tuple[int, int]:
    """(unread, mentions) of one room after a read marker; while the database is down, of what the
    log still has.
    """
    try:
        with reading() as connection:
            query = select(rooms.c.applied_seq).where(rooms.c.id == room.id)
            applied = {room: connection.execute(query).scalar_one()}
            tails = _tails(applied, {room: head})
            return _counts(connection, user_id, {room: mark}, applied, tails)[room]
    except Busy:
        return _counted(room_log.since(room, mark, at_most=_TAIL), user_id, mark)


def _rows(connection: Connection, caller: Caller, room_ids: list[str]) -> Sequence[Row[Any]]:
    last_at = (
        select(messages.c.at)
        .where(messages.c.room_id == rooms.c.id)
        .order_by(messages.c.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(rooms, memberships.c.role, memberships.c.read_seq, last_at.label("last_at"))
    joined = query.join(memberships, memberships.c.room_id == rooms.c.id)
    asked = _mine(joined, caller).where(memberships.c.room_id.in_(room_ids))
    return connection.execute(asked.order_by(rooms.c.id)).all()


def _mine(query: Select[Any], caller: Caller) -> Select[Any]:
    member = memberships.c
    return query.where(
        member.workspace_id == caller.tenant_id, member.user_id == caller.user_id, ~member.gone
    )


def _warm_heads(addresses: list[Room]) -> dict[Room, Head]:
    heads = room_log.heads(addresses)
    for room in addresses:
        if room not in heads:
            cold_rooms.warm(room)
            heads[room] = room_log.stand(room)
    return heads


def _tails(applied: dict[Room, int], heads: dict[Room, Head]) -> dict[Room, list[Event]]:
    """What was said in each room after what the record has."""
    behind = {room: seq for room, seq in applied.items() if heads[room].seq > seq}
    return dict.fromkeys(applied, []) | room_log.since_each(behind, at_most=_TAIL)


def _counts(
    connection: Connection,
    user_id: str,
    marks: dict[Room, int],
    applied: dict[Room, int],
    tails: dict[Room, list[Event]],
) -> dict[Room, tuple[int, int]]:
    """Others' messages after each room's mark, and those of them that name the person."""
    unread = {room: mark for room, mark in marks.items() if mark < applied[room]}
    recorded = _recorded(connection, user_id, unread)
    found = {}
    for room, mark in marks.items():
        recent, recent_named = _counted(tails[room], user_id, mark)
        held, held_named = recorded.get(room.id, (0, 0))
        found[room] = (min(MOST, held + recent), min(MOST, held_named + recent_named))
    return found


def _counted(tail: list[Event], user_id: str, mark: int) -> tuple[int, int]:
    """The same of events alone."""
    removed = {event.data["message_id"] for event in tail if event.type == "message:removed"}
    others = [
        event
        for event in tail
        if event.type == "message:created" and event.actor_id != user_id and event.seq > mark
    ]
    kept = [event for event in others if event.id not in removed]
    named = sum(user_id in event.data["mentions"] for event in kept)
    return min(MOST, len(kept)), min(MOST, named)


def _recorded(
    connection: Connection, user_id: str, marks: dict[Room, int]
) -> dict[str, tuple[int, int]]:
    """What the record has after each mark, by the room's id."""
    if not marks:
        return {}
    columns = (column("room_id", String), column("mark", Integer))
    data = [(room.id, mark) for room, mark in marks.items()]
    place = values(*columns, name="place").data(data).cte("place")
    unread = select(messages.c.seq).where(
        messages.c.room_id == place.c.room_id,
        messages.c.seq > place.c.mark,
        messages.c.author_id != user_id,
        messages.c.removed_at.is_(None),
    )
    named = select(mentions.c.seq).where(
        mentions.c.room_id == place.c.room_id,
        mentions.c.user_id == user_id,
        mentions.c.seq > place.c.mark,
    )
    counts = [
        select(func.count())
        .select_from(query.limit(MOST).correlate(place).subquery())
        .scalar_subquery()
        for query in (unread, named)
    ]
    return {
        room_id: (all_of_them, those_named)
        for room_id, all_of_them, those_named in connection.execute(
            select(place.c.room_id, *counts)
        )
    }


def _members(connection: Connection, room_ids: list[str]) -> dict[str, list[str]]:
    """Who is in each of these rooms, in one query."""
    found: dict[str, list[str]] = {room_id: [] for room_id in room_ids}
    query = select(memberships.c.room_id, memberships.c.user_id).where(
        memberships.c.room_id.in_(room_ids), ~memberships.c.gone
    )
    for room_id, user_id in connection.execute(query) if room_ids else ():
        found[room_id].append(user_id)
    return found


def _summary(
    row: Row[Any],
    head: Head,
    mark: int,
    counts: tuple[int, int],
    partners: list[str] | None,
    tail: list[Event],
) -> RoomSummary:
    said = [event.at for event in tail if event.type == "message:created"]
    return RoomSummary(
        id=row.id,
        kind=row.kind,
        name=row.name,
        topic=row.topic,
        archived=row.archived_at is not None,
        role=row.role,
        member_ids=partners,
        epoch=head.epoch,
        seq=head.seq,
        applied=min(row.applied_seq, head.seq),
        read_seq=mark,
        unread=counts[0],
        mentions=counts[1],
        last_at=said[-1] if said else row.last_at,
    )
