"""What a person is shown: the record as of its `applied_seq`, plus the log after it. Never stale, never double."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from chatapp.errors import Busy
from chatapp.store import backlog, room_log
from chatapp.store.database import reading
from chatapp.store.sent_before import event_of
from chatapp.store.tables import events, messages, rooms
from chatapp.types import Event, Head, Message, Page, Room

_TAIL = (
    10_000  # events that the record may lag before a page of it would take too long to put together
)


def newest(room: Room, head: Head, *, count: int) -> Page:
    """The newest messages; from the log alone when the database is down."""
    try:
        return around(room, head, anchor=None, before=count, after=0)
    except Busy:
        tail = room_log.latest(room, at_most=count * 2)
        found = _reduce([], tail)
        return Page(found[-count:], True, False, _as_of(head, 0, tail), head.epoch)


def around(room: Room, head: Head, *, anchor: int | None, before: int, after: int) -> Page:
    """`before` messages up to and with seq `anchor`, and `after` messages beyond it; None: the end.

    Raises Busy when the database is needed and down.
    """
    with reading() as connection:
        applied = _applied(connection, room)
        low = _page(connection, room, anchor, before + 1, older=True)
        high = [] if anchor is None else _page(connection, room, anchor, after + 1, older=False)
    tail = room_log.since(room, applied, at_most=_TAIL)
    shown = _reduce([*reversed(low), *high], tail)
    split = len(shown) if anchor is None else sum(message.seq <= anchor for message in shown)
    first, last = max(0, split - before), split + after
    as_of = _as_of(head, applied, tail)
    return Page(shown[first:last], first > 0, last < len(shown), as_of, head.epoch)


def _as_of(head: Head, applied: int, tail: list[Event]) -> int:
    """The newest event that a page reflects. Since its head was asked for, more may have been said,
    and even written down: who is shown it must not be told of it again.
    """
    return max(head.seq, applied, tail[-1].seq if tail else 0)


def events_between(room: Room, after: int, up_to: int) -> list[Event]:
    """The record's events with after < seq <= up_to, in order."""
    query = (
        select(events)
        .where(
            events.c.room_id == room.id,
            events.c.workspace_id == room.tenant_id,
            events.c.seq > after,
            events.c.seq <= up_to,
        )
        .order_by(events.c.seq)
    )
    with reading() as connection:
        return [event_of(room, row) for row in connection.execute(query).mappings()]


def find(tenant_id: str, message_id: str) -> Message | None:
    """One message as it stands now: from the record and what the log says after it, or from the logs
    alone when it is too young to be recorded.

    Raises Busy when it is in neither and the record cannot be asked.
    """
    try:
        recorded = _recorded(tenant_id, message_id)
    except Busy:
        if found := _young(tenant_id, message_id):
            return found
        raise
    # In the record once more: it may have been written down just after we looked there.
    return recorded or _young(tenant_id, message_id) or _recorded(tenant_id, message_id)


def said_as(room: Room, author_id: str, client_ids: list[str]) -> list[Message]:
    """What an author has said here under these names, as it stands now, with what the record does
    not have yet. Raises Busy.
    """
    query = select(messages).where(
        messages.c.room_id == room.id,
        messages.c.workspace_id == room.tenant_id,
        messages.c.author_id == author_id,
        messages.c.client_id.in_(client_ids),
    )
    with reading() as connection:
        applied = _applied(connection, room)
        recorded = [_message(row) for row in connection.execute(query)]
    shown = _reduce(recorded, room_log.since(room, applied, at_most=_TAIL))
    return [one for one in shown if one.author_id == author_id and one.client_id in client_ids]


def as_they_stand(tenant_id: str, message_ids: list[str]) -> list[Message]:
    """Those of these messages that the record has, in no order, with what the log says of them and
    the record does not yet: what was taken back a moment ago is not to be edited, nor found.
    """
    query = (
        select(messages, rooms.c.applied_seq)
        .join(rooms, rooms.c.id == messages.c.room_id)
        .where(messages.c.id.in_(message_ids), messages.c.workspace_id == tenant_id)
    )
    with reading() as connection:
        rows = connection.execute(query).all()
    revised = room_log.revised([(Room(tenant_id, row.room_id), row.id) for row in rows])
    return [
        _revised_since(_message(row), Room(tenant_id, row.room_id), row.applied_seq)
        if is_revised
        else _message(row)
        for row, is_revised in zip(rows, revised, strict=True)
    ]


