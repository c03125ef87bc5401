"""What Redis has forgotten: whether a client_id was sent long ago, or in a former life of the log."""

from __future__ import annotations

from sqlalchemy import select
from uuid_utils import UUID

from chatapp.store.database import reading
from chatapp.store.tables import events
from chatapp.types import Draft, Event, Room

_LENGTH = 36  # characters of a UUID


def time_of(client_id: str) -> int:
    """Milliseconds since 1970 that a UUIDv7 was made at, or the one that this ends in: nothing is
    named after it before; 0 for any other string.
    """
    try:
        made = UUID(client_id[-_LENGTH:])
    except ValueError:
        return 0
    return made.int >> 80 if made.version == 7 else 0


def find(room: Room, draft: Draft) -> Event | None:
    """The record's event of this author and client_id. Raises Busy."""
    query = select(events).where(
        events.c.room_id == room.id,
        events.c.actor_id == draft.actor_id,
        events.c.client_id == draft.client_id,
    )
    with reading() as connection:
        row = connection.execute(query).mappings().first()
    return event_of(room, row) if row else None


def event_of(room: Room, row: object) -> Event:
    columns = {name: value for name, value in row.items() if name != "workspace_id"}  # type: ignore[attr-defined]
    return Event(room.tenant_id, **columns)
