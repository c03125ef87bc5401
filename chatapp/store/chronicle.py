"""What happens to a room and its members, made an event and visible in the record at once."""

from __future__ import annotations

from uuid_utils import uuid7

from chatapp.store import memberships, record, room_log
from chatapp.types import Draft, Event, Room


def note(room: Room, type_: str, actor_id: str, **data: object) -> Event:
    """Append to the room's log, then bring the record up to it, so that whoever asked sees it done.

    Who may do it was decided by the caller of this: the actor need not be a member. Raises Busy,
    RoomNotFound, Conflict (archived); repeating it is harmless.
    """
    return note_all(room, [draft(type_, actor_id, **data)])[0]


def note_all(room: Room, drafts: list[Draft]) -> list[Event]:
    """As note, of many in their order: the record is brought up to them at once."""
    events = [room_log.append(room, each, by_member=False)[0] for each in drafts]
    record.apply(events)
    return events


def draft(type_: str, actor_id: str, **data: object) -> Draft:
    return Draft(type_, str(uuid7()), actor_id, data)


def leave(room: Room, actor_id: str, *, user_id: str) -> Event:
    """Somebody goes, or is sent. After the last administrator the longest-standing member takes
    over: else the room would be whoever's comes next.
    """
    left = note(room, "member:left", actor_id, user_id=user_id)
    heir = memberships.heir(room.tenant_id, room.id)
    if heir is not None:
        note(room, "member:changed", actor_id, user_id=heir, role="admin")
    return left