def _recorded(tenant_id: str, message_id: str) -> Message | None:
    found = as_they_stand(tenant_id, [message_id])
    return found[0] if found else None


def _revised_since(message: Message, room: Room, applied: int) -> Message:
    return _reduce([message], room_log.since(room, applied, at_most=_TAIL))[0]


def _young(tenant_id: str, message_id: str) -> Message | None:
    event = backlog.young(tenant_id, message_id)
    if event is None or event.type != "message:created":
        return None
    if not room_log.is_revised(event.room, message_id):
        return said(event)  # without reading all that was said after it
    return _reduce([said(event)], room_log.since(event.room, event.seq, at_most=_TAIL))[0]


def seq_at(room: Room, at: str) -> int | None:
    """The first message at or after an ISO time."""
    query = (
        select(messages.c.seq)
        .where(messages.c.room_id == room.id, messages.c.at >= at)
        .order_by(messages.c.at)
        .limit(1)
    )
    with reading() as connection:
        return connection.execute(query).scalar()


def _applied(connection: Connection, room: Room) -> int:
    query = select(rooms.c.applied_seq).where(
        rooms.c.id == room.id, rooms.c.workspace_id == room.tenant_id
    )
    return int(connection.execute(query).scalar_one())


def _page(
    connection: Connection, room: Room, anchor: int | None, count: int, *, older: bool
) -> list[Message]:
    query: Select[Any] = select(messages).where(
        messages.c.room_id == room.id, messages.c.workspace_id == room.tenant_id
    )
    if older:
        if anchor is not None:
            query = query.where(messages.c.seq <= anchor)
        query = query.order_by(messages.c.seq.desc())
    else:
        query = query.where(messages.c.seq > anchor).order_by(messages.c.seq)
    return [_message(row) for row in connection.execute(query.limit(count))]


def _reduce(shown: list[Message], tail: list[Event]) -> list[Message]:
    """The messages after these events. Events of messages that are not on the page change nothing."""
    by_id = {message.id: message for message in shown}
    for event in tail:
        if event.type == "message:created" and event.id not in by_id:
            by_id[event.id] = said(event)
        elif event.type == "message:edited" and (old := by_id.get(event.data["message_id"])):
            by_id[old.id] = edited(old, event)
        elif event.type == "message:removed" and (old := by_id.get(event.data["message_id"])):
            by_id[old.id] = removed(old, event)
    return sorted(by_id.values(), key=lambda message: message.seq)


def said(event: Event) -> Message:
    return Message(
        id=event.id,
        room_id=event.room_id,
        seq=event.seq,
        author_id=event.actor_id,
        client_id=event.client_id,
        body=event.data["body"],
        mentions=event.data["mentions"],
        at=event.at,
        asks=event.data.get("asks", False),
        unasked=event.data.get("unasked"),
        run=event.data.get("run"),
    )


def edited(old: Message, event: Event) -> Message:
    data = event.data
    if data["revision"] <= old.revision:
        return old
    return replace(
        old,
        body=data["body"],
        mentions=data["mentions"],
        revision=data["revision"],
        edited_at=event.at,
    )


def removed(old: Message, event: Event) -> Message:
    if event.data["revision"] <= old.revision:
        return old
    return replace(
        old,
        body="",
        mentions=[],
        revision=event.data["revision"],
        removed_at=event.at,
        run=old.run and old.run | {"sources": []},  # they quote
    )


def _message(row: Row[Any]) -> Message:
    return Message(
        id=row.id,
        room_id=row.room_id,
        seq=row.seq,
        author_id=row.author_id,
        client_id=row.client_id,
        body=row.body,
        mentions=row.mentions,
        revision=row.revision,
        at=row.at,
        edited_at=row.edited_at,
        removed_at=row.removed_at,
        asks=row.asks,
        unasked=row.unasked,
        run=row.run,
    )
